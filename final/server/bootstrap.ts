// From a data directory to what a member starts with: a new one, or everything that an earlier run left. Mirrors etcd's
// etcdserver/bootstrap.go; the order is that of spec/storage.md 12C.

import { setTimeout as sleep } from 'node:timers/promises';
import { codecs } from '../../proto/load.ts';
import { RaftConfChangeType, RaftEntryType, type RaftEntry, type RaftHardState } from '../../proto/schema.ts';
import type { Config } from '../etcdmain/config.ts';
import type { Logger, Ports } from '../ports.ts';
import { Backend } from '../storage/backend/backend.ts';
import { DB } from '../storage/bolt/db.ts';
import { type FileSystem, join, unsynced } from '../storage/fs.ts';
import { readConsistentIndex, writeConsistentIndex } from '../storage/schema/meta_bucket.ts';
import { loadNewest } from '../storage/snap/snapshotter.ts';
import { WalError } from '../storage/wal/errors.ts';
import { hasWal } from '../storage/wal/names.ts';
import { type SnapshotPoint, validSnapshots, type WalContent } from '../storage/wal/reader.ts';
import { repair } from '../storage/wal/repair.ts';
import { SEGMENT_BYTES, Wal } from '../storage/wal/wal.ts';
import { bootstrapCluster, Cluster } from './cluster.ts';
import { type DataDir, dataDirPaths, prepareDataDir } from './data_dir.ts';
import { encodeMember } from './member_json.ts';
import type { Position } from './raft_loop.ts';
import { decodeV2Store } from './v2store.ts';

const LOG_CALLER = 'etcdserver/bootstrap.ts';
// The first entry of a log, which adds the first member, is from before any election.
const BOOTSTRAP_TERM = 1;
const LOCK_RETRY_MS = 50;
const LOCK_WARNING_MS = 10_000;

export interface Bootstrapped {
  readonly dirs: DataDir;
  readonly fs: FileSystem;
  /** As the snapshot has it; the entries bring it up to date. */
  readonly cluster: Cluster;
  readonly backend: Backend;
  readonly wal: Wal;
  readonly isNew: boolean;
  /** How far the log is applied; every commit of the database holds it. */
  readonly progress: Progress;
  /** The newest snapshot; index 0 = none. */
  readonly snapshot: SnapshotPoint;
  /** Changes that the v2 store has had, up to the snapshot. */
  readonly v2Index: number;
  /** What the log holds behind the snapshot. */
  readonly entries: readonly RaftEntry[];
  readonly hardState: RaftHardState;
}

export interface Progress {
  /** The last entry that is applied, or is being applied. */
  applied: Position;
}

export interface BootstrapOptions {
  readonly config: Config;
  readonly ports: Ports;
  /** Size of a log segment; etcd's own unless a simulation says otherwise. */
  readonly segmentBytes?: number | undefined;
}

/** Opens or makes everything in the data directory. Throws an Error with etcd's text; nothing is damaged then. */
export async function bootstrap({
  config,
  ports,
  segmentBytes = SEGMENT_BYTES,
}: BootstrapOptions): Promise<Bootstrapped> {
  const log = ports.log.at(LOG_CALLER);
  const fs = config.unsafeNoFsync ? unsynced(ports.fs) : ports.fs;
  const dirs = dataDirPaths(config.dataDir, config.walDir);
  prepareDataDir(fs, dirs, log);
  const isNew = !hasWal(fs, dirs.wal);
  const progress: Progress = { applied: { index: 0, term: 0 } };
  const backend = await openBackend({ config, ports, fs, dirs, progress });
  try {
    const rest = isNew ? newMember({ config, fs, dirs, segmentBytes }) : oldMember({ fs, dirs, log, segmentBytes });
    const bootstrapped = { dirs, fs, backend, isNew, progress, ...rest };
    if (!isNew) checkLogReachesDatabase(bootstrapped);
    return bootstrapped;
  } catch (error) {
    backend.abandon();
    throw error;
  }
}

/** The position of the last entry, or of the snapshot when there is none. */
export function lastPosition({ entries, snapshot, hardState }: Bootstrapped): Position {
  const index = entries.at(-1)?.Index ?? snapshot.index;
  return { index, term: Math.max(hardState.term, entries.at(-1)?.Term ?? 0, snapshot.term) };
}

interface OpenOptions extends BootstrapOptions {
  readonly fs: FileSystem;
  readonly dirs: DataDir;
  readonly progress: Progress;
}

