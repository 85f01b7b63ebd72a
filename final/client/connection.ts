// One connection to one server, over @grpc/grpc-js. It sends and receives bytes: client.ts knows the messages.

import {
  type ChannelOptions,
  type ClientReadableStream,
  credentials,
  Client as GrpcClient,
  Metadata,
} from '@grpc/grpc-js';
import { ClientError, Code } from './errors.ts';
import type { Endpoint } from './endpoint.ts';

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

/** The longest that a timer of Node can wait: what ends later does not end. */
const maxTimerMs = 2 ** 31 - 1;

export interface RemoteCall {
  /** `/etcdserverpb.KV/Range` */
  readonly path: string;
  readonly request: Uint8Array;
  /** {@link deadlineAfter} */
  readonly deadline: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @returns the moment, in milliseconds since 1970, at which a call that starts now has taken too long; maybe Infinity */
export function deadlineAfter(timeoutMs: number | undefined): number {
  return timeoutMs === undefined || timeoutMs > maxTimerMs ? Infinity : Date.now() + timeoutMs;
}

export class Connection {
  private readonly grpc: GrpcClient;

  /** Connects when it is first asked for. Throws an Error for PEM that cannot be read. */
  constructor(endpoint: Endpoint, options: ConnectionOptions) {
    this.grpc = new GrpcClient(endpoint.target, channelCredentials(endpoint, options.tls), channelOptions(options));
  }

  /** @returns whether the connection stands; false when it does not by `deadline`, or was closed. It is retried until then. */
  ready(deadline: number): Promise<boolean> {
    // gRPC keeps the process alive during calls only; here its timer must, so there is always one.
    const until = Math.min(deadline, Date.now() + maxTimerMs);
    return new Promise((resolve) => this.grpc.waitForReady(until, (error) => resolve(error === undefined)));
  }

  /** @throws ClientError */
  unary({ path, request, deadline, metadata }: RemoteCall): Promise<Buffer> {
    if (request.length > maxSendBytes) {
      const details = `trying to send message larger than max (${request.length} vs. ${maxSendBytes})`;
      return Promise.reject(new ClientError(Code.ResourceExhausted, details));
    }
    const sent = grpcMetadata(metadata);
    return new Promise((resolve, reject) => {
      this.grpc.makeUnaryRequest(path, asBuffer, asBuffer, request, sent, { deadline }, (error, response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(callError(error));
      });
    });
  }

  /**
   * Calls a method that answers with many messages. Whoever reads them slowly slows the server down; whoever stops reading
   * ends the call.
   *
   * @returns the messages; reading them throws ClientError
   */
  serverStream({ path, request, deadline, metadata }: RemoteCall): AsyncIterable<Buffer> {
    const stream = this.grpc.makeServerStreamRequest(path, asBuffer, asBuffer, request, grpcMetadata(metadata), {
      deadline,
    });
    return messagesOf(stream);
  }

  /** Ends calls that are under way. */
  close(): void {
    this.grpc.close();
  }
}

function grpcMetadata(pairs: RemoteCall['metadata']): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(pairs)) metadata.set(name, value);
  return metadata;
}

async function* messagesOf(stream: ClientReadableStream<Buffer>): AsyncIterable<Buffer> {
  // Cancelling is told as an error too, behind the last reader.
  stream.on('error', () => undefined);
  try {
    for await (const message of stream) yield message as Buffer;
  } catch (error) {
    throw callError(error as { readonly code: number; readonly details: string });
  } finally {
    stream.cancel();
  }
}

/** The codecs work on bytes; gRPC wants functions that make and take Buffers. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function callError(error: { readonly code: number; readonly details: string } | null): ClientError {
  if (error === null) return new ClientError(Code.Unavailable, 'no answer');
  const { code, details } = error;
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
