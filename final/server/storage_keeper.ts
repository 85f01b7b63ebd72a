// Keeps the disk in step with what is applied: commits of the database, raft snapshots, removal of what is old, compaction by
// the clock. Mirrors the parts of etcd's etcdserver/server.go that run in the background.

import type { RaftConfState, RaftSnapshot } from '../../proto/schema.ts';
import { bytesToKey } from '../core/keys.ts';
import type { MemoryStorage } from '../core/raft/storage.ts';
import type { Config } from '../etcdmain/config.ts';
import { KEEP_LOG_AFTER_SNAPSHOT_MS, MAX_UNCOMMITTED_BATCHES, PURGE_INTERVAL_MS } from '../limits.ts';
import type { Logger, Ports } from '../ports.ts';
import { DEFAULT_BATCH_INTERVAL_MS } from '../storage/backend/backend.ts';
import type { Backend } from '../storage/backend/backend.ts';
import type { Tx } from '../storage/bolt/tx.ts';
import type { FileSystem } from '../storage/fs.ts';
import { saveSnapshot } from '../storage/snap/snapshotter.ts';
import { hashDatabase } from '../storage/backend/hash.ts';
import { removeSnapDbsBelow } from '../storage/snap/snap_db.ts';
import { Buckets } from '../storage/schema/buckets.ts';
import { readConsistentIndex, UNHASHED_META } from '../storage/schema/meta_bucket.ts';
import type { Wal } from '../storage/wal/wal.ts';
import { autoCompactor } from './auto_compactor.ts';
import type { DataDir } from './data_dir.ts';
import type { DatabaseReader } from './peer_transport.ts';
import { purge } from './purge.ts';
import type { Position } from './raft_loop.ts';
import type { MemberState } from './state.ts';

const LOG_CALLER = 'etcdserver/server.ts';

export interface StorageKeeperOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly fs: FileSystem;
  readonly dirs: DataDir;
  readonly wal: Wal;
  readonly raftStorage: MemoryStorage;
  readonly state: () => MemberState;
  readonly applied: () => Position;
  readonly confState: () => RaftConfState;
  /** Index of the snapshot from which the member goes on. */
  readonly snapshotIndex: number;
}

/** What compaction by the clock needs of the member. */
export interface CompactionTarget {
  /** Undefined while another member leads: it compacts for all. */
  revision(): number | undefined;
  compact(revision: number): void;
}

export class StorageKeeper {
  readonly #options: StorageKeeperOptions;
  readonly #log: Logger;
  #snapshotIndex: number;
  #snapshotting: Promise<void> | undefined;
  // Databases that are on their way to peers, and until when the log is kept whole for one that has arrived.
  #inFlight = 0;
  #keepLogUntil = 0;
  #stops: (() => void)[] = [];

  constructor(options: StorageKeeperOptions) {
    this.#options = options;
    this.#log = options.ports.log.at(LOG_CALLER);
    this.#snapshotIndex = options.snapshotIndex;
  }

