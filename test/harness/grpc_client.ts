// The gRPC client of the cases: @grpc/grpc-js without retries or limits of its own, so that code and message are what
// the server sent. Typed calls use the codecs of proto/; the byte form says exactly what goes over the wire.

import * as grpc from '@grpc/grpc-js';
import type { Init, MethodDefinition } from '../../proto/load.ts';
import { GrpcStream } from './grpc_stream.ts';

/** Milliseconds that a call may take when nothing else is said. */
export const CALL_LIMIT_MS = 15_000;

/** How a call ended. */
export interface Answer<Res> {
  /** gRPC status code, 0 = OK. */
  readonly code: number;
  /** Status text, empty for OK. */
  readonly message: string;
  /** Present exactly for OK. */
  readonly response: Res | undefined;
}

/** How a server stream ended, and what came before. */
export interface StreamAnswer<Res> {
  readonly code: number;
  readonly message: string;
  readonly responses: readonly Res[];
}

/** Metadata (header name → value) and deadline of one call. */
export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** One connection to one server. */
export class GrpcClient {
  readonly #client: grpc.Client;
  readonly #open = new Set<GrpcStream<never, unknown>>();
  #isClosed = false;

  /** @param address `host:port`, or `unix:path` */
  constructor(address: string) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  /** One unary call. Never rejects for a status; the status is the answer. */
  unary<Req, Res>(
    method: MethodDefinition<Req, Res>,
    request: Init<Req>,
    options: CallOptions = {},
  ): Promise<Answer<Res>> {
    return this.#unary({
      path: method.path,
      request,
      encode: (message) => Buffer.from(method.request.encode(message)),
      decode: (bytes) => method.response.decode(bytes),
      options,
    });
  }

  /** One unary call with the request message as bytes, answered with the bytes of the response message. */
  unaryBytes(path: string, request: Uint8Array, options: CallOptions = {}): Promise<Answer<Uint8Array>> {
    return this.#unary({ path, request, encode: (bytes) => Buffer.from(bytes), decode: (bytes) => bytes, options });
  }

  /** A call whose answer is a stream, read to its end. */
  serverStream<Req, Res>(
    method: MethodDefinition<Req, Res>,
    request: Init<Req>,
    options: CallOptions = {},
  ): Promise<StreamAnswer<Res>> {
    const call = this.#client.makeServerStreamRequest(
      method.path,
      (message: Init<Req>) => Buffer.from(method.request.encode(message)),
      (bytes: Buffer) => method.response.decode(bytes),
      request,
      metadataOf(options),
      callOptions(options),
    );
    return readStream(call);
  }

  /** A call with a stream in both directions: sends all requests, closes its side, reads the answers to their end. */
  bidi<Req, Res>(
    method: MethodDefinition<Req, Res>,
    requests: readonly Init<Req>[],
    options: CallOptions = {},
  ): Promise<StreamAnswer<Res>> {
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      (message: Init<Req>) => Buffer.from(method.request.encode(message)),
      (bytes: Buffer) => method.response.decode(bytes),
      metadataOf(options),
      callOptions(options),
    );
    const answer = readStream<Res>(call);
    for (const request of requests) call.write(request);
    call.end();
    return answer;
  }

  /** Opens a call with a stream in both directions, which goes on until one side ends it. No deadline of its own. */
  openBidi<Req, Res>(method: MethodDefinition<Req, Res>, options: CallOptions = {}): GrpcStream<Req, Res> {
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      (message: Init<Req> | Uint8Array) =>
        Buffer.from(message instanceof Uint8Array ? message : method.request.encode(message)),
      (bytes: Buffer) => method.response.decode(bytes),
      metadataOf(options),
      streamOptions(options),
    );
    return this.#track(new GrpcStream<Req, Res>(call));
  }

  /** Opens a call whose answer is a stream without an end of its own. No deadline of its own. */
  openServerStream<Req, Res>(
    method: MethodDefinition<Req, Res>,
    request: Init<Req>,
    options: CallOptions = {},
  ): GrpcStream<Req, Res> {
    const call = this.#client.makeServerStreamRequest(
      method.path,
      (message: Init<Req>) => Buffer.from(method.request.encode(message)),
      (bytes: Buffer) => method.response.decode(bytes),
      request,
      metadataOf(options),
      streamOptions(options),
    );
    return this.#track(new GrpcStream<Req, Res>(call));
  }

  /** Closes the connection and cancels the calls that were opened and still go on. */
  close(): void {
    this.#isClosed = true;
    for (const stream of this.#open) stream.cancel();
    this.#client.close();
  }

  #track<Req, Res>(stream: GrpcStream<Req, Res>): GrpcStream<Req, Res> {
    const tracked = stream as GrpcStream<never, unknown>;
    this.#open.add(tracked);
    void stream.ended.then(() => this.#open.delete(tracked));
    return stream;
  }

  #unary<Req, Res>(call: {
    path: string;
    request: Req;
    encode: (message: Req) => Buffer;
    decode: (bytes: Buffer) => Res;
    options: CallOptions;
  }): Promise<Answer<Res>> {
    // A case that has failed may leave others at work.
    if (this.#isClosed) return Promise.resolve({ code: 1, message: 'the client is closed', response: undefined });
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        call.path,
        call.encode,
        call.decode,
        call.request,
        metadataOf(call.options),
        callOptions(call.options),
        (error, response) => {
          if (error === null) resolve({ code: 0, message: '', response: response as Res });
          else resolve({ code: error.code, message: error.details, response: undefined });
        },
      );
    });
  }
}

function readStream<Res>(call: grpc.ClientReadableStream<Res> | grpc.ClientDuplexStream<never, Res>) {
  return new Promise<StreamAnswer<Res>>((resolve) => {
    const responses: Res[] = [];
    call.on('data', (response: Res) => responses.push(response));
    // The status event tells the same and comes for success as well.
    call.on('error', () => undefined);
    call.on('status', (status) => resolve({ code: status.code, message: status.details, responses }));
  });
}

function metadataOf(options: CallOptions): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
  return metadata;
}

function streamOptions({ deadlineMs }: CallOptions): grpc.CallOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}

function callOptions(options: CallOptions): grpc.CallOptions {
  return { deadline: Date.now() + (options.deadlineMs ?? CALL_LIMIT_MS) };
}
