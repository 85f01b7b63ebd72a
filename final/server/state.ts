// What a member stores, opened from its database: leases, keys, alarms, members, and the appliers that change them. All of it is
// thrown away and opened anew when the leader sends another database. Mirrors what etcd's server.go recovers in applySnapshot.

import { codecs } from '../../proto/load.ts';
import { Lessor } from '../core/lease/lessor.ts';
import { KVStore } from '../core/mvcc/kvstore.ts';
import type { WatchableStore } from '../core/mvcc/watchable_store.ts';
import type { Config } from '../etcdmain/config.ts';
import { LEASE_CHECKPOINT_INTERVAL_MS } from '../limits.ts';
import type { Ports } from '../ports.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { KeyBucket } from '../storage/schema/key_bucket.ts';
import { readLeases } from '../storage/schema/lease_bucket.ts';
import { readCompactionMarks } from '../storage/schema/meta_bucket.ts';
import { Alarms } from './alarms.ts';
import { Applier } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { Compactor } from './compactor.ts';
import { Membership } from './membership.ts';
import { Quota } from './quota.ts';
import { compareVersions, parseVersion, type Version } from './semver.ts';

export interface StateOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly backend: Backend;
  readonly cluster: Cluster;
  /** Changes that the v2 store has had. */
  readonly v2Index: number;
  /** Who watches the keys; it goes on with this state. */
  readonly watchers: WatchableStore;
}

export class MemberState {
  readonly backend: Backend;
  readonly lessor: Lessor;
  readonly store: KVStore;
  readonly alarms: Alarms;
  readonly membership: Membership;
  readonly applier: Applier;
  readonly compactor: Compactor;
  readonly quota: Quota;

  /** Rebuilds the index of the keys from the database. */
  constructor({ config, ports, backend, cluster, v2Index, watchers }: StateOptions) {
    this.backend = backend;
    // The lessor before the store: keys are hung on their leases while the store is rebuilt.
    this.lessor = new Lessor({
      minTtl: minLeaseTtl(config),
      checkpointIntervalMs: config.leaseCheckpoint ? LEASE_CHECKPOINT_INTERVAL_MS : undefined,
    });
    for (const lease of readLeases(backend)) this.lessor.recover(lease);
    this.store = new KVStore({
      log: new KeyBucket(backend),
      leases: this.lessor,
      codec: codecs['mvccpb.KeyValue'],
      watchers,
    });
    this.compactor = newCompactor(config, ports, backend);
    const interrupted = this.store.restore(readCompactionMarks(backend));
    if (interrupted !== undefined) this.compactor.add(interrupted);
    watchers.follow(this.store);
    this.alarms = new Alarms(backend);
    this.membership = new Membership(cluster, backend, v2Index, ports.log);
    this.quota = new Quota(config.quotaBackendBytes, () => backend.size);
    this.applier = new Applier({
      backend,
      store: this.store,
      lessor: this.lessor,
      alarms: this.alarms,
      clock: ports.clock,
      keepsCheckpoints: () => config.leaseCheckpointPersist || isAtLeast(cluster.version, CHECKPOINTS_KEPT_FROM),
      onCompaction: (compaction) => this.compactor.add(compaction),
    });
  }

  get cluster(): Cluster {
    return this.membership.cluster;
  }
}

// The cluster version from which on every member keeps checkpoints (spec/rpc.md 8.6).
const CHECKPOINTS_KEPT_FROM: Version = { major: 3, minor: 6, patch: 0 };

// A cluster that has not agreed yet counts as an old one.
function isAtLeast(clusterVersion: string | undefined, version: Version): boolean {
  const agreed = parseVersion(clusterVersion ?? '');
  return agreed !== undefined && compareVersions(agreed, version) >= 0;
}

/** The least TTL in seconds: no lease may expire while an election goes on (spec/rpc.md 4). */
export function minLeaseTtl({ electionMs, heartbeatMs }: Pick<Config, 'electionMs' | 'heartbeatMs'>): number {
  const electionTicks = Math.floor(electionMs / heartbeatMs);
  return Math.ceil((Math.floor((3 * electionTicks) / 2) * heartbeatMs) / 1000);
}

function newCompactor(config: Config, ports: Ports, backend: Backend): Compactor {
  const log = ports.log.at('mvcc/kvstore_compaction.ts');
  return new Compactor({
    backend,
    clock: ports.clock,
    batchLimit: config.compactionBatchLimit,
    sleepMs: config.compactionSleepMs,
    onFinished: (revision, took) =>
      log.info('finished scheduled compaction', { 'compact-revision': revision, took: `${took.toFixed(3)}ms` }),
    crash: ports.crash,
  });
}
