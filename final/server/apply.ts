// Applies requests out of the log to what the member stores. Mirrors etcd's etcdserver/apply.go. The same request gives the
// same result on every member, errors included: nothing here looks at a clock, but for the deadlines of leases, which only
// the leader acts upon.

import type {
  AlarmMember,
  AlarmRequest,
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseCheckpointRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  PutRequest,
  PutResponse,
  TxnRequest,
  TxnResponse,
} from '../../proto/schema.ts';
import { AlarmType } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import type { Lease } from '../core/lease/lease.ts';
import type { Lessor } from '../core/lease/lessor.ts';
import type { Compaction } from '../core/mvcc/compaction.ts';
import type { KVStore } from '../core/mvcc/kvstore.ts';
import type { StoreWriter } from '../core/mvcc/kvstore_txn.ts';
import { executeDeleteRange } from '../core/txn/delete.ts';
import { checkPutAgainstStore, executePut } from '../core/txn/put.ts';
import { executeWriteTxn } from '../core/txn/txn.ts';
import type { Clock } from '../ports.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { deleteLease, putLease } from '../storage/schema/lease_bucket.ts';
import { writeScheduledCompaction } from '../storage/schema/meta_bucket.ts';
import type { Alarms } from './alarms.ts';
import type { Proposal } from './propose.ts';
import { costOfTxn } from './quota.ts';

export interface ApplierOptions {
  readonly backend: Backend;
  readonly store: KVStore;
  readonly lessor: Lessor;
  readonly alarms: Alarms;
  readonly clock: Clock;
  /** Whether what is left of a lease goes to the database. */
  readonly keepsCheckpoints: () => boolean;
  /** Told of each compaction, whose work is to be done in the background. */
  readonly onCompaction: (compaction: Compaction) => void;
}

export class Applier {
  readonly #options: ApplierOptions;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** Applies a request of the log and returns its result. Errors: those of the single requests. */
  apply(request: Proposal): unknown {
    if (request.put !== undefined) return this.put(request.put);
    if (request.delete_range !== undefined) return this.deleteRange(request.delete_range);
    if (request.txn !== undefined) return this.txn(request.txn);
    if (request.compaction !== undefined) return this.compact(request.compaction);
    if (request.lease_grant !== undefined) return this.leaseGrant(request.lease_grant);
    if (request.lease_revoke !== undefined) return this.leaseRevoke(request.lease_revoke);
    if (request.lease_checkpoint !== undefined) return this.leaseCheckpoint(request.lease_checkpoint);
    if (request.alarm !== undefined) return this.alarm(request.alarm);
    return refuseUnknown(request);
  }

  /** Errors: LeaseNotFound, KeyNotFound, NoSpace, Corrupt. */
  put(request: PutRequest): PutResponse {
    this.#refuseWhenCorrupt();
    this.#refuseWhenFull();
    return this.#write((writer) => {
      checkPutAgainstStore(writer, request, this.#leaseExists);
      return executePut(writer, request);
    });
  }

  /** Error: Corrupt. */
  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    this.#refuseWhenCorrupt();
    return this.#write((writer) => executeDeleteRange(writer, request));
  }

  /** Errors: those of the operations, NoSpace when a branch puts, Corrupt. Nothing is changed on an error. */
  txn(request: TxnRequest): TxnResponse {
    this.#refuseWhenCorrupt();
    if (costOfTxn(request) > 0) this.#refuseWhenFull();
    const { compactRevision } = this.#options.store;
    return this.#write((writer) =>
      executeWriteTxn({ writer, compactRevision, leaseExists: this.#leaseExists }, request),
    );
  }

  /** Returns the compaction, which is also told to `onCompaction`. Errors: Compacted, FutureRev, Corrupt. */
  compact(request: CompactionRequest): Compaction {
    this.#refuseWhenCorrupt();
    const compaction = this.#options.store.compact(request.revision);
    writeScheduledCompaction(this.#options.backend, request.revision);
    this.#options.onCompaction(compaction);
    return compaction;
  }

  /** Errors: LeaseTTLTooLarge, LeaseExist, NoSpace, Corrupt. */
  leaseGrant(request: LeaseGrantRequest): Lease {
    this.#refuseWhenCorrupt();
    this.#refuseWhenFull();
    const now = this.#options.clock.now();
    const lease = this.#options.lessor.grant({ id: request.ID, ttl: request.TTL, now });
    putLease(this.#options.backend, lease);
    return lease;
  }

  /** Ends a lease and deletes its keys in one revision. Errors: LeaseNotFound, Corrupt. */
  leaseRevoke(request: LeaseRevokeRequest): void {
    this.#refuseWhenCorrupt();
    const keys = this.#options.lessor.revoke(request.ID);
    this.#write((writer) => {
      for (const key of keys) writer.deleteRange({ kind: 'single', key });
    });
    deleteLease(this.#options.backend, request.ID);
  }

  /** Notes what is left of leases; of one that is gone there is nothing to note. */
  leaseCheckpoint(request: LeaseCheckpointRequest): void {
    const { backend, lessor, clock, keepsCheckpoints } = this.#options;
    const isKept = keepsCheckpoints();
    for (const { ID: id, remaining_TTL: remainingTtl } of request.checkpoints) {
      const lease = lessor.checkpoint({ id, remainingTtl }, clock.now());
      if (lease !== undefined && isKept) putLease(backend, lease);
    }
  }

  alarm(request: AlarmRequest): AlarmMember[] {
    return this.#options.alarms.apply(request);
  }

  readonly #leaseExists = (lease: bigint): boolean => this.#options.lessor.get(lease) !== undefined;

  #write<T>(run: (writer: StoreWriter) => T): T {
    const writer = this.#options.store.write();
    const result = run(writer);
    writer.end();
    return result;
  }

  #refuseWhenFull(): void {
    if (this.#options.alarms.has(AlarmType.NOSPACE)) throw new EtcdError('NoSpace');
  }

  #refuseWhenCorrupt(): void {
    if (this.#options.alarms.has(AlarmType.CORRUPT)) throw new EtcdError('Corrupt');
  }
}

// What may stand in a log without a change that this member has to make: reads and log-ins.
const WITHOUT_EFFECT = new Set([
  'ID',
  'header',
  'range',
  'authenticate',
  'auth_status',
  'auth_user_get',
  'auth_user_list',
  'auth_role_get',
  'auth_role_list',
]);
// Without users, turning authentication on or off is the one request about it that can be carried out: the database has it.
const IN_DATABASE = new Set(['auth_enable', 'auth_disable']);

function refuseUnknown(request: object): void {
  const names = Object.entries(request).filter(([, value]) => value !== undefined && value !== 0n);
  const unknown = names.map(([name]) => name).find((name) => !WITHOUT_EFFECT.has(name) && !IN_DATABASE.has(name));
  if (unknown !== undefined) throw new Error(`the log holds a request "${unknown}", which is not yet implemented`);
}
