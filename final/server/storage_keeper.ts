// Keeps the disk in step with what is applied: commits of the database, raft snapshots, removal of what is old, compaction by
// the clock. Mirrors the parts of etcd's etcdserver/server.go that run in the background.

import { bytesToKey } from '../core/keys.ts';
import type { Config } from '../etcdmain/config.ts';
import { MAX_UNCOMMITTED_BATCHES, PURGE_INTERVAL_MS } from '../limits.ts';
import type { Logger, Ports } from '../ports.ts';
import { DEFAULT_BATCH_INTERVAL_MS } from '../storage/backend/backend.ts';
import type { Backend } from '../storage/backend/backend.ts';
import type { Tx } from '../storage/bolt/tx.ts';
import { saveSnapshot } from '../storage/snap/snapshotter.ts';
import { hashDatabase } from '../storage/backend/hash.ts';
import { Buckets } from '../storage/schema/buckets.ts';
import { UNHASHED_META } from '../storage/schema/meta_bucket.ts';
import { autoCompactor } from './auto_compactor.ts';
import type { Bootstrapped } from './bootstrap.ts';
import type { Membership } from './membership.ts';
import { purge } from './purge.ts';
import type { Position } from './raft_loop.ts';

const LOG_CALLER = 'etcdserver/server.ts';

export interface StorageKeeperOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly bootstrapped: Bootstrapped;
  readonly membership: Membership;
}

/** What compaction by the clock needs of the member. */
export interface CompactionTarget {
  revision(): number;
  compact(revision: number): void;
}

export class StorageKeeper {
  readonly #options: StorageKeeperOptions;
  readonly #log: Logger;
  #snapshotIndex: number;
  #stops: (() => void)[] = [];

  constructor(options: StorageKeeperOptions) {
    this.#options = options;
    this.#log = options.ports.log.at(LOG_CALLER);
    this.#snapshotIndex = options.bootstrapped.snapshot.index;
  }

  get backend(): Backend {
    return this.#options.bootstrapped.backend;
  }

  /** Begins the work that is done by the clock. */
  start(target: CompactionTarget): void {
    const { config, ports } = this.#options;
    const { clock } = ports;
    const interval = config.backendBatchIntervalMs || DEFAULT_BATCH_INTERVAL_MS;
    this.#purge();
    this.#stops = [
      clock.every(interval, () => {
        if (this.backend.hasChanges && !this.backend.isCommitting) this.#commit();
      }),
      clock.every(PURGE_INTERVAL_MS, () => this.#purge()),
    ];
    const compactor = autoCompactor(config.autoCompactionMode, config.autoCompactionRetention);
    if (compactor === undefined) return;
    this.#stops.push(
      clock.every(compactor.intervalMs, () => {
        const revision = compactor.look(target.revision());
        if (revision !== undefined) target.compact(revision);
      }),
    );
  }

  /** Called behind every batch of entries; the next batch waits for what it returns. */
  afterBatch(applied: Position): void | Promise<void> {
    const { backend } = this;
    if (backend.isCommitDue(1) && !backend.isCommitting) this.#commit();
    const isSnapshotDue = applied.index - this.#snapshotIndex > this.#options.config.snapshotCount;
    if (isSnapshotDue) return this.#snapshot(applied);
    // The disk does not keep up: proposals wait until it has.
    return backend.isCommitDue(MAX_UNCOMMITTED_BATCHES) ? backend.settled() : undefined;
  }

  /** A reader of a state that holds everything applied so far; end it with rollback. */
  async beginSnapshot(): Promise<Tx> {
    await this.backend.commitInBackground();
    return this.backend.beginRead();
  }

  /** Hash of the whole database. */
  async hash(): Promise<number> {
    const tx = await this.beginSnapshot();
    try {
      return hashDatabase(tx, isVolatile).hash;
    } finally {
      tx.rollback();
    }
  }

  /** Gives the room of free pages back to the file system. Other requests wait meanwhile, as on etcd. */
  async defragment(): Promise<void> {
    await this.backend.settled();
    const before = this.backend.size;
    this.#log.info('defragmenting', { path: this.backend.path, 'current-db-size-bytes': before });
    this.backend.defragment();
    this.#log.info('finished defragmenting directory', {
      path: this.backend.path,
      'current-db-size-bytes': this.backend.size,
    });
  }

  /** Ends the work by the clock, and leaves everything on the disk. Nothing is applied any more. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.backend.settled();
    this.backend.close();
    this.#options.bootstrapped.wal.close();
  }

  #commit(): void {
    this.backend.commitInBackground().catch((error: unknown) => this.#options.ports.crash(error));
  }

  // The database is committed first: a snapshot says that it holds everything up to its index.
  async #snapshot({ index, term }: Position): Promise<void> {
    const { bootstrapped, membership } = this.#options;
    const { fs, dirs, wal } = bootstrapped;
    await this.backend.commitInBackground();
    const voters = membership.cluster.members.filter((one) => !one.isLearner).map((one) => one.id);
    const learners = membership.cluster.members.filter((one) => one.isLearner).map((one) => one.id);
    const conf_state = { voters, learners, voters_outgoing: [], learners_next: [], auto_leave: false };
    saveSnapshot(fs, dirs.snap, { data: membership.encodeSnapshot(), metadata: { conf_state, index, term } });
    wal.saveSnapshot({ index, term, conf_state });
    wal.releaseTo(index);
    this.#snapshotIndex = index;
    this.#log.info('saved snapshot', { 'snapshot-index': index });
  }

  #purge(): void {
    const { config, bootstrapped } = this.#options;
    const { fs, dirs, wal } = bootstrapped;
    const log = this.#log;
    purge({ fs, directory: dirs.snap, suffix: 'snap', max: config.maxSnapshots, held: [], log });
    purge({ fs, directory: dirs.wal, suffix: 'wal', max: config.maxWals, held: wal.heldNames, log });
  }
}

// The consistent index moves with every commit, so it says nothing about what members agree on.
function isVolatile(bucket: Uint8Array, key: Uint8Array): boolean {
  return bytesToKey(bucket) === Buckets.meta && UNHASHED_META.includes(bytesToKey(key));
}
