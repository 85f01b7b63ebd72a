// A server of grpc-js whose streams a test answers by hand, message by message.

import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { Auth, grpcServiceDefinition, Lease, type ServiceDefinition, Watch } from '../../../proto/load.ts';
import { Client, type ClientOptions } from '../../../final/client/client.ts';
import { freePort } from '../../harness/ports.ts';
import { within } from '../../harness/process.ts';

/** How long a test waits for what must come, in ms. */
const LIMIT_MS = 10_000;

/** Things that come one after the other, for someone who waits for them. */
class Mailbox<T> {
  readonly #what: string;
  readonly #come: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  constructor(what: string) {
    this.#what = what;
  }

  put(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#come.push(item);
    else waiter(item);
  }

  /** How many have come that nobody took. */
  get length(): number {
    return this.#come.length;
  }

  async take(): Promise<T> {
    const item = this.#come.shift();
    if (item !== undefined) return item;
    const come = await within(LIMIT_MS, new Promise<T>((resolve) => void this.#waiting.push(resolve)));
    if (come === undefined) throw new Error(`no ${this.#what} after ${LIMIT_MS} ms`);
    return come;
  }
}

/** One stream, as the server sees it. */
export class FakeCall<Req> {
  readonly requests = new Mailbox<Req>('request');
  readonly metadata: (name: string) => unknown;
  /** Resolves when the client has ended it or it has broken. */
  readonly over: Promise<void>;
  /** The server that got it. */
  readonly server: FakeServer<Req>;
  readonly #call: ServerDuplexStream<Req, object>;

  constructor(server: FakeServer<Req>, call: ServerDuplexStream<Req, object>) {
    this.server = server;
    this.#call = call;
    this.metadata = (name) => call.metadata.get(name)[0];
    call.on('data', (request: Req) => this.requests.put(request));
    this.over = new Promise((resolve) => call.once('cancelled', resolve));
  }

  answer(message: object): void {
    this.#call.write(message);
  }

  fail(code: number, details: string): void {
    this.#call.emit('error', { code, details });
  }
}

/** How a server refuses a token. */
export interface Refusal {
  readonly code: number;
  readonly details: string;
}

/** Streams of the services Watch and Lease; tokens of Auth are t1, t2, … unless a test gives others. */
export class FakeServer<Req> {
  readonly calls: Mailbox<FakeCall<Req>>;
  readonly port: number;
  readonly #clients: Client[] = [];
  #server: Server | undefined;
  /** How many tokens were asked for. */
  tokens = 0;
  /** Answers the next requests for tokens in their place. */
  onToken: (() => Promise<string | Refusal>) | undefined;

  private constructor(port: number, calls: Mailbox<FakeCall<Req>>) {
    this.port = port;
    this.calls = calls;
  }

  /** @param beside another server, whose calls come to the same mailbox */
  static async start<Req>(beside?: FakeServer<Req>): Promise<FakeServer<Req>> {
    const server = new FakeServer<Req>(await freePort(), beside?.calls ?? new Mailbox('call'));
    await server.listen();
    return server;
  }

  async listen(): Promise<void> {
    const server = new Server();
    const onStream = (call: ServerDuplexStream<Req, object>): void => this.calls.put(new FakeCall(this, call));
    const onToken = async (_call: unknown, reply: (error: Refusal | null, value?: object) => void): Promise<void> => {
      const usual = `t${(this.tokens += 1)}`;
      const token = (await this.onToken?.()) ?? usual;
      if (typeof token === 'string') reply(null, { token });
      else reply(token);
    };
    for (const service of [Watch, Lease, Auth] as unknown as ServiceDefinition[]) {
      const handler = service === (Auth as unknown as ServiceDefinition) ? onToken : onStream;
      server.addService(grpcServiceDefinition(service), new Proxy({}, { get: () => handler }));
    }
    const where = `127.0.0.1:${this.port}`;
    await new Promise((resolve) => server.bindAsync(where, ServerCredentials.createInsecure(), resolve));
    this.#server = server;
  }

  /** Breaks all connections and takes no more. */
  shutDown(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  async client(options: Partial<ClientOptions> = {}): Promise<Client> {
    const client = await Client.connect({
      endpoints: [`127.0.0.1:${this.port}`],
      dialTimeoutMs: 2_000,
      keepaliveTimeMs: 10_000,
      keepaliveTimeoutMs: 5_000,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.shutDown();
  }
}