// Whoever has the lock may be a server that is about to end; etcd waits for ever, and so does this.
async function openBackend({ config, ports, fs, dirs, progress }: OpenOptions): Promise<Backend> {
  const log = ports.log.at(LOG_CALLER);
  const begin = ports.clock.now();
  let isWarned = false;
  if (!fs.exists(dirs.db)) createDatabase(fs, dirs.db);
  const file = fs.open(dirs.db, 'write');
  while (!file.lock('exclusive')) {
    const waited = ports.clock.now() - begin;
    if (waited > LOCK_WARNING_MS && !isWarned) {
      isWarned = true;
      log.info('db file is flocked by another process, or taking too long', { path: dirs.db, took: `${waited}ms` });
    }
    await sleep(LOCK_RETRY_MS);
  }
  const backend = new Backend({
    fs,
    file,
    path: dirs.db,
    batchLimit: config.backendBatchLimit,
    beforeCommit: (it) => writeConsistentIndex(it, progress.applied),
  });
  log.info('opened backend db', { path: dirs.db, took: `${Math.round(ports.clock.now() - begin)}ms` });
  return backend;
}

// Under another name until it is whole: a crash leaves a database or none.
function createDatabase(fs: FileSystem, path: string): void {
  const temporary = `${path}.tmp.new`;
  fs.remove(temporary);
  DB.open(fs.open(temporary, 'create')).close();
  fs.rename(temporary, path);
}

type Log = Pick<Bootstrapped, 'cluster' | 'wal' | 'snapshot' | 'v2Index' | 'entries' | 'hardState'>;

interface Places {
  readonly fs: FileSystem;
  readonly dirs: DataDir;
  readonly segmentBytes: number;
}

// The log of a new member begins with the entry that adds it.
function newMember({ config, fs, dirs, segmentBytes }: Places & { readonly config: Config }): Log {
  const first = bootstrapCluster({
    name: config.name,
    initialCluster: config.initialCluster,
    initialClusterState: config.initialClusterState,
    token: config.initialClusterToken,
    advertisePeerUrls: config.initialAdvertisePeerUrls.map((url) => url.text),
  });
  const { id: ClusterID, localMemberId: NodeID } = first;
  const wal = Wal.create(
    { fs, directory: dirs.wal, segmentBytes },
    codecs['etcdserverpb.Metadata'].encode({ NodeID, ClusterID }),
  );
  const entries = first.members.map((member, i): RaftEntry => {
    const context = Buffer.from(encodeMember(member));
    const change = { type: RaftConfChangeType.ConfChangeAddNode, node_id: member.id, context };
    const Data = codecs['raftpb.ConfChange'].encode(change);
    return { Type: RaftEntryType.EntryConfChange, Term: BOOTSTRAP_TERM, Index: i + 1, Data };
  });
  const hardState = { term: BOOTSTRAP_TERM, vote: 0n, commit: entries.length };
  wal.save(hardState, entries);
  wal.sync();
  const cluster = new Cluster(first);
  return { cluster, wal, snapshot: { index: 0, term: 0 }, v2Index: 0, entries, hardState };
}

// Who this is stands in the log: name, token and initial cluster of the command line no longer matter.
function oldMember({ fs, dirs, log, segmentBytes }: Places & { readonly log: Logger }): Log {
  const { snapshot: found, broken } = loadNewest(fs, dirs.snap, validSnapshots(fs, dirs.wal));
  for (const { name, reason } of broken)
    log.warn('renamed a snapshot that cannot be read', { path: join(dirs.snap, name), error: reason });
  const snapshot = { index: found?.metadata?.index ?? 0, term: found?.metadata?.term ?? 0 };
  const { wal, content } = openWal({ fs, dirs, log, snapshot, segmentBytes });
  const { NodeID, ClusterID } = codecs['etcdserverpb.Metadata'].decode(content.metadata ?? new Uint8Array(0));
  const cluster = new Cluster({ id: ClusterID, localMemberId: NodeID });
  const v2Index = found?.data === undefined ? 0 : decodeV2Store(found.data, cluster);
  return { cluster, wal, snapshot, v2Index, entries: content.entries, hardState: content.hardState };
}

// A torn end is cut off once; what is then still wrong stays.
function openWal({
  fs,
  dirs,
  log,
  snapshot,
  segmentBytes,
}: Places & { readonly log: Logger; readonly snapshot: SnapshotPoint }): {
  readonly wal: Wal;
  readonly content: WalContent;
} {
  const options = { fs, directory: dirs.wal, segmentBytes };
  try {
    return Wal.open(options, snapshot);
  } catch (error) {
    if (!(error instanceof WalError) || error.kind !== 'UnexpectedEof') throw error;
    if (!repair(fs, dirs.wal)) throw error;
    log.info('repaired WAL', { error: error.message });
    return Wal.open(options, snapshot);
  }
}

// The database may be behind the log, never before it: new entries would get indexes that count as applied already, and so
// would be acknowledged and lost. The Go server starts all the same and swallows them (spec/storage.md 4.11).
function checkLogReachesDatabase(bootstrapped: Bootstrapped): void {
  const { index } = readConsistentIndex(bootstrapped.backend);
  const last = lastPosition(bootstrapped).index;
  if (index <= last) return;
  throw new Error(
    `the write-ahead log ends at entry ${last}, but the database has entry ${index}: part of the log is lost`,
  );
}
