// The member: what it stores, who it is, and the operations that the API layer offers to clients. Mirrors etcd's
// etcdserver/server.go and v3_server.go.

import { codecs } from '../../proto/load.ts';
import {
  AlarmRequest_AlarmAction as AlarmAction,
  type AlarmMember,
  type AlarmRequest,
  AlarmType,
  type CompactionRequest,
  type CompactionResponse,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type LeaseGrantRequest,
  type PutRequest,
  type PutResponse,
  RaftEntryType,
  type RangeRequest,
  type RangeResponse,
  type ResponseHeader,
  type TxnRequest,
  type TxnResponse,
} from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { type Lease, Lessor } from '../core/lease/lessor.ts';
import { KVStore } from '../core/mvcc/kvstore.ts';
import type { KeyValueHash } from '../core/mvcc/hash.ts';
import { executeRange } from '../core/txn/range.ts';
import { executeReadTxn, isReadOnly } from '../core/txn/txn.ts';
import type { Config } from '../etcdmain/config.ts';
import type { Ports } from '../ports.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { isAuthEnabled } from '../storage/schema/auth_bucket.ts';
import { readLeases } from '../storage/schema/lease_bucket.ts';
import { KeyBucket } from '../storage/schema/key_bucket.ts';
import { readCompactionMarks } from '../storage/schema/meta_bucket.ts';
import { CLUSTER_VERSION, ETCD_VERSION } from '../version.ts';
import { alarmName, Alarms } from './alarms.ts';
import { Applier } from './apply.ts';
import { type Bootstrapped, lastPosition, type Progress } from './bootstrap.ts';
import type { Cluster } from './cluster.ts';
import { Compactor } from './compactor.ts';
import { IdGenerator } from './id_generator.ts';
import { LeaseKeeper } from './leases.ts';
import { attributesRequest, Membership, versionRequest } from './membership.ts';
import { encodeProposal, type Proposal } from './propose.ts';
import { COST_OF_LEASE, costOfPut, costOfTxn, Quota } from './quota.ts';
import { RaftLoop } from './raft_loop.ts';
import { replayLog } from './replay.ts';
import { StorageKeeper } from './storage_keeper.ts';

const LOG_CALLER = 'etcdserver/server.ts';

export class EtcdServer {
  readonly config: Config;
  readonly leases: LeaseKeeper;
  readonly storage: StorageKeeper;
  readonly #ports: Ports;
  readonly #store: KVStore;
  readonly #alarms: Alarms;
  readonly #membership: Membership;
  readonly #applier: Applier;
  readonly #compactor: Compactor;
  readonly #loop: RaftLoop;
  readonly #ids: IdGenerator;
  readonly #quota: Quota;
  readonly #backend: Backend;
  readonly #progress: Progress;

