// A client of etcd: typed calls, to whichever of its endpoints answers, with authentication and with retries of
// calls that can be repeated. Mirrors etcd's clientv3 as far as unary calls and snapshots go.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Auth, Cluster, type Init, KV, Lease, Maintenance, type MethodDefinition } from '../../proto/load.ts';
import { AlarmRequest_AlarmAction } from '../../proto/schema.ts';
import type {
  AlarmMember,
  AlarmRequest,
  AlarmResponse,
  CompactionRequest,
  CompactionResponse,
  DefragmentResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  HashKVResponse,
  LeaseGrantResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  MemberAddRequest,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
  MoveLeaderResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  StatusResponse,
  TxnRequest,
  TxnResponse,
} from '../../proto/schema.ts';
import { Connection, type ConnectionOptions, deadlineAfter } from './connection.ts';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { ClientError, Code } from './errors.ts';

export interface ClientOptions extends ConnectionOptions {
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
}

/** Attempts of a call that can be repeated, and the pause between two of them. */
const maxAttempts = 100;
const retryPauseMs = 25;

/** Version of the API that the server is told. */
const clientApiVersion = '3.4';

interface Target {
  /** As the log names it. */
  readonly name: string;
  /** A connection that stands. Throws ClientError when there is none by `deadline`. */
  readonly connection: (deadline: number) => Promise<Connection>;
}

interface Call<Req, Res> {
  readonly method: MethodDefinition<Req, Res>;
  readonly request: Init<Req>;
  /** Doing it twice is doing it once. */
  readonly repeatable: boolean;
}

export class Client {
  private readonly options: ClientOptions;
  private readonly endpoints: readonly Endpoint[];
  private readonly balanced: Target;
  private connections: readonly Connection[] | undefined;
  private token: string | undefined;

  private constructor(options: ClientOptions) {
    this.options = options;
    this.endpoints = options.endpoints.map(parseEndpoint);
    const [first] = this.endpoints;
    if (first === undefined) throw new RangeError('a client needs an endpoint');
    this.balanced = {
      name: `endpoint://client-${randomUUID()}/${first.address}`,
      connection: (deadline) => this.anyConnection(deadline),
    };
  }

