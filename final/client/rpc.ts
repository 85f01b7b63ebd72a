// Calls to whichever endpoint answers: with a token, with a time limit, and again where that does no harm. Mirrors
// clientv3's retry interceptor (spec/rpc.md 13, 16.1).

import { randomUUID } from 'node:crypto';
import { Auth, type Codec, type Init, type MethodDefinition } from '../../proto/load.ts';
import { Balancer, type WaitLimits, whenReady } from './balancer.ts';
import { Connection, type ConnectionOptions, deadlineAfter } from './connection.ts';
import { parseEndpoint } from './endpoint.ts';
import { ClientError, Code } from './errors.ts';
import { pause } from './pause.ts';

export interface RpcOptions extends ConnectionOptions {
  /** At least one, in the forms of {@link parseEndpoint}. */
  readonly endpoints: readonly string[];
  /** How long authentication may take, in milliseconds; 0: for ever. */
  readonly dialTimeoutMs: number;
  /** Authenticates when both are given and neither is empty. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Told of every attempt of a call that failed, also of those that are tried again. */
  readonly onFailedAttempt?: (attempt: FailedAttempt) => void;
}

export interface FailedAttempt {
  /** Whom the call was for, as clientv3 names it in its log. */
  readonly target: string;
  /** From 0. */
  readonly attempt: number;
  readonly error: ClientError;
}

export interface CallOptions {
  /** Milliseconds, with all attempts and with connecting; absent: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call when it is aborted; the call throws its reason then. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call<Req, Res> {
  readonly method: MethodDefinition<Req, Res>;
  readonly request: Init<Req>;
  /** Doing it twice is doing it once. */
  readonly repeatable: boolean;
}

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Goes with the call, beside the token. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A call on which both sides send messages when they like. */
export interface Stream<Req, Res> {
  /** After the end of the call it does nothing. */
  send(request: Init<Req>): void;
  /** Can be read once; ends when the server ends the call well, else throws ClientError. Who stops reading ends the call. */
  readonly answers: AsyncIterable<Res>;
  cancel(): void;
}

/** Attempts of a call that can be repeated, and the pause between two of them. */
const maxAttempts = 100;
const retryPauseMs = 25;

/** Version of the API that the server is told. */
const clientApiVersion = '3.4';

/** Answers of a server that a new token can change; it did nothing then, so even a write can be repeated. */
const tokenErrors = new Set([
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  'etcdserver: user name is empty',
]);

interface Target {
  /** As the log names it. */
  readonly name: string;
  /** A connection that stands. Throws ClientError when there is none by the deadline, and the reason of the signal. */
  readonly connection: (limits: WaitLimits) => Promise<Connection>;
}

export class Rpc {
  readonly #options: RpcOptions;
  readonly #balancer: Balancer;
  readonly #balanced: Target;
  #token: string | undefined;
  /** The call for a new token that is under way. */
  #authenticating: Promise<void> | undefined;