  /** Rebuilds the state from what `bootstrapped` holds. Throws an Error when the log holds what cannot be applied yet. */
  constructor(config: Config, ports: Ports, bootstrapped: Bootstrapped) {
    this.config = config;
    this.#ports = ports;
    const { backend, cluster, v2Index } = bootstrapped;
    this.#backend = backend;
    this.#progress = bootstrapped.progress;
    this.#ids = new IdGenerator(cluster.localMemberId, ports.clock.wall());
    // The lessor before the store: keys are hung on their leases while the store is rebuilt.
    const lessor = new Lessor(minLeaseTtl(config));
    for (const lease of readLeases(backend)) lessor.recover({ ...lease, now: ports.clock.now() });
    this.#store = new KVStore({ log: new KeyBucket(backend), leases: lessor, codec: codecs['mvccpb.KeyValue'] });
    this.#compactor = this.#newCompactor(backend);
    const interrupted = this.#store.restore(readCompactionMarks(backend));
    if (interrupted !== undefined) this.#compactor.add(interrupted);
    this.#alarms = new Alarms(backend);
    this.#membership = new Membership(cluster, backend, v2Index);
    this.#quota = new Quota(config.quotaBackendBytes, () => backend.size);
    this.#applier = new Applier({
      backend,
      store: this.#store,
      lessor,
      alarms: this.#alarms,
      clock: ports.clock,
      onCompaction: (compaction) => this.#compactor.add(compaction),
    });
    this.storage = new StorageKeeper({ config, ports, bootstrapped, membership: this.#membership });
    replayLog({ bootstrapped, applier: this.#applier, membership: this.#membership });
    this.#loop = new RaftLoop({
      wal: bootstrapped.wal,
      clock: ports.clock,
      localMemberId: cluster.localMemberId,
      last: lastPosition(bootstrapped),
      afterBatch: (applied) => this.storage.afterBatch(applied),
      crash: ports.crash,
    });
    this.leases = new LeaseKeeper({
      lessor,
      ids: this.#ids,
      ports,
      grant: (request) => this.#grantLease(request),
      revoke: (request) => this.#propose({ lease_revoke: request }, () => this.#applier.leaseRevoke(request)),
    });
  }

  async #grantLease(request: LeaseGrantRequest): Promise<Lease> {
    if (!this.#quota.allows(COST_OF_LEASE)) await this.#refuseForSpace();
    return this.#propose({ lease_grant: request }, () => this.#applier.leaseGrant(request));
  }

  get cluster(): Cluster {
    return this.#membership.cluster;
  }

  /** Whether the data directory is that of a cluster with users. */
  get isAuthEnabled(): boolean {
    return isAuthEnabled(this.#backend);
  }

  /** Begins a term, publishes the member, begins the background work. Resolves when requests can be served. */
  async start(): Promise<void> {
    const { localMemberId, id } = this.cluster;
    const log = this.#ports.log.at(LOG_CALLER);
    const ids = { 'local-member-id': hex(localMemberId), 'cluster-id': hex(id) };
    log.info('starting etcd server', {
      ...ids,
      'local-server-version': ETCD_VERSION,
      'cluster-version': this.cluster.version ?? 'to_be_decided',
    });
    for (const { id: added, peerUrls } of this.cluster.members) {
      log.info('added member', { ...ids, 'added-peer-id': hex(added), 'added-peer-peer-urls': peerUrls });
    }
    await this.#append(undefined, () => {});
    log.info('elected leader', { ...ids, 'raft-term': this.#loop.term });
    await this.#publish();
    log.info('published local member to cluster through raft', ids);
    if (this.cluster.version !== CLUSTER_VERSION) {
      log.info('setting up initial cluster version', { ...ids, 'cluster-version': CLUSTER_VERSION });
      await this.#setVersion();
      log.info('set initial cluster version', { ...ids, 'cluster-version': CLUSTER_VERSION });
    }
    this.#compactor.start();
    this.leases.start();
    this.storage.start({
      revision: () => this.#store.currentRevision,
      compact: (revision) => this.#autoCompact(revision),
    });
  }

  /** Refuses further requests, ends the background work, and leaves everything on the disk. */
  async stop(): Promise<void> {
    this.leases.stop();
    await this.#loop.stop();
    await this.#compactor.stop();
    await this.storage.stop();
    const id = hex(this.cluster.localMemberId);
    const fields = { 'local-member-id': id, 'current-leader-member-id': id };
    this.#ports.log.at(LOG_CALLER).info('skipped leadership transfer for single voting member cluster', fields);
  }

  /** What every response header says of this member. `revision` is the current one unless given. */
  header(revision = this.#store.currentRevision): ResponseHeader {
    const { id, localMemberId } = this.cluster;
    return { cluster_id: id, member_id: localMemberId, revision, raft_term: this.#loop.term };
  }

  /** Term of the last election, index of the last entry, and index of the last one applied. */
  raftStatus(): { readonly term: number; readonly index: number; readonly applied: number } {
    return { term: this.#loop.term, index: this.#loop.index, applied: this.#loop.applied };
  }

  /** Reads. With one member every read is linearizable. Errors: FutureRev, Compacted. */
  range(request: RangeRequest): RangeResponse {
    return this.#withHeader(executeRange(this.#store.read(), request));
  }

  /** Errors: NoSpace, RequestTooLarge, LeaseNotFound, KeyNotFound, Corrupt, RequestTooManyRequests, Stopped. */
  async put(request: PutRequest): Promise<PutResponse> {
    const cost = costOfPut(request);
    if (!this.#quota.allows(cost)) await this.#refuseForSpace();
    return this.#propose({ put: request }, () => this.#withHeader(this.#applier.put(request)));
  }

  /** Errors: RequestTooLarge, Corrupt, RequestTooManyRequests, Stopped. */
  async deleteRange(request: DeleteRangeRequest): Promise<DeleteRangeResponse> {
    return this.#propose({ delete_range: request }, () => this.#withHeader(this.#applier.deleteRange(request)));
  }

  /** Errors: NoSpace, RequestTooLarge, and those of its operations. Nothing is changed on an error. */
  async txn(request: TxnRequest): Promise<TxnResponse> {
    if (isReadOnly(request)) {
      return this.#withHeader(executeReadTxn(this.#store.read(), this.#store.compactRevision, request));
    }
    if (!this.#quota.allows(costOfTxn(request))) await this.#refuseForSpace();
    return this.#propose({ txn: request }, () => this.#withHeader(this.#applier.txn(request)));
  }

  /** With `physical` it resolves when the room is given back, on the disk. Errors: Compacted, FutureRev, Corrupt. */
  async compact(request: CompactionRequest): Promise<CompactionResponse> {
    const response = await this.#propose({ compaction: request }, () => {
      this.#applier.compact(request);
      return { header: this.header() };
    });
    if (request.physical) await this.#compactor.done();
    return response;
  }

  /** Hash of the history up to `revision`; 0 = now. Errors: Compacted, FutureRev. */
  hashKV(revision: number): KeyValueHash {
    return this.#store.hashByRevision(revision);
  }

  /** Lists, raises or ends alarms. */
  async alarm(request: AlarmRequest): Promise<AlarmMember[]> {
    return this.#propose({ alarm: request }, () => this.#applier.alarm(request));
  }

  /** Names of the active alarms. */
  get alarmNames(): string[] {
    return this.alarms.map(({ alarm }) => alarmName(alarm));
  }

  /** All active alarms, without asking the log. */
  get alarms(): readonly AlarmMember[] {
    return this.#alarms.list(AlarmType.NONE);
  }

  // Everybody is told that this member has no more room, before the first one who notices is.
  async #refuseForSpace(): Promise<never> {
    const memberID = this.cluster.localMemberId;
    await this.alarm({ action: AlarmAction.ACTIVATE, memberID, alarm: AlarmType.NOSPACE });
    throw new EtcdError('NoSpace');
  }

  // At once, while the revision is that of the request: others may be applied before its answer leaves.
  #withHeader<R extends { header: ResponseHeader | undefined }>(response: R): R {
    response.header = this.header();
    return response;
  }

  #propose<T>(proposal: Proposal, apply: () => T): Promise<T> {
    const data = encodeProposal(proposal, this.#ids.next());
    if (data.length > this.config.maxRequestBytes) return Promise.reject(new EtcdError('RequestTooLarge'));
    return this.#append(data, apply);
  }

  #append<T>(data: Uint8Array | undefined, apply: () => T): Promise<T> {
    return this.#loop.propose({ type: RaftEntryType.EntryNormal, data }, (at) => {
      this.#progress.applied = at;
      return apply();
    });
  }

  async #publish(): Promise<void> {
    const { name, advertiseClientUrls } = this.config;
    const clientUrls = advertiseClientUrls.map((url) => url.text);
    const data = attributesRequest(this.#ids.next(), { id: this.cluster.localMemberId, name, clientUrls });
    await this.#append(data, () => this.#applyV2(data));
  }

  async #setVersion(): Promise<void> {
    const data = versionRequest(this.#ids.next(), CLUSTER_VERSION);
    await this.#append(data, () => this.#applyV2(data));
  }

  #applyV2(data: Uint8Array): void {
    this.#membership.applyV2(codecs['etcdserverpb.Request'].decode(data), { persist: true });
  }

  // The revision may have been compacted by a client meanwhile; then there is nothing to do.
  #autoCompact(revision: number): void {
    const log = this.#ports.log.at(LOG_CALLER);
    this.compact({ revision, physical: false }).then(
      () => log.info('completed auto compaction', { revision }),
      (error: unknown) => {
        if (!(error instanceof EtcdError)) this.#ports.crash(error);
        log.warn('failed auto compaction', { revision, error: error.message });
      },
    );
  }

  #newCompactor(backend: Backend): Compactor {
    const log = this.#ports.log.at('mvcc/kvstore_compaction.ts');
    return new Compactor({
      backend,
      clock: this.#ports.clock,
      batchLimit: this.config.compactionBatchLimit,
      sleepMs: this.config.compactionSleepMs,
      onFinished: (revision, took) =>
        log.info('finished scheduled compaction', { 'compact-revision': revision, took: `${took.toFixed(3)}ms` }),
      crash: this.#ports.crash,
    });
  }
}

/** The least TTL in seconds: no lease may expire while an election goes on (spec/rpc.md 4). */
export function minLeaseTtl({ electionMs, heartbeatMs }: Pick<Config, 'electionMs' | 'heartbeatMs'>): number {
  const electionTicks = Math.floor(electionMs / heartbeatMs);
  return Math.ceil((Math.floor((3 * electionTicks) / 2) * heartbeatMs) / 1000);
}

function hex(id: bigint): string {
  return id.toString(16);
}