  /**
   * Authenticates if there are credentials; otherwise the first call connects.
   *
   * @throws RangeError for an endpoint that cannot be read, ClientError when authentication fails
   */
  static async connect(options: ClientOptions): Promise<Client> {
    const client = new Client(options);
    try {
      await client.authenticate();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** All calls throw ClientError. */
  range(request: Init<RangeRequest>, options?: CallOptions): Promise<RangeResponse> {
    return this.call(this.balanced, { method: KV.methods.Range, request, repeatable: true }, options);
  }

  put(request: Init<PutRequest>, options?: CallOptions): Promise<PutResponse> {
    return this.call(this.balanced, { method: KV.methods.Put, request, repeatable: false }, options);
  }

  deleteRange(request: Init<DeleteRangeRequest>, options?: CallOptions): Promise<DeleteRangeResponse> {
    return this.call(this.balanced, { method: KV.methods.DeleteRange, request, repeatable: false }, options);
  }

  txn(request: Init<TxnRequest>, options?: CallOptions): Promise<TxnResponse> {
    return this.call(this.balanced, { method: KV.methods.Txn, request, repeatable: false }, options);
  }

  compact(request: Init<CompactionRequest>, options?: CallOptions): Promise<CompactionResponse> {
    return this.call(this.balanced, { method: KV.methods.Compact, request, repeatable: false }, options);
  }

  /** As the server that is asked knows them: this needs no quorum. */
  memberList(options?: CallOptions): Promise<MemberListResponse> {
    return this.call(this.balanced, { method: Cluster.methods.MemberList, request: {}, repeatable: true }, options);
  }

  memberAdd(request: Init<MemberAddRequest>, options?: CallOptions): Promise<MemberAddResponse> {
    return this.call(this.balanced, { method: Cluster.methods.MemberAdd, request, repeatable: false }, options);
  }

  memberRemove(ID: bigint, options?: CallOptions): Promise<MemberRemoveResponse> {
    const call = { method: Cluster.methods.MemberRemove, request: { ID }, repeatable: false };
    return this.call(this.balanced, call, options);
  }

  memberUpdate(request: Init<MemberUpdateRequest>, options?: CallOptions): Promise<MemberUpdateResponse> {
    return this.call(this.balanced, { method: Cluster.methods.MemberUpdate, request, repeatable: false }, options);
  }

  memberPromote(ID: bigint, options?: CallOptions): Promise<MemberPromoteResponse> {
    const call = { method: Cluster.methods.MemberPromote, request: { ID }, repeatable: false };
    return this.call(this.balanced, call, options);
  }

  /** Only the leader can do it: this client should have no other endpoint. */
  moveLeader(targetID: bigint, options?: CallOptions): Promise<MoveLeaderResponse> {
    const call = { method: Maintenance.methods.MoveLeader, request: { targetID }, repeatable: false };
    return this.call(this.balanced, call, options);
  }

  /** @param endpoint whose status it is: one of this client's or another */
  status(endpoint: string, options?: CallOptions): Promise<StatusResponse> {
    const call = { method: Maintenance.methods.Status, request: {}, repeatable: true };
    return this.callAt(endpoint, call, options);
  }

  /** @param revision up to which keys are hashed; 0: the current one */
  hashKV(endpoint: string, revision: number, options?: CallOptions): Promise<HashKVResponse> {
    const call = { method: Maintenance.methods.HashKV, request: { revision }, repeatable: true };
    return this.callAt(endpoint, call, options);
  }

  /** Of all members. */
  alarmList(options?: CallOptions): Promise<AlarmResponse> {
    return this.alarm({ action: AlarmRequest_AlarmAction.GET }, options);
  }

  /** Ends one alarm; its kind and its member are in the answer. */
  alarmDisarm({ memberID, alarm }: AlarmMember, options?: CallOptions): Promise<AlarmResponse> {
    return this.alarm({ action: AlarmRequest_AlarmAction.DEACTIVATE, memberID, alarm }, options);
  }

  /** @param endpoint whose database is written anew; it answers nothing else meanwhile */
  defragment(endpoint: string, options?: CallOptions): Promise<DefragmentResponse> {
    const call = { method: Maintenance.methods.Defragment, request: {}, repeatable: true };
    return this.callAt(endpoint, call, options);
  }

  /**
   * A copy of the server's database, followed by its SHA-256. Nothing is tried again: what was read stays read.
   *
   * @returns the bytes, when the call has begun; reading them throws ClientError
   */
  async snapshot(options: CallOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    const deadline = deadlineAfter(options.timeoutMs);
    const connection = await this.balanced.connection(deadline);
    const { path, request, response } = Maintenance.methods.Snapshot;
    const metadata = this.metadata();
    const messages = connection.serverStream({ path, request: request.encode({}), deadline, metadata });
    return (async function* () {
      for await (const message of messages) yield response.decode(message).blob;
    })();
  }

  /** @param ttl seconds */
  leaseGrant(ttl: number, options?: CallOptions): Promise<LeaseGrantResponse> {
    const call = { method: Lease.methods.LeaseGrant, request: { TTL: ttl }, repeatable: false };
    return this.call(this.balanced, call, options);
  }

  leaseRevoke(ID: bigint, options?: CallOptions): Promise<LeaseRevokeResponse> {
    const call = { method: Lease.methods.LeaseRevoke, request: { ID }, repeatable: false };
    return this.call(this.balanced, call, options);
  }

  leaseTimeToLive(request: Init<LeaseTimeToLiveRequest>, options?: CallOptions): Promise<LeaseTimeToLiveResponse> {
    return this.call(this.balanced, { method: Lease.methods.LeaseTimeToLive, request, repeatable: true }, options);
  }

  leaseList(options?: CallOptions): Promise<LeaseLeasesResponse> {
    return this.call(this.balanced, { method: Lease.methods.LeaseLeases, request: {}, repeatable: true }, options);
  }

  /** Ends calls that are under way. */
  close(): void {
    for (const connection of this.connections ?? []) connection.close();
    this.connections = undefined;
  }

  private alarm(request: Init<AlarmRequest>, options?: CallOptions): Promise<AlarmResponse> {
    return this.call(this.balanced, { method: Maintenance.methods.Alarm, request, repeatable: true }, options);
  }

  /** Calls one server, over a connection of its own. */
  private async callAt<Req, Res>(endpoint: string, call: Call<Req, Res>, options?: CallOptions): Promise<Res> {
    const connection = new Connection(parseEndpoint(endpoint), this.options);
    const target = {
      name: `passthrough:///${endpoint}`,
      connection: (deadline: number): Promise<Connection> => whenReady(connection, deadline),
    };
    try {
      return await this.call(target, call, options);
    } finally {
      connection.close();
    }
  }

  private async call<Req, Res>(target: Target, call: Call<Req, Res>, options: CallOptions = {}): Promise<Res> {
    const deadline = deadlineAfter(options.timeoutMs);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.attempt(target, call, deadline);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        this.options.onFailedAttempt?.({ target: target.name, attempt, error });
        if (attempt + 1 >= maxAttempts || !(await this.worthAnother(call, error))) throw error;
        if (Date.now() + retryPauseMs > deadline) throw expired();
        await delay(retryPauseMs);
      }
    }
  }

