// The gRPC server: from a method of a service to the handler that answers it. Frames and flow control are the business of
// transport/http2; everything above them is here, with the answers of grpc-go to what is wrong (spec/rpc.md 3.4).

import type net from 'node:net';
import type { Init, MethodDefinition, ServiceDefinition } from '../../../proto/load.ts';
import type { Logger } from '../../ports.ts';
import { Connection } from '../http2/connection.ts';
import type { RequestHeaders } from '../http2/request_headers.ts';
import type { Http2Stream, StreamReceiver } from '../http2/stream.ts';
import { type CallContext, type CallPlan, responseBlock, statusBlock } from './call.ts';
import { Keepalive, type KeepaliveOptions } from './keepalive.ts';
import { checkEncoding, checkHttpMethod, contentTypeOf, HeaderError, splitPath, timeoutOf } from './request_headers.ts';
import { decodeAll, decodeOnly, decodeUnary } from './requests.ts';
import { Code, StatusError } from './status.ts';
import { StreamingCall } from './streaming_call.ts';
import { UnaryCall, type UnaryAnswerer } from './unary_call.ts';

/** Answers a unary call; what it throws becomes the status of the call. */
export type UnaryHandler<Req, Res> = (request: Req, context: CallContext) => Init<Res> | Promise<Init<Res>>;

/** A call in which either side may send several messages. */
export interface StreamCall<Req, Res> {
  readonly ctx: CallContext;
  /** The messages of the client, until it has no more. */
  requests(): AsyncIterable<Req>;
  /** Sends a message. False: the client reads slowly, wait for {@link drained}. */
  write(response: Init<Res>): boolean;
  /** Sends whole messages that are encoded already and have their prefixes, in pieces, which must not change any more. */
  writeEncoded(pieces: readonly Uint8Array[]): void;
  /** Bytes that wait for the client: of this call, and of all calls of its connection. */
  readonly pendingBytes: number;
  readonly connectionPendingBytes: number;
  /** Resolves when nothing of this call waits any more, or it is over. */
  drained(): Promise<void>;
}

/** Answers a streaming call: resolving ends it well, what it throws becomes its status. */
export type StreamHandler<Req, Res> = (call: StreamCall<Req, Res>) => Promise<void>;

/** The handlers of a service: one for each method, of the kind that the method needs. */
export type Handlers<S extends ServiceDefinition> = {
  [M in keyof S['methods']]: S['methods'][M] extends MethodDefinition<infer Req, infer Res>
    ? S['methods'][M] extends { readonly requestStream: false; readonly responseStream: false }
      ? UnaryHandler<Req, Res>
      : StreamHandler<Req, Res>
    : never;
};

/** Looks at every call before its handler does; what it throws becomes the status of the call. */
export interface Interceptor {
  beforeUnary(call: CallContext, request: unknown): void;
  /** `cancel` ends the stream at any later time, with the status for what it is given. */
  beforeStream(call: CallContext, cancel: (error: unknown) => void): void;
}

export interface GrpcServerOptions {
  /** Largest message that is read, in bytes. */
  readonly maxReceiveBytes: number;
  /** Most open calls of one connection. */
  readonly maxConcurrentStreams: number;
  readonly keepalive: KeepaliveOptions;
  /** The status for what a handler threw. */
  readonly toStatus: (error: unknown) => { readonly code: number; readonly message: string };
  readonly interceptor?: Interceptor;
  readonly log: Logger;
}

interface Method {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handler: UnaryHandler<unknown, unknown> & StreamHandler<unknown, unknown>;
  readonly answerer: Answerer;
}

/** What the headers of a call mean for this server: which method they call, or how they are refused. */
interface Plan extends CallPlan {
  readonly method: Method | undefined;
  /** Header block of the refusal. */
  readonly refusal: Uint8Array | undefined;
}

