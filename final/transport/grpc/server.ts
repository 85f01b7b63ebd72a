// The gRPC server: from a method of a service to the handler that answers it. Frames and flow control are node:http2's;
// everything above them is here, with the answers of grpc-go to what is wrong (spec/rpc.md 3.4).

import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type net from 'node:net';
import type { Init, MethodDefinition, ServiceDefinition } from '../../../proto/load.ts';
import type { Logger } from '../../ports.ts';
import {
  CONNECTION_MEMORY_MIB,
  CONNECTION_WINDOW_BYTES,
  MAX_HEADER_LIST_BYTES,
  MAX_INVALID_FRAMES,
  MAX_SETTINGS_ENTRIES,
  STREAM_WINDOW_BYTES,
} from '../limits.ts';
import { Call, type CallContext, NO_DATE } from './call.ts';
import { guardKeepalive, type KeepaliveOptions } from './keepalive.ts';
import { MessageReader } from './messages.ts';
import { checkEncoding, checkHttpMethod, contentTypeOf, HeaderError, splitPath, timeoutOf } from './request_headers.ts';
import { Code, encodeMessage, StatusError } from './status.ts';

/** Answers a unary call; what it throws becomes the status of the call. */
export type UnaryHandler<Req, Res> = (request: Req, context: CallContext) => Init<Res> | Promise<Init<Res>>;

