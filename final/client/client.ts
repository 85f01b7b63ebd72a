// A client of etcd: what can be asked of a cluster, with types. How a call reaches a server is in rpc.ts; watches and the
// renewal of leases, which last longer than a call, are in watch.ts and lease.ts. Mirrors etcd's clientv3.

import { Cluster, type Init, KV, Lease, Maintenance } from '../../proto/load.ts';
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
  LeaseKeepAliveResponse,
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
import { Lessor } from './lease.ts';
import { type CallOptions, Rpc, type RpcOptions } from './rpc.ts';
import { type WatchAnswers, WatchClient, type WatchOptions } from './watch.ts';
import type { WatchRequest } from './watcher.ts';

export type ClientOptions = RpcOptions;

export class Client {
  readonly #rpc: Rpc;
  readonly #watches: WatchClient;
  readonly #lessor: Lessor;

  private constructor(options: ClientOptions) {
    this.#rpc = new Rpc(options);
    this.#watches = new WatchClient(this.#rpc);
    this.#lessor = new Lessor(this.#rpc);
  }

  /**
   * Authenticates if there are credentials; otherwise the first call connects.
   *
   * @throws RangeError for an endpoint that cannot be read, ClientError when authentication fails
   */
  static async connect(options: ClientOptions): Promise<Client> {
    const client = new Client(options);
    try {
      await client.#rpc.authenticate();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** All calls throw ClientError, and the reason of their signal. */
  range(request: Init<RangeRequest>, options?: CallOptions): Promise<RangeResponse> {
    return this.#rpc.call({ method: KV.methods.Range, request, repeatable: true }, options);
  }

  put(request: Init<PutRequest>, options?: CallOptions): Promise<PutResponse> {
    return this.#rpc.call({ method: KV.methods.Put, request, repeatable: false }, options);
  }

  deleteRange(request: Init<DeleteRangeRequest>, options?: CallOptions): Promise<DeleteRangeResponse> {
    return this.#rpc.call({ method: KV.methods.DeleteRange, request, repeatable: false }, options);
  }

  txn(request: Init<TxnRequest>, options?: CallOptions): Promise<TxnResponse> {
    return this.#rpc.call({ method: KV.methods.Txn, request, repeatable: false }, options);
  }

  compact(request: Init<CompactionRequest>, options?: CallOptions): Promise<CompactionResponse> {
    return this.#rpc.call({ method: KV.methods.Compact, request, repeatable: false }, options);
  }

  /** As the server that is asked knows them: this needs no quorum. */
  memberList(options?: CallOptions): Promise<MemberListResponse> {
    return this.#rpc.call({ method: Cluster.methods.MemberList, request: {}, repeatable: true }, options);
  }

  memberAdd(request: Init<MemberAddRequest>, options?: CallOptions): Promise<MemberAddResponse> {
    return this.#rpc.call({ method: Cluster.methods.MemberAdd, request, repeatable: false }, options);
  }

  memberRemove(ID: bigint, options?: CallOptions): Promise<MemberRemoveResponse> {
    const call = { method: Cluster.methods.MemberRemove, request: { ID }, repeatable: false };
    return this.#rpc.call(call, options);
  }

  memberUpdate(request: Init<MemberUpdateRequest>, options?: CallOptions): Promise<MemberUpdateResponse> {
    return this.#rpc.call({ method: Cluster.methods.MemberUpdate, request, repeatable: false }, options);
  }

  memberPromote(ID: bigint, options?: CallOptions): Promise<MemberPromoteResponse> {
    const call = { method: Cluster.methods.MemberPromote, request: { ID }, repeatable: false };
    return this.#rpc.call(call, options);
  }

  /** Only the leader can do it: this client should have no other endpoint. */
  moveLeader(targetID: bigint, options?: CallOptions): Promise<MoveLeaderResponse> {
    const call = { method: Maintenance.methods.MoveLeader, request: { targetID }, repeatable: false };
    return this.#rpc.call(call, options);
  }

  /** @param endpoint whose status it is: one of this client's or another */
  status(endpoint: string, options?: CallOptions): Promise<StatusResponse> {
    const call = { method: Maintenance.methods.Status, request: {}, repeatable: true };
    return this.#rpc.callAt(endpoint, call, options);
  }

  /** @param revision up to which keys are hashed; 0: the current one */
  hashKV(endpoint: string, revision: number, options?: CallOptions): Promise<HashKVResponse> {
    const call = { method: Maintenance.methods.HashKV, request: { revision }, repeatable: true };
    return this.#rpc.callAt(endpoint, call, options);
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
    return this.#rpc.callAt(endpoint, call, options);
  }

  /**
   * A copy of the server's database, followed by its SHA-256. Nothing is tried again: what was read stays read.
   *
   * @returns the bytes, when the call has begun; reading them throws ClientError
   */
  async snapshot(options: CallOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    const answers = await this.#rpc.serverStream(Maintenance.methods.Snapshot, {}, options);
    return (async function* () {
      for await (const { blob } of answers) yield blob;
    })();
  }

  /** @param ttl seconds */
  leaseGrant(ttl: number, options?: CallOptions): Promise<LeaseGrantResponse> {
    const call = { method: Lease.methods.LeaseGrant, request: { TTL: ttl }, repeatable: false };
    return this.#rpc.call(call, options);
  }

  leaseRevoke(ID: bigint, options?: CallOptions): Promise<LeaseRevokeResponse> {
    const call = { method: Lease.methods.LeaseRevoke, request: { ID }, repeatable: false };
    return this.#rpc.call(call, options);
  }

  leaseTimeToLive(request: Init<LeaseTimeToLiveRequest>, options?: CallOptions): Promise<LeaseTimeToLiveResponse> {
    return this.#rpc.call({ method: Lease.methods.LeaseTimeToLive, request, repeatable: true }, options);
  }

  leaseList(options?: CallOptions): Promise<LeaseLeasesResponse> {
    return this.#rpc.call({ method: Lease.methods.LeaseLeases, request: {}, repeatable: true }, options);
  }

  /**
   * Renews a lease until it is lost or the signal is aborted, whether or not the answers are read: all but the last few are
   * dropped then.
   *
   * @returns the answers; they end when the lease is lost. Reading them throws the reason of the signal; who stops reading
   *   stops the renewal
   */
  leaseKeepAlive(ID: bigint, options?: Pick<CallOptions, 'signal'>): AsyncIterable<LeaseKeepAliveResponse> {
    return this.#lessor.keepAlive(ID, options);
  }

  /** Renews a lease once. Throws ClientError as other calls do, also when there is no such lease. */
  leaseKeepAliveOnce(ID: bigint, options?: CallOptions): Promise<LeaseKeepAliveResponse> {
    return this.#lessor.keepAliveOnce(ID, options);
  }

  /** Begins to watch; {@link WatchAnswers} tells how it is read and how it ends. */
  watch(request: WatchRequest, options?: WatchOptions): WatchAnswers {
    return this.#watches.watch(request, options);
  }

  /**
   * Asks the server how far the watchers with these options are; the answer goes to all of them, as one without events. It
   * does not come while one of them is behind, nor when there are none.
   */
  requestProgress(options?: Pick<WatchOptions, 'requireLeader'>): void {
    this.#watches.requestProgress(options);
  }

  /** Ends calls, watches and renewals that are under way. */
  close(): void {
    this.#watches.close();
    this.#lessor.close();
    this.#rpc.close();
  }

  private alarm(request: Init<AlarmRequest>, options?: CallOptions): Promise<AlarmResponse> {
    return this.#rpc.call({ method: Maintenance.methods.Alarm, request, repeatable: true }, options);
  }
}