const GRPC_TYPE = 'application/grpc';
const RESPONSE_BLOCK = responseBlock(GRPC_TYPE);
const NO_CALL = { contentType: GRPC_TYPE, responseBlock: RESPONSE_BLOCK, timeoutMs: undefined, method: undefined };
const TIME_IS_OVER = { code: Code.DeadlineExceeded, message: 'context deadline exceeded' };

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #methods = new Map<string, Method>();
  readonly #services = new Set<string>();
  readonly #connections = new Map<Connection, Promise<void>>();
  // Calls that go on until one side has enough: both send several messages.
  readonly #endless = new Map<StreamingCall, Answerer>();

  constructor(options: GrpcServerOptions) {
    this.#options = options;
  }

  /** Registers the handlers of a service; all are registered before the first connection is accepted. */
  addService<S extends ServiceDefinition>(service: S, handlers: Handlers<S>): void {
    this.#services.add(service.name);
    for (const [name, definition] of Object.entries(service.methods)) {
      const handler = handlers[name as keyof S['methods']] as unknown as Method['handler'];
      const answerer = new Answerer(definition, handler, this.#options);
      this.#methods.set(definition.path, { definition, handler, answerer });
    }
  }

  /** Takes over a connection whose first bytes, already read, are `head`: the preface of HTTP/2 at least. */
  accept(socket: net.Socket, head: Buffer): void {
    let onClosed = (): void => {};
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    const events = {
      onStream: (stream: Http2Stream, headers: RequestHeaders) => this.#onStream(stream, headers),
      onPing: () => keepalive.onPing(),
      onClose: (reason: string | undefined) => {
        keepalive.stop();
        this.#connections.delete(connection);
        if (reason !== undefined) this.#options.log.debug('client connection failed', { error: reason });
        onClosed();
      },
    };
    const connection = new Connection(socket, { maxConcurrentStreams: this.#options.maxConcurrentStreams, events });
    const keepalive = new Keepalive(connection, this.#options.keepalive);
    this.#connections.set(connection, closed);
    connection.start(head);
  }

  /**
   * Lets no new call begin, and ends all connections when their calls are over, or after `graceMs` milliseconds. Calls that
   * would go on for ever, as a watch does, end at once with the status for `reason`.
   */
  async close({ graceMs, reason }: { readonly graceMs: number; readonly reason: unknown }): Promise<void> {
    for (const connection of this.#connections.keys()) connection.stop();
    for (const [call, answerer] of this.#endless) answerer.cancel(call, reason);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all(this.#connections.values()), late]);
    clearTimeout(timer);
    for (const connection of this.#connections.keys()) connection.destroy();
  }

  #onStream(stream: Http2Stream, headers: RequestHeaders): StreamReceiver | undefined {
    const plan = this.#planOf(headers);
    if (plan.method === undefined) {
      if (plan.refusal !== undefined) stream.finish(plan.refusal);
      return undefined;
    }
    const { definition, answerer } = plan.method;
    if (!definition.requestStream && !definition.responseStream) {
      return new UnaryCall(stream, headers, { plan, answerer });
    }
    const call = new StreamingCall(stream, headers, { plan, maxReceiveBytes: this.#options.maxReceiveBytes });
    this.#runStream(call, plan.method);
    return call;
  }

  // The same headers mean the same for every call.
  #planOf(headers: RequestHeaders): Plan {
    headers.note ??= this.#plan(headers);
    return headers.note as Plan;
  }

  #plan(headers: RequestHeaders): Plan {
    try {
      const contentType = contentTypeOf(headers);
      checkHttpMethod(headers);
      const timeoutMs = timeoutOf(headers);
      const block = contentType === GRPC_TYPE ? RESPONSE_BLOCK : responseBlock(contentType);
      const call = { contentType, responseBlock: block, timeoutMs };
      return this.#planCall(headers, call);
    } catch (error) {
      if (!(error instanceof HeaderError)) throw error;
      return { ...NO_CALL, refusal: statusBlock(error.httpStatus, GRPC_TYPE, error) };
    }
  }

  #planCall(headers: RequestHeaders, call: CallPlan): Plan {
    try {
      if (call.timeoutMs === 0) throw new StatusError(TIME_IS_OVER.code, TIME_IS_OVER.message);
      const method = this.#find(headers.get(':path') ?? '');
      checkEncoding(headers);
      return { ...call, method, refusal: undefined };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { ...call, method: undefined, refusal: statusBlock(200, call.contentType, error) };
    }
  }

  #find(path: string): Method {
    const method = this.#methods.get(path);
    if (method !== undefined) return method;
    const { service, method: name } = splitPath(path);
    const text = this.#services.has(service)
      ? `unknown method ${name} for service ${service}`
      : `unknown service ${service}`;
    throw new StatusError(Code.Unimplemented, text);
  }

  #runStream(call: StreamingCall, { definition, handler, answerer }: Method): void {
    const begin = handler as StreamHandler<unknown, unknown>;
    let requests = (): AsyncIterable<unknown> => decodeAll(call, definition);
    const streamCall: StreamCall<unknown, unknown> = {
      ctx: call,
      requests: () => requests(),
      write: (response) => call.write(definition.response.encode(response)),
      writeEncoded: (pieces) => call.writeEncoded(pieces),
      get pendingBytes() {
        return call.pendingBytes;
      },
      get connectionPendingBytes() {
        return call.connectionPendingBytes;
      },
      drained: () => call.drained(),
    };
    try {
      this.#options.interceptor?.beforeStream(call, (error) => answerer.cancel(call, error));
    } catch (error) {
      answerer.fail(call, error);
      return;
    }
    if (definition.requestStream && definition.responseStream) this.#endless.set(call, answerer);
    // Where the client has one message, its handler begins when that is there and nothing comes behind it.
    const start = async (): Promise<void> => {
      const request = await decodeOnly(call, definition);
      requests = () => only(request);
      await begin(streamCall);
    };
    (definition.requestStream ? begin(streamCall) : start())
      .then(
        () => call.end(Code.OK, ''),
        (error) => answerer.fail(call, error),
      )
      .finally(() => this.#endless.delete(call));
  }
}

/** Answers the unary calls of one method. */
class Answerer implements UnaryAnswerer {
  readonly maxReceiveBytes: number;
  readonly #definition: MethodDefinition<unknown, unknown>;
  readonly #handler: UnaryHandler<unknown, unknown>;
  readonly #toStatus: GrpcServerOptions['toStatus'];
  readonly #interceptor: Interceptor | undefined;

  constructor(
    definition: MethodDefinition<unknown, unknown>,
    handler: Method['handler'],
    options: Pick<GrpcServerOptions, 'maxReceiveBytes' | 'toStatus' | 'interceptor'>,
  ) {
    this.#definition = definition;
    this.#handler = handler;
    this.maxReceiveBytes = options.maxReceiveBytes;
    this.#toStatus = options.toStatus;
    this.#interceptor = options.interceptor;
  }

  // A handler that answers at once costs no promise.
  answer(call: UnaryCall, message: Uint8Array): void {
    const request = decodeUnary(this.#definition, message);
    this.#interceptor?.beforeUnary(call, request);
    const result: unknown = this.#handler(request, call);
    if (!(result instanceof Promise)) return call.reply(this.#definition.response.encode(result as Init<unknown>));
    result.then(
      (response) => call.reply(this.#definition.response.encode(response)),
      (error) => this.fail(call, error),
    );
  }

  fail(call: Pick<UnaryCall, 'end'>, error: unknown): void {
    const { code, message } = this.#statusOf(error);
    call.end(code, message);
  }

  /** Ends a call while its handler works on it. */
  cancel(call: StreamingCall, error: unknown): void {
    const { code, message } = this.#statusOf(error);
    call.cancel(code, message);
  }

  #statusOf(error: unknown): { readonly code: number; readonly message: string } {
    return error instanceof StatusError ? error : this.#toStatus(error);
  }
}

async function* only(request: unknown): AsyncGenerator<unknown, void, void> {
  yield request;
}