/** A call in which either side may send several messages. */
export interface StreamCall<Req, Res> {
  readonly ctx: CallContext;
  /** The messages of the client, until it has no more. */
  requests(): AsyncIterable<Req>;
  /** Sends a message. False: the client reads slowly, wait for {@link drained}. */
  write(response: Init<Res>): boolean;
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

export interface GrpcServerOptions {
  /** Largest message that is read, in bytes. */
  readonly maxReceiveBytes: number;
  /** Most open calls of one connection. */
  readonly maxConcurrentStreams: number;
  readonly keepalive: KeepaliveOptions;
  /** The status for what a handler threw. */
  readonly toStatus: (error: unknown) => { readonly code: number; readonly message: string };
  readonly log: Logger;
}

interface Method {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handler: UnaryHandler<unknown, unknown> & StreamHandler<unknown, unknown>;
}

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #methods = new Map<string, Method>();
  readonly #services = new Set<string>();
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #http2: http2.Http2Server;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#http2 = http2.createServer({
      maxSessionMemory: CONNECTION_MEMORY_MIB,
      maxSettings: MAX_SETTINGS_ENTRIES,
      maxSessionInvalidFrames: MAX_INVALID_FRAMES,
      settings: {
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: MAX_HEADER_LIST_BYTES,
        maxConcurrentStreams: options.maxConcurrentStreams,
      },
    });
    this.#http2.on('session', (session) => this.#onSession(session));
    this.#http2.on('stream', (stream, headers) => this.#onStream(stream, headers));
    this.#http2.on('sessionError', () => {});
  }

  /** Registers the handlers of a service. */
  addService<S extends ServiceDefinition>(service: S, handlers: Handlers<S>): void {
    this.#services.add(service.name);
    for (const [name, definition] of Object.entries(service.methods)) {
      const handler = handlers[name as keyof S['methods']] as unknown as Method['handler'];
      this.#methods.set(definition.path, { definition, handler });
    }
  }

  /** Takes over a connection whose first bytes, already read, are `head`. */
  accept(socket: net.Socket, head: Buffer): void {
    socket.unshift(head);
    this.#http2.emit('connection', socket);
  }

  /** Lets no new call begin, and ends all connections when their calls are over, or after `graceMs` milliseconds. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    const closed = [...this.#sessions].map((session) => new Promise<void>((resolve) => session.close(() => resolve())));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all(closed), late]);
    clearTimeout(timer);
    for (const session of this.#sessions) session.destroy();
  }

  #onSession(session: http2.ServerHttp2Session): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const stopGuarding = guardKeepalive(session, this.#options.keepalive);
    session.on('error', (error) => this.#options.log.debug('client connection failed', { error: error.message }));
    session.once('close', () => {
      stopGuarding();
      this.#sessions.delete(session);
    });
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // A stream that breaks closes; whoever waits for it sees that.
    stream.on('error', () => {});
    try {
      const contentType = contentTypeOf(headers);
      checkHttpMethod(headers);
      const call = new Call({ stream, headers, contentType, timeoutMs: timeoutOf(headers) });
      if (!call.isOver) this.#dispatch(call, headers);
    } catch (error) {
      if (!(error instanceof HeaderError)) throw error;
      respondToBadHeaders(stream, error);
    }
  }

  #dispatch(call: Call, headers: IncomingHttpHeaders): void {
    try {
      const method = this.#find(call.path);
      checkEncoding(headers);
      const { requestStream, responseStream } = method.definition;
      if (requestStream || responseStream) this.#runStream(call, method);
      else this.#runUnary(call, method);
    } catch (error) {
      this.#fail(call, error);
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

  // The first message is the request; what a client sends behind it is not looked at.
  #runUnary(call: Call, method: Method): void {
    const reader = new MessageReader(this.#options.maxReceiveBytes);
    let isAnswered = false;
    const onData = (chunk: Buffer): void => {
      if (isAnswered) return;
      try {
        reader.push(chunk);
        const message = reader.next();
        if (message === undefined) return;
        isAnswered = true;
        this.#answer(call, method, message);
      } catch (error) {
        isAnswered = true;
        this.#fail(call, error);
      }
    };
    call.stream.on('data', onData);
    call.stream.once('end', () => {
      if (!isAnswered) call.end(Code.Unknown, reader.cutText ?? 'EOF');
    });
  }

  // A handler that answers at once costs no promise.
  #answer(call: Call, { definition, handler }: Method, message: Buffer): void {
    const result: unknown = handler(decode(definition, message), call);
    if (!(result instanceof Promise)) return call.reply(definition.response.encode(result as Init<unknown>));
    result.then(
      (response) => call.reply(definition.response.encode(response)),
      (error) => this.#fail(call, error),
    );
  }

  #runStream(call: Call, { definition, handler }: Method): void {
    const requests = (): AsyncIterable<unknown> => readRequests(call, definition, this.#options.maxReceiveBytes);
    const streamCall: StreamCall<unknown, unknown> = {
      ctx: call,
      requests,
      write: (response) => call.write(definition.response.encode(response)),
      drained: () => call.drained(),
    };
    (handler as StreamHandler<unknown, unknown>)(streamCall).then(
      () => call.end(Code.OK, ''),
      (error) => this.#fail(call, error),
    );
  }

  #fail(call: Call, error: unknown): void {
    const { code, message } = error instanceof StatusError ? error : this.#options.toStatus(error);
    call.end(code, message);
  }
}

async function* readRequests(
  call: Call,
  definition: MethodDefinition<unknown, unknown>,
  maxBytes: number,
): AsyncIterable<unknown> {
  const reader = new MessageReader(maxBytes);
  // A handler that stops reading has not ended the call: its status is still to be sent.
  for await (const chunk of call.stream.iterator({ destroyOnReturn: false })) {
    reader.push(chunk as Buffer);
    for (let message = reader.next(); message !== undefined; message = reader.next()) yield decode(definition, message);
  }
  if (reader.cutText !== undefined) throw new StatusError(Code.Unknown, reader.cutText);
}

function decode(definition: MethodDefinition<unknown, unknown>, message: Buffer): unknown {
  try {
    return definition.request.decode(message);
  } catch (error) {
    throw new StatusError(Code.Internal, `grpc: error unmarshalling request: ${(error as Error).message}`);
  }
}

function respondToBadHeaders(stream: ServerHttp2Stream, error: HeaderError): void {
  const status = { 'grpc-status': String(error.code), 'grpc-message': encodeMessage(error.message) };
  const answer = { ':status': error.httpStatus, 'content-type': 'application/grpc', ...status };
  stream.respond(answer, { ...NO_DATE, endStream: true });
  stream.close(http2.constants.NGHTTP2_NO_ERROR);
}
