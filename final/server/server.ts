// The member: what it stores, who it is, and the operations that the API layer offers to clients. Mirrors etcd's
// etcdserver/server.go and v3_server.go.

import fs from 'node:fs';
import { codecs } from '../../proto/load.ts';
import type {
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
  TxnRequest,
  TxnResponse,
} from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { Lessor } from '../core/lease/lessor.ts';
import type { KeyValueHash } from '../core/mvcc/hash.ts';
import { KVStore } from '../core/mvcc/kvstore.ts';
import type { StoreWriter } from '../core/mvcc/kvstore_txn.ts';
import { executeDeleteRange } from '../core/txn/delete.ts';
import { checkPutAgainstStore, executePut } from '../core/txn/put.ts';
import { executeRange } from '../core/txn/range.ts';
import { executeReadTxn, executeWriteTxn, isReadOnly } from '../core/txn/txn.ts';
import type { Config } from '../etcdmain/config.ts';
import type { Ports } from '../ports.ts';
import { CLUSTER_VERSION, ETCD_VERSION } from '../version.ts';
import { type Cluster, newCluster } from './cluster.ts';
import { IdGenerator } from './id_generator.ts';
import { LeaseKeeper } from './leases.ts';
import { type Proposal, Proposer } from './propose.ts';

const LOG_CALLER = 'server/server.ts';

// A fresh member reaches these before it serves: the entries that add it, begin its term, publish it and set the version.
const FIRST_TERM = 2;
const BOOTSTRAP_INDEX = 4;

export class EtcdServer {
  readonly cluster: Cluster;
  readonly leases: LeaseKeeper;
  readonly config: Config;
  readonly #ports: Ports;
  readonly #store: KVStore;
  readonly #lessor: Lessor;
  readonly #proposer: Proposer;
  #isStopped = false;

  constructor(config: Config, ports: Ports) {
    this.config = config;
    this.#ports = ports;
    prepareDataDir(config.dataDir, ports);
    this.cluster = newCluster({
      name: config.name,
      initialCluster: config.initialCluster,
      initialClusterState: config.initialClusterState,
      token: config.initialClusterToken,
      advertisePeerUrls: config.initialAdvertisePeerUrls.map((url) => url.text),
      advertiseClientUrls: config.advertiseClientUrls.map((url) => url.text),
    });
    const ids = new IdGenerator(this.cluster.localMemberId, ports.clock.wall());
    this.#lessor = new Lessor(minLeaseTtl(config));
    this.#store = new KVStore({ leases: this.#lessor, encodeKeyValue: (kv) => codecs['mvccpb.KeyValue'].encode(kv) });
    this.#proposer = new Proposer(BOOTSTRAP_INDEX, { maxRequestBytes: config.maxRequestBytes, ids });
    this.leases = new LeaseKeeper({
      lessor: this.#lessor,
      ids,
      ports,
      propose: (proposal, apply) => this.#propose(proposal, apply),
      write: (run) => this.#write(run),
    });
  }

  /** Begins the background work. Does not block. */
  start(): void {
    const log = this.#ports.log.at(LOG_CALLER);
    const ids = { 'local-member-id': hex(this.cluster.localMemberId), 'cluster-id': hex(this.cluster.id) };
    log.info('starting local member', ids);
    log.info('starting etcd server', {
      ...ids,
      'local-server-version': ETCD_VERSION,
      'cluster-version': CLUSTER_VERSION,
    });
    const [member] = this.cluster.members;
    log.info('added member', {
      ...ids,
      'added-peer-id': hex(member?.id ?? 0n),
      'added-peer-peer-urls': member?.peerUrls,
    });
    log.info('set initial cluster version', { ...ids, 'cluster-version': CLUSTER_VERSION });
    log.info('published local member to cluster through raft', ids);
    this.leases.start();
  }

  /** Refuses further requests and ends the background work. */
  stop(): void {
    this.#isStopped = true;
    this.leases.stop();
    const id = hex(this.cluster.localMemberId);
    const fields = { 'local-member-id': id, 'current-leader-member-id': id };
    this.#ports.log.at(LOG_CALLER).info('skipped leadership transfer for single voting member cluster', fields);
  }