  /** Connects when it is first asked to. Throws RangeError for an endpoint that cannot be read. */
  constructor(options: RpcOptions) {
    this.#options = options;
    const endpoints = options.endpoints.map(parseEndpoint);
    const [first] = endpoints;
    if (first === undefined) throw new RangeError('a client needs an endpoint');
    this.#balancer = new Balancer(endpoints, options);
    this.#balanced = {
      name: `endpoint://client-${randomUUID()}/${first.address}`,
      connection: (limits) => this.#balancer.pick(limits),
    };
  }

  /** Ends calls that are under way. */
  close(): void {
    this.#balancer.close();
  }

  /** Calls the server of one of the endpoints. Throws ClientError, and the reason of the signal. */
  call<Req, Res>(call: Call<Req, Res>, options?: CallOptions): Promise<Res> {
    return this.#call(this.#balanced, call, options);
  }

  /** Calls one server, over a connection of its own. Throws as {@link call} does. */
  async callAt<Req, Res>(endpoint: string, call: Call<Req, Res>, options?: CallOptions): Promise<Res> {
    const connection = new Connection(parseEndpoint(endpoint), this.#options);
    const target = {
      name: `passthrough:///${endpoint}`,
      connection: (limits: WaitLimits): Promise<Connection> => whenReady(connection, limits),
    };
    try {
      return await this.#call(target, call, options);
    } finally {
      connection.close();
    }
  }

  /**
   * Calls a method that answers with many messages. Nothing is tried again: what was read stays read.
   *
   * @returns the answers, when the call has begun; reading them throws ClientError and the reason of the signal
   */
  async serverStream<Req, Res>(
    { path, request, response }: MethodDefinition<Req, Res>,
    message: Init<Req>,
    { timeoutMs, signal }: CallOptions = {},
  ): Promise<AsyncIterable<Res>> {
    const deadline = deadlineAfter(timeoutMs);
    const connection = await this.#balancer.pick({ deadline, signal });
    const metadata = this.#metadata();
    const call = { path, request: request.encode(message), deadline, metadata, signal };
    return decoded(connection.serverStream(call), response);
  }

  /**
   * Begins a call of a method where both sides send many messages, with a server that is there. Nothing is tried again.
   *
   * @throws the reason of the signal, which counts only until the call has begun; ClientError once this is closed
   */
  async stream<Req, Res>(
    { path, request, response }: MethodDefinition<Req, Res>,
    { signal, metadata = {} }: StreamOptions = {},
  ): Promise<Stream<Req, Res>> {
    const connection = await this.#balancer.pick({ deadline: Infinity, signal });
    signal?.throwIfAborted();
    const call = connection.duplex({ path, metadata: { ...this.#metadata(), ...metadata } });
    return {
      send: (message) => call.send(request.encode(message)),
      answers: decoded(call.messages, response),
      cancel: () => call.cancel(),
    };
  }

  /**
   * Gets a token if there are credentials and the server wants any.
   *
   * Whoever asks while that is under way waits for the same one; until then calls go with the old one.
   *
   * @throws ClientError when the server refuses the credentials or does not answer in time
   */
  async authenticate(): Promise<void> {
    if (!this.#hasCredentials) return;
    this.#authenticating ??= this.#renewToken().finally(() => (this.#authenticating = undefined));
    await this.#authenticating;
  }

  /** Whether an error, by its text, may be gone with a new token; a client without credentials has none to get. */
  canRenewToken(details: string): boolean {
    return this.#hasCredentials && tokenErrors.has(details);
  }

  get #hasCredentials(): boolean {
    const { user = '', password = '' } = this.#options;
    return user !== '' && password !== '';
  }

  async #renewToken(): Promise<void> {
    const { user = '', password = '', dialTimeoutMs } = this.#options;
    const call = { method: Auth.methods.Authenticate, request: { name: user, password }, repeatable: false };
    try {
      const timeoutMs = dialTimeoutMs > 0 ? dialTimeoutMs : undefined;
      this.#token = (await this.call(call, { timeoutMs })).token;
    } catch (error) {
      // Without authentication everyone may do everything.
      if (!(error instanceof ClientError) || error.details !== 'etcdserver: authentication is not enabled') throw error;
      this.#token = undefined;
    }
  }

  async #call<Req, Res>(target: Target, call: Call<Req, Res>, options: CallOptions = {}): Promise<Res> {
    const limits = { deadline: deadlineAfter(options.timeoutMs), signal: options.signal };
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#attempt(target, call, limits);
      } catch (error) {
        if (limits.signal?.aborted === true || !(error instanceof ClientError)) throw error;
        this.#options.onFailedAttempt?.({ target: target.name, attempt, error });
        if (attempt + 1 >= maxAttempts || !(await this.#worthAnother(call, error))) throw error;
        if (Date.now() + retryPauseMs > limits.deadline) throw expired();
        await pause(retryPauseMs, limits.signal);
      }
    }
  }

  async #attempt<Req, Res>(target: Target, { method, request }: Call<Req, Res>, limits: WaitLimits): Promise<Res> {
    if (Date.now() >= limits.deadline) throw expired();
    const connection = await target.connection(limits);
    const { path } = method;
    const sent = { path, request: method.request.encode(request), metadata: this.#metadata(), ...limits };
    return method.response.decode(await connection.unary(sent));
  }

  #metadata(): Readonly<Record<string, string>> {
    return {
      'client-api-version': clientApiVersion,
      ...(this.#token === undefined ? {} : { token: this.#token }),
    };
  }

  async #worthAnother<Req, Res>(call: Call<Req, Res>, error: ClientError): Promise<boolean> {
    // Asking for a token is refused for other reasons than the lack of one.
    if (call.method.path !== Auth.methods.Authenticate.path && this.canRenewToken(error.details)) {
      await this.authenticate();
      return true;
    }
    return error.code === Code.Unavailable && (call.repeatable || error.neverSent);
  }
}

async function* decoded<Res>(messages: AsyncIterable<Buffer>, codec: Codec<Res>): AsyncIterable<Res> {
  for await (const message of messages) yield codec.decode(message);
}

function expired(): ClientError {
  return new ClientError(Code.DeadlineExceeded, 'context deadline exceeded');
}
