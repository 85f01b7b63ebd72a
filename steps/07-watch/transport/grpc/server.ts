// The gRPC server: from a method of a service to the handler that answers it. A library speaks the protocol; this file is
// the seam that keeps it away from the handlers.

import type net from 'node:net';
import * as grpc from '@grpc/grpc-js';
import {
  grpcServiceDefinition,
  type Init,
  type MethodDefinition,
  type ServiceDefinition,
} from '../../../../proto/load.ts';

/** Answers a unary call; what it throws becomes the status of the call. */
export type UnaryHandler<Req, Res> = (request: Req) => Init<Res> | Promise<Init<Res>>;

/** A call in which either side may send several messages. */
export interface StreamCall<Req, Res> {
  /** The messages of the client, until it has no more. */
  requests(): AsyncIterable<Req>;
  /** Sends a message. */
  write(response: Init<Res>): void;
  /** Whether the client has read enough for another message. */
  readonly isWritable: boolean;
  /** To be called when that is not so: resolves when it is again, or the call is over. */
  drained(): Promise<void>;
  /** Resolves when the call is over, however it ended. */
  readonly over: Promise<void>;
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

/** The status for what a handler threw. */
export type ToStatus = (error: unknown) => { readonly code: number; readonly message: string };

export class GrpcServer {
  readonly #toStatus: ToStatus;
  readonly #server = new grpc.Server();
  readonly #injector = this.#server.createConnectionInjector(grpc.ServerCredentials.createInsecure());

  constructor(toStatus: ToStatus) {
    this.#toStatus = toStatus;
  }

  /** Registers the handlers of a service. */
  addService<S extends ServiceDefinition>(service: S, handlers: Handlers<S>): void {
    const adapted: grpc.UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(service.methods)) {
      const handler = handlers[name as keyof S['methods']] as UnaryHandler<unknown, unknown> &
        StreamHandler<unknown, unknown>;
      const isUnary = !method.requestStream && !method.responseStream;
      adapted[name] = isUnary ? adaptUnary(handler, this.#toStatus) : adaptStream(handler, method, this.#toStatus);
    }
    this.#server.addService(grpcServiceDefinition(service), adapted);
  }

  /** Takes over a connection whose first bytes, already read, are `head`. */
  accept(socket: net.Socket, head: Buffer): void {
    socket.unshift(head);
    this.#injector.injectConnection(socket);
  }

  /** Ends all connections. */
  close(): void {
    this.#server.forceShutdown();
  }
}

function adaptUnary(
  handler: UnaryHandler<unknown, unknown>,
  toStatus: ToStatus,
): grpc.handleUnaryCall<unknown, unknown> {
  return async (call, callback) => {
    try {
      callback(null, await handler(call.request));
    } catch (error) {
      callback(statusOf(toStatus(error)));
    }
  };
}

function adaptStream(
  handler: StreamHandler<unknown, unknown>,
  { requestStream }: MethodDefinition<unknown, unknown>,
  toStatus: ToStatus,
) {
  return async (call: grpc.ServerDuplexStream<unknown, unknown>): Promise<void> => {
    const over = firstOf(call, OVER);
    try {
      await handler({
        // A handler that stops reading has not ended the call: its status is still to be sent.
        requests: () => (requestStream ? call.iterator({ destroyOnReturn: false }) : only(call)),
        write: (response) => void call.write(response),
        get isWritable() {
          return !call.writableNeedDrain;
        },
        drained: () => firstOf(call, ['drain', ...OVER]),
        over,
      });
      call.end();
    } catch (error) {
      call.emit('error', statusOf(toStatus(error)));
    }
  };
}

// One of these comes at the end of every call.
const OVER = ['close', 'cancelled'] as const;

function firstOf(call: NodeJS.EventEmitter, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) call.off(event, done);
      resolve();
    };
    for (const event of events) call.on(event, done);
  });
}

// The library has the one message of a client that sends one in a field of the call.
async function* only(call: object): AsyncIterable<unknown> {
  if ('request' in call) yield call.request;
}

function statusOf({ code, message }: ReturnType<ToStatus>): Partial<grpc.StatusObject> {
  return { code, details: message };
}