  private async attempt<Req, Res>(target: Target, call: Call<Req, Res>, deadline: number): Promise<Res> {
    if (Date.now() >= deadline) throw expired();
    const connection = await target.connection(deadline);
    const { method } = call;
    const request = method.request.encode(call.request);
    const metadata = this.metadata();
    return method.response.decode(await connection.unary({ path: method.path, request, deadline, metadata }));
  }

  private metadata(): Readonly<Record<string, string>> {
    return {
      'client-api-version': clientApiVersion,
      ...(this.token === undefined ? {} : { token: this.token }),
    };
  }

  /** A token that the server no longer knows is renewed; it refused the call, so even a write can be repeated then. */
  private async worthAnother<Req, Res>(call: Call<Req, Res>, error: ClientError): Promise<boolean> {
    if (error.code === Code.Unauthenticated && this.token !== undefined) {
      await this.authenticate();
      return true;
    }
    return call.repeatable && error.code === Code.Unavailable;
  }

  private async authenticate(): Promise<void> {
    const { user = '', password = '', dialTimeoutMs } = this.options;
    if (user === '' || password === '') return;
    this.token = undefined;
    const call = { method: Auth.methods.Authenticate, request: { name: user, password }, repeatable: false };
    try {
      const timeoutMs = dialTimeoutMs > 0 ? dialTimeoutMs : undefined;
      this.token = (await this.call(this.balanced, call, { timeoutMs })).token;
    } catch (error) {
      // Without authentication everyone may do everything.
      if (error instanceof ClientError && error.details === 'etcdserver: authentication is not enabled') return;
      throw error;
    }
  }

  /** Connects to all endpoints, and takes one that answered. */
  private async anyConnection(deadline: number): Promise<Connection> {
    this.connections ??= this.endpoints.map((endpoint) => new Connection(endpoint, this.options));
    try {
      return await Promise.any(this.connections.map((connection) => whenReady(connection, deadline)));
    } catch {
      throw notConnected();
    }
  }
}

async function whenReady(connection: Connection, deadline: number): Promise<Connection> {
  if (await connection.ready(deadline)) return connection;
  throw notConnected();
}

/** What clientv3 says when no endpoint could be reached in time. */
function notConnected(): ClientError {
  return new ClientError(Code.DeadlineExceeded, 'latest balancer error: all SubConns are in TransientFailure');
}

function expired(): ClientError {
  return new ClientError(Code.DeadlineExceeded, 'context deadline exceeded');
}
