// What a case is: one black-box fact about the behaviour of a server over the network, with the place in the chain from
// which on it holds. Cases are data with a function; the runner decides where and when they run.

import assert from 'node:assert/strict';
import type { Init, MethodDefinition } from '../../proto/load.ts';
import type { KeyValue } from '../../proto/schema.ts';
import type { Cluster } from '../harness/cluster.ts';
import type { Answer, CallOptions, GrpcClient } from '../harness/grpc_client.ts';
import { type Finished, runProgram } from '../harness/process.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Server, type StartOptions } from '../harness/server.ts';
import type { Target } from '../harness/target.ts';

/** One fact. */
export interface Case {
  /** A sentence about behaviour; `row N` at its end names the row of spec/rpc.md 17 that it is from. */
  readonly name: string;
  /** Slug of the step that brings it, or `final`. */
  readonly since: string;
  /** Slug of the last step that has it; absent: for ever. */
  readonly until?: string;
  /** Holds for etcd from 3.5 on only: not run on a real 3.4. */
  readonly only?: '3.5';
  /** Why a real etcd is not asked. Every other case must pass there. */
  readonly notOnReal?: string;
  /**
   * `shared` (default): a server used by other cases too, so keys come from `t.key` and revisions are compared with
   * earlier ones. `fresh`: a new server with an empty store. `none`: the case starts what it needs with `t.start`.
   * `cluster`: three members, used by other cases too, all running and with a leader.
   */
  readonly server?: 'shared' | 'fresh' | 'none' | 'cluster';
  /** Flags of the fresh server. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Skipped by name where the stock etcdctl, or the right to mount a disk, is missing. */
  readonly needs?: 'etcdctl' | 'mount';
  readonly run: (t: CaseContext) => Promise<void>;
}

/** Cases that share a server. */
export interface CaseGroup {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** Answers to gRPC codes that cases expect. */
export const Code = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
} as const;

/** What a case works with. */
export class CaseContext {
  readonly target: Target;
  /** In front of every key of this case, so that cases can share a store. */
  readonly prefix: string;
  readonly #server: Server | undefined;
  readonly #cluster: Cluster | undefined;
  readonly #etcdctl: string | undefined;
  readonly #started: Server[] = [];
  readonly #folders: string[] = [];
  #client: GrpcClient | undefined;

  constructor(options: {
    target: Target;
    prefix: string;
    server: Server | undefined;
    cluster?: Cluster | undefined;
    etcdctl: string | undefined;
  }) {
    this.target = options.target;
    this.prefix = options.prefix;
    this.#server = options.server;
    this.#cluster = options.cluster;
    this.#etcdctl = options.etcdctl;
  }

  /** The server that the runner started for this case. */
  get server(): Server {
    if (this.#server === undefined) throw new Error('the case says server: none; use t.start');
    return this.#server;
  }

  /** The cluster of this case. */
  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('the case does not say server: cluster');
    return this.#cluster;
  }

  /** A gRPC connection to that server. */
  get client(): GrpcClient {
    this.#client ??= this.server.grpc();
    return this.#client;
  }

  /** The bytes of `name` behind the prefix of this case. */
  key(name: string): Buffer {
    return Buffer.from(this.prefix + name);
  }

  /** The first key behind all keys of this case. */
  get rangeEnd(): Buffer {
    const end = Buffer.from(this.prefix);
    end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
    return end;
  }

  /** One call that must succeed. */
  async ok<Req, Res>(method: MethodDefinition<Req, Res>, request: Init<Req>, options?: CallOptions): Promise<Res> {
    const answer = await this.client.unary(method, request, options);
    if (answer.response === undefined) {
      assert.fail(`${method.path} answered ${answer.code} "${answer.message}" where success was expected`);
    }
    return answer.response;
  }

  /** One call that must end with exactly this status. */
  async refused<Req, Res>(
    method: MethodDefinition<Req, Res>,
    request: Init<Req>,
    expected: { readonly code: number; readonly message: string | RegExp },
  ): Promise<void> {
    assertStatus(await this.client.unary(method, request), expected);
  }

  /** `key=value` of each, in order, without the prefix of this case. */
  pairs(kvs: readonly KeyValue[]): string[] {
    return kvs.map((kv) => `${this.nameOf(kv.key)}=${text(kv.value)}`);
  }

  /** The names of the keys, in order, without the prefix of this case. */
  names(kvs: readonly KeyValue[]): string[] {
    return kvs.map((kv) => this.nameOf(kv.key));
  }

  /** The text of a key without the prefix of this case. */
  nameOf(key: Uint8Array): string {
    const name = text(key);
    return name.startsWith(this.prefix) ? name.slice(this.prefix.length) : name;
  }

  /** Starts a further server and waits until it serves; it ends with the case. */
  async start(options: StartOptions = {}): Promise<Server> {
    const server = await Server.start(this.target, options);
    this.#started.push(server);
    return server;
  }

  /** Starts a server without waiting; it ends with the case. */
  async launch(options: StartOptions = {}): Promise<Server> {
    const server = await Server.launch(this.target, options);
    this.#started.push(server);
    return server;
  }

  /** A folder that is removed with the case. */
  folder(): string {
    const folder = makeScratch();
    this.#folders.push(folder);
    return folder;
  }

  /** Runs the stock etcdctl against the server of this case, or against `endpoints`. */
  etcdctl(
    args: readonly string[],
    options: { input?: string; endpoints?: string; cwd?: string } = {},
  ): Promise<Finished> {
    if (this.#etcdctl === undefined) throw new Error('the case does not say needs: etcdctl');
    return runProgram({
      command: [this.#etcdctl, `--endpoints=${options.endpoints ?? this.server.endpoint}`, ...args],
      cwd: options.cwd ?? this.server.folder,
      env: { ETCDCTL_API: '3' },
      ...(options.input === undefined ? {} : { input: options.input }),
    });
  }

  /** Ends what the case started. Called by the runner. */
  async close(): Promise<void> {
    this.#client?.close();
    await Promise.all(this.#started.map((server) => server.kill()));
    for (const folder of this.#folders) removeScratch(folder);
  }
}

/** The UTF-8 text of bytes. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The bytes of a text. */
export function bytes(value: string): Buffer {
  return Buffer.from(value);
}

/** Asserts code and message of an answer together, so that a failure shows both. */
export function assertStatus(
  answer: Pick<Answer<unknown>, 'code' | 'message'>,
  expected: { readonly code: number; readonly message: string | RegExp },
): void {
  const { code, message } = answer;
  if (typeof expected.message === 'string') assert.deepEqual({ code, message }, { ...expected });
  else {
    assert.equal(code, expected.code, `code ${code} "${message}"`);
    assert.match(message, expected.message);
  }
}
