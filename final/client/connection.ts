// One connection to one server, over @grpc/grpc-js. It sends and receives bytes: rpc.ts knows the messages.

import {
  type ChannelOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  connectivityState,
  credentials,
  Client as GrpcClient,
  Metadata,
} from '@grpc/grpc-js';
import { whenAborted } from './abort.ts';
import { ClientError, Code } from './errors.ts';
import type { Endpoint } from './endpoint.ts';
import { MAX_TIMER_MS } from './limits.ts';

/** Files of TLS, as PEM. */
export interface TlsOptions {
  /** Authorities that may have signed the server's certificate; absent: those that Node trusts. */
  readonly ca?: Buffer | undefined;
  /** The client's own certificate; `cert` and `key` come together. */
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** Takes any certificate of the server. */
  readonly skipVerify: boolean;
}

export interface ConnectionOptions {
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds without traffic after which a ping is sent; gRPC allows no less than {@link minKeepaliveTimeMs}. */
  readonly keepaliveTimeMs: number;
  /** Milliseconds to wait for the answer to a ping. */
  readonly keepaliveTimeoutMs: number;
}

/** More often, and a server takes the client for a nuisance. */
export const minKeepaliveTimeMs = 10_000;

/** Bytes of one request: the server's default limit with room for what is around the values. */
export const maxSendBytes = 2 * 1024 * 1024;

export interface RemoteCall {
  /** `/etcdserverpb.KV/Range` */
  readonly path: string;
  readonly request: Uint8Array;
  /** {@link deadlineAfter} */
  readonly deadline: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Ends the call when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A call on which both sides send messages when they like. */
export interface DuplexCall {
  /** Sends a message. After the end of the call it does nothing. */
  send(message: Uint8Array): void;
  /** Can be read once; ends when the server ends the call well, else throws ClientError. Who stops reading ends the call. */
  readonly messages: AsyncIterable<Buffer>;
  /** Ends the call; the reader is told by a ClientError. */
  cancel(): void;
}

/**
 * @returns the moment, in milliseconds since 1970, at which a call that starts now has taken too long; Infinity for one that
 *   no timer can wait for
 */
export function deadlineAfter(timeoutMs: number | undefined): number {
  return timeoutMs === undefined || timeoutMs > MAX_TIMER_MS ? Infinity : Date.now() + timeoutMs;
}

export class Connection {
  private readonly grpc: GrpcClient;
  private closed = false;
  /** Calls under way: gRPC lets them come to their end when the channel is closed. */
  private readonly calls = new Set<{ cancel(): void }>();

  /** Connects when it is first asked for. Throws an Error for PEM that cannot be read. */
  constructor(endpoint: Endpoint, options: ConnectionOptions) {
    this.grpc = new GrpcClient(endpoint.target, channelCredentials(endpoint, options.tls), channelOptions(options));
  }

  /** Whether it stands; if not, it begins to connect. */
  get isReady(): boolean {
    return !this.closed && this.grpc.getChannel().getConnectivityState(true) === connectivityState.READY;
  }

  /** @returns whether the connection stands; false when it does not by `deadline`, or was closed. It is retried until then. */
  ready(deadline: number): Promise<boolean> {
    // gRPC keeps the process alive during calls only; here its timer must, so there is always one.
    const until = Math.min(deadline, Date.now() + MAX_TIMER_MS);
    return new Promise((resolve) => this.grpc.waitForReady(until, (error) => resolve(error === undefined)));
  }