  get backend(): Backend {
    return this.#options.state().backend;
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
        const current = target.revision();
        const revision = current === undefined ? undefined : compactor.look(current);
        if (revision !== undefined) target.compact(revision);
      }),
    );
  }

  /** Called behind every batch of entries; the next batch waits for what it returns. */
  afterApply(): void | Promise<void> {
    const { backend } = this;
    if (backend.isCommitDue(1) && !backend.isCommitting) this.#commit();
    const applied = this.#options.applied();
    const isSnapshotDue = applied.index - this.#snapshotIndex > this.#options.config.snapshotCount;
    if (isSnapshotDue && this.#snapshotting === undefined) this.#beginSnapshot(applied);
    // The disk does not keep up: proposals wait until it has.
    return backend.isCommitDue(MAX_UNCOMMITTED_BATCHES) ? backend.settled() : undefined;
  }

  /** A reader of a state that holds everything applied so far; end it with rollback. */
  async beginSnapshot(): Promise<Tx> {
    await this.backend.commitInBackground();
    return this.backend.beginRead();
  }

  /**
   * The database as it is now, with the raft snapshot that goes with it: index, term and configuration are those of the last
   * entry that is in it.
   */
  async readDatabase(): Promise<{ readonly snapshot: RaftSnapshot; readonly database: DatabaseReader }> {
    // Whoever else waited for the same commit may have begun the next one by now.
    while (this.backend.isCommitting) await this.backend.settled();
    this.backend.commit();
    const tx = this.backend.beginRead();
    const database: DatabaseReader = {
      sizeBytes: tx.sizeBytes,
      read: (offset, length) => tx.readSnapshot(offset, length),
      release: () => tx.rollback(),
    };
    return { snapshot: this.#raftSnapshot(this.#options.applied()), database };
  }

  /** A database is on its way to a peer: the log is not shortened until it is no more read. */
  beginTransfer(): void {
    this.#inFlight++;
  }

  /** It is not read any more, however it ended. */
  endTransfer(): void {
    this.#inFlight--;
  }

  /** A database has arrived: its receiver goes on from there, so the log is not shortened for a while. */
  keepLog(): void {
    this.#keepLogUntil = this.#options.ports.clock.now() + KEEP_LOG_AFTER_SNAPSHOT_MS;
  }

  /** Whether all that is in the database is applied. Soon after a restart it may not be: then it fits no raft snapshot. */
  get isCaughtUp(): boolean {
    return readConsistentIndex(this.backend).index <= this.#options.applied().index;
  }

  get transfersInFlight(): number {
    return this.#inFlight;
  }

  /** Writes the file of a snapshot that came from the leader. */
  saveReceived(snapshot: RaftSnapshot): void {
    const { fs, dirs } = this.#options;
    saveSnapshot(fs, dirs.snap, snapshot);
    this.#snapshotIndex = snapshot.metadata?.index ?? 0;
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
    while (this.backend.isCommitting) await this.backend.settled();
    const before = this.backend.size;
    this.#log.info('defragmenting', { path: this.backend.path, 'current-db-size-bytes': before });
    this.backend.defragment();
    this.#log.info('finished defragmenting directory', {
      path: this.backend.path,
      'current-db-size-bytes': this.backend.size,
    });
  }

  /** Closes the database without a commit, when nothing of it is on its way to the disk any more: another one takes its place. */
  async abandon(): Promise<void> {
    await this.#snapshotting;
    while (this.backend.isCommitting) await this.backend.settled();
    this.backend.abandon();
  }

  /** Ends the work by the clock, and leaves everything on the disk. Nothing is applied any more. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#snapshotting;
    while (this.backend.isCommitting) await this.backend.settled();
    this.backend.close();
    this.#options.wal.close();
  }

  #commit(): void {
    this.backend.commitInBackground().catch((error: unknown) => this.#options.ports.crash(error));
  }

  // What the snapshot says is taken now; entries may be applied while the database goes to the disk.
  #beginSnapshot(applied: Position): void {
    const snapshot = this.#raftSnapshot(applied);
    this.#snapshotting = this.#writeSnapshot(applied, snapshot)
      .catch((error: unknown) => this.#options.ports.crash(error))
      .finally(() => {
        this.#snapshotting = undefined;
      });
  }

  // The database is committed first: a snapshot says that it holds everything up to its index.
  async #writeSnapshot({ index, term }: Position, snapshot: RaftSnapshot): Promise<void> {
    const { fs, dirs, wal, raftStorage } = this.#options;
    await this.backend.commitInBackground();
    // The leader may have sent a newer one meanwhile.
    if (this.#snapshotIndex >= index) return;
    saveSnapshot(fs, dirs.snap, snapshot);
    wal.saveSnapshot({ index, term, conf_state: snapshot.metadata?.conf_state });
    wal.releaseTo(index);
    removeSnapDbsBelow(fs, dirs.snap, index);
    this.#snapshotIndex = index;
    raftStorage.createSnapshot(index, snapshot.metadata?.conf_state, snapshot.data);
    this.#log.info('saved snapshot', { 'snapshot-index': index });
    this.#shortenLog(index);
  }

  // Behind a snapshot some entries stay, so that a slow follower need not get the whole database.
  #shortenLog(snapshotIndex: number): void {
    const { config, raftStorage, ports } = this.#options;
    if (this.#inFlight > 0 || ports.clock.now() < this.#keepLogUntil) {
      this.#log.info('skip compaction since there is an inflight snapshot');
      return;
    }
    const index = Math.max(1, snapshotIndex - config.snapshotCatchUpEntries);
    if (index < raftStorage.firstIndex()) return;
    raftStorage.compact(index);
    this.#log.info('compacted Raft logs', { 'compact-index': index });
  }

  #raftSnapshot({ index, term }: Position): RaftSnapshot {
    const conf_state = this.#options.confState();
    return { data: this.#options.state().membership.encodeSnapshot(), metadata: { conf_state, index, term } };
  }

  #purge(): void {
    const { config, fs, dirs, wal } = this.#options;
    const log = this.#log;
    purge({ fs, directory: dirs.snap, suffix: 'snap', max: config.maxSnapshots, held: [], log });
    purge({ fs, directory: dirs.wal, suffix: 'wal', max: config.maxWals, held: wal.heldNames, log });
  }
}

// The consistent index moves with every commit, so it says nothing about what members agree on.
function isVolatile(bucket: Uint8Array, key: Uint8Array): boolean {
  return bytesToKey(bucket) === Buckets.meta && UNHASHED_META.includes(bytesToKey(key));
}