  /** What every response header says of this member. `revision` is the current one unless given. */
  header(revision = this.#store.currentRevision): ResponseHeader {
    return { cluster_id: this.cluster.id, member_id: this.cluster.localMemberId, revision, raft_term: FIRST_TERM };
  }

  /** Term of the last election, index of the last entry, and index of the last one applied. */
  raftStatus(): { readonly term: number; readonly index: number; readonly applied: number } {
    return { term: FIRST_TERM, index: this.#proposer.index, applied: this.#proposer.index };
  }

  /** Reads. With one member every read is linearizable. Errors: FutureRev, Compacted, Stopped. */
  range(request: RangeRequest): RangeResponse {
    this.#checkRunning();
    return executeRange(this.#store.read(), request);
  }

  /** Errors: RequestTooLarge, LeaseNotFound, KeyNotFound, Stopped. */
  put(request: PutRequest): PutResponse {
    return this.#propose({ put: request }, () =>
      this.#write((writer) => {
        checkPutAgainstStore(writer, request, this.#leaseExists);
        return executePut(writer, request);
      }),
    );
  }

  /** Errors: RequestTooLarge, Stopped. */
  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    return this.#propose({ delete_range: request }, () => this.#write((writer) => executeDeleteRange(writer, request)));
  }

  /** Errors: RequestTooLarge, and those of its operations. Nothing is changed on an error. */
  txn(request: TxnRequest): TxnResponse {
    const { compactRevision } = this.#store;
    if (isReadOnly(request)) {
      this.#checkRunning();
      return executeReadTxn(this.#store.read(), compactRevision, request);
    }
    const context = { compactRevision, leaseExists: this.#leaseExists };
    return this.#propose({ txn: request }, () =>
      this.#write((writer) => executeWriteTxn({ ...context, writer }, request)),
    );
  }

  /** Errors: Compacted, FutureRev, Stopped. */
  compact(request: CompactionRequest): void {
    this.#propose({ compaction: request }, () => this.#store.compact(request.revision));
  }

  /** Hash of the history up to `revision`; 0 = now. Errors: Compacted, FutureRev, Stopped. */
  hashKV(revision: number): KeyValueHash {
    this.#checkRunning();
    return this.#store.hashByRevision(revision);
  }

  readonly #leaseExists = (lease: bigint): boolean => this.#lessor.get(lease) !== undefined;

  #checkRunning(): void {
    if (this.#isStopped) throw new EtcdError('Stopped');
  }

  // An expected error is the same on every member. Any other one while applying means that this member can no longer
  // know what its store holds: it ends, and never answers.
  #propose<T>(proposal: Proposal, apply: () => T): T {
    this.#checkRunning();
    try {
      return this.#proposer.propose(proposal, apply);
    } catch (error) {
      if (error instanceof EtcdError) throw error;
      return this.#ports.crash(error);
    }
  }

  #write<T>(run: (writer: StoreWriter) => T): T {
    const writer = this.#store.write();
    const result = run(writer);
    writer.end();
    return result;
  }
}

/** The least TTL in seconds: no lease may expire while an election goes on (spec/rpc.md 4). */
export function minLeaseTtl({ electionMs, heartbeatMs }: Pick<Config, 'electionMs' | 'heartbeatMs'>): number {
  const electionTicks = Math.floor(electionMs / heartbeatMs);
  return Math.ceil((Math.floor((3 * electionTicks) / 2) * heartbeatMs) / 1000);
}

// The directory is made, so that a wrong path shows at once, and nothing is put in it yet.
function prepareDataDir(dataDir: string, ports: Ports): void {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    throw new Error(`cannot access data directory: ${isFile ? `mkdir ${path}: not a directory` : message}`);
  }
  const fields = { 'data-dir': dataDir };
  ports.log.at(LOG_CALLER).warn('all data is kept in memory: nothing is stored in the data directory', fields);
}

function hex(id: bigint): string {
  return id.toString(16);
}