  /** @throws ClientError, and the reason of the signal */
  unary({ path, request, deadline, metadata, signal }: RemoteCall): Promise<Buffer> {
    if (request.length > maxSendBytes) {
      const details = `trying to send message larger than max (${request.length} vs. ${maxSendBytes})`;
      return Promise.reject(new ClientError(Code.ResourceExhausted, details));
    }
    const sent = grpcMetadata(metadata);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      if (this.closed) return reject(ClientError.canceled());
      const call = this.grpc.makeUnaryRequest(
        path,
        asBuffer,
        asBuffer,
        request,
        sent,
        { deadline },
        (error, response) => {
          ignoreSignal();
          this.calls.delete(call);
          if (error === null && response !== undefined) resolve(response);
          else if (signal?.aborted === true) reject(signal.reason as Error);
          else reject(this.closed ? ClientError.canceled() : callError(error));
        },
      );
      const ignoreSignal = whenAborted(signal, () => call.cancel());
      this.calls.add(call);
    });
  }

  /**
   * Calls a method that answers with many messages. Whoever reads them slowly slows the server down; whoever stops reading
   * ends the call.
   *
   * @returns the messages; reading them throws ClientError, and the reason of the signal
   * @throws ClientError when this is closed
   */
  serverStream({ path, request, deadline, metadata, signal }: RemoteCall): AsyncIterable<Buffer> {
    if (this.closed) throw ClientError.canceled();
    const stream = this.grpc.makeServerStreamRequest(path, asBuffer, asBuffer, request, grpcMetadata(metadata), {
      deadline,
    });
    return this.messagesOf(stream, signal);
  }

  /** Begins a call of a method where both sides send many messages. Throws ClientError when this is closed. */
  duplex({ path, metadata }: Pick<RemoteCall, 'path' | 'metadata'>): DuplexCall {
    if (this.closed) throw ClientError.canceled();
    const stream = this.grpc.makeBidiStreamRequest(path, asBuffer, asBuffer, grpcMetadata(metadata));
    return {
      send: (message) => {
        if (stream.writable) stream.write(message);
      },
      messages: this.messagesOf(stream, undefined),
      cancel: () => stream.cancel(),
    };
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Ends calls that are under way. */
  close(): void {
    this.closed = true;
    for (const call of this.calls) call.cancel();
    this.grpc.close();
  }

  private messagesOf(
    stream: ClientReadableStream<Buffer> | ClientDuplexStream<Uint8Array, Buffer>,
    signal: AbortSignal | undefined,
  ): AsyncIterable<Buffer> {
    this.calls.add(stream);
    stream.once('status', () => this.calls.delete(stream));
    return messagesOf(stream, { signal, isClosed: () => this.closed });
  }
}

function grpcMetadata(pairs: RemoteCall['metadata']): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(pairs)) metadata.set(name, value);
  return metadata;
}

function messagesOf(
  stream: ClientReadableStream<Buffer> | ClientDuplexStream<Uint8Array, Buffer>,
  { signal, isClosed }: { readonly signal: AbortSignal | undefined; readonly isClosed: () => boolean },
): AsyncIterable<Buffer> {
  // Cancelling is told as an error too, before the first reader or behind the last.
  stream.on('error', () => undefined);
  const onAbort = (): void => stream.cancel();
  if (signal?.aborted === true) onAbort();
  const ignoreSignal = whenAborted(signal, onAbort);
  return (async function* () {
    try {
      for await (const message of stream) yield message as Buffer;
    } catch (error) {
      signal?.throwIfAborted();
      if (isClosed()) throw ClientError.canceled();
      throw callError(error as { readonly code: number; readonly details: string });
    } finally {
      ignoreSignal();
      stream.cancel();
    }
  })();
}

/** The codecs work on bytes; gRPC wants functions that make and take Buffers. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function callError(error: { readonly code: number; readonly details: string } | null): ClientError {
  if (error === null) return new ClientError(Code.Unavailable, 'no answer');
  const { code, details } = error;
  // The server gave up the stream, as one does that is stopped in a hurry; whoever cancels here is told in other words.
  if (code === Code.Canceled && details === 'Call cancelled') return new ClientError(Code.Unavailable, details);
  return new ClientError(code, code === Code.DeadlineExceeded ? 'context deadline exceeded' : details);
}

function channelCredentials(endpoint: Endpoint, tls: TlsOptions | undefined): ReturnType<typeof credentials.createSsl> {
  if (endpoint.tls === 'never' || (endpoint.tls === 'configured' && tls === undefined)) {
    return credentials.createInsecure();
  }
  const { ca = null, cert = null, key = null, skipVerify = false } = tls ?? {};
  return credentials.createSsl(ca, key, cert, { rejectUnauthorized: !skipVerify });
}

function channelOptions({ keepaliveTimeMs, keepaliveTimeoutMs }: ConnectionOptions): ChannelOptions {
  return {
    'grpc.keepalive_time_ms': Math.max(keepaliveTimeMs, minKeepaliveTimeMs),
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.max_receive_message_length': -1,
    // client.ts retries; and etcd is reached directly, by the name that was given.
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
  };
}
