// From a data directory to what a member starts with: a new member of a new or of a running cluster, or everything that an
// earlier run left. Mirrors etcd's etcdserver/bootstrap.go; the order is that of spec/raft.md D3 and spec/storage.md 12C.

import { codecs } from '../../proto/load.ts';
import { RaftEntryType } from '../../proto/schema.ts';
import type { RaftEntry, RaftHardState, RaftSnapshot } from '../../proto/schema.ts';
import type { Config } from '../etcdmain/config.ts';
import { REQUEST_TIMEOUT_MS } from '../limits.ts';
import type { Logger, Ports } from '../ports.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { type FileSystem, join, unsynced } from '../storage/fs.ts';
import { readConsistentIndex, resetConsistentIndex } from '../storage/schema/meta_bucket.ts';
import { loadNewest } from '../storage/snap/snapshotter.ts';
import { WalError } from '../storage/wal/errors.ts';
import { hasWal } from '../storage/wal/names.ts';
import { type SnapshotPoint, validSnapshots, type WalContent } from '../storage/wal/reader.ts';
import { repair } from '../storage/wal/repair.ts';
import { SEGMENT_BYTES, Wal } from '../storage/wal/wal.ts';
import { bootstrapCluster, type BootstrapSettings, Cluster, type Member, urlsToResolve } from './cluster.ts';
import { addMemberChange } from './conf_change.ts';
import { type DataDir, dataDirPaths, prepareDataDir } from './data_dir.ts';
import { forceNewCluster } from './force_new_cluster.ts';
import { checkNotBootstrapped, joinCluster } from './join.ts';
import { openBackend, openBackendOf } from './open_backend.ts';
import type { PeerCalls } from './peer_calls.ts';
import { resolveUrls } from './peer_urls.ts';
import type { Position } from './raft_loop.ts';
import { decodeV2Store } from './v2store.ts';

const LOG_CALLER = 'etcdserver/bootstrap.ts';
// The first entries of a log, which add the first members, are from before any election.
const BOOTSTRAP_TERM = 1;

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
  /** The newest snapshot, if there is one. */
  readonly snapshot: RaftSnapshot | undefined;
  /** Changes that the v2 store has had, up to the snapshot. */
  readonly v2Index: number;
  /** What the log holds behind the snapshot. */
  readonly entries: readonly RaftEntry[];
  readonly hardState: RaftHardState;
  /** The members of the running cluster that this one joins: it has to be reached by them before its log says who they are. */
  readonly remotes: readonly Member[];
}

export interface Progress {
  /** The last entry whose effect is in the database, or is being put there. */
  applied: Position;
}

export interface BootstrapOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly calls: PeerCalls;
  /** Size of a log segment; etcd's own unless a simulation says otherwise. */
  readonly segmentBytes?: number | undefined;
}

interface Places {
  readonly config: Config;
  readonly ports: Ports;
  readonly calls: PeerCalls;
  readonly fs: FileSystem;
  readonly dirs: DataDir;
  readonly log: Logger;
  readonly progress: Progress;
  readonly segmentBytes: number;
}

/** Opens or makes everything in the data directory. Throws an Error with etcd's text; nothing is damaged then. */
export async function bootstrap(options: BootstrapOptions): Promise<Bootstrapped> {
  const { config, ports, calls, segmentBytes = SEGMENT_BYTES } = options;
  const log = ports.log.at(LOG_CALLER);
  const fs = config.unsafeNoFsync ? unsynced(ports.fs) : ports.fs;
  const dirs = dataDirPaths(config.dataDir, config.walDir);
  prepareDataDir(fs, dirs, log);
  const progress: Progress = { applied: { index: 0, term: 0 } };
  const places: Places = { config, ports, calls, fs, dirs, log, progress, segmentBytes };
  return hasWal(fs, dirs.wal) ? oldMember(places) : newMember(places);
}

/** Where the log ends. */
export function lastPosition({
  entries,
  snapshot,
  hardState,
}: Pick<Bootstrapped, 'entries' | 'snapshot' | 'hardState'>): Position {
  const { index, term } = pointOf(snapshot);
  const last = entries.at(-1);
  return { index: last?.Index ?? index, term: Math.max(hardState.term, last?.Term ?? 0, term) };
}

/** Index and term of a snapshot; zeros without one. */
export function pointOf(snapshot: RaftSnapshot | undefined): Position {
  return { index: snapshot?.metadata?.index ?? 0, term: snapshot?.metadata?.term ?? 0 };
}

// A new cluster begins with the entries that add its members; to a running one the leader brings everything.
async function newMember(places: Places): Promise<Bootstrapped> {
  const { config, ports, fs, dirs, progress, segmentBytes } = places;
  if (config.forceNewCluster) throw new Error('--force-new-cluster needs the data directory of a member');
  const settings: BootstrapSettings = {
    name: config.name,
    initialCluster: config.initialCluster,
    token: config.initialClusterToken,
    advertisePeerUrls: config.initialAdvertisePeerUrls.map((url) => url.text),
    isJoining: config.initialClusterState === 'existing',
  };
  const { isJoining } = settings;
  const first = isJoining ? await runningCluster(places, settings) : await plannedCluster(places, settings);
  const backend = await openBackend(places);
  try {
    // A database beside a new log is older than the log, wherever it comes from.
    if (readConsistentIndex(backend).index > 0) {
      resetConsistentIndex(backend);
      backend.commit();
    }
    const { id: ClusterID, localMemberId: NodeID } = first;
    const entries = isJoining ? [] : first.members.map(additionOf);
    const term = isJoining ? 0 : BOOTSTRAP_TERM;
    const hardState = { term, vote: 0n, commit: entries.length };
    const wal = Wal.create(
      { fs, directory: dirs.wal, segmentBytes },
      codecs['etcdserverpb.Metadata'].encode({ NodeID, ClusterID }),
      { hardState, entries },
    );
    ports.log.at(LOG_CALLER).info('created a write-ahead log', { path: dirs.wal });
    const remotes = isJoining ? first.members.filter(({ id }) => id !== NodeID) : [];
    const cluster = new Cluster(first);
    const log = { wal, snapshot: undefined, v2Index: 0, entries, hardState };
    return { dirs, fs, backend, progress, cluster, isNew: true, remotes, ...log };
  } catch (error) {
    backend.abandon();
    throw error;
  }
}

async function plannedCluster({ ports, calls, log }: Places, settings: BootstrapSettings): Promise<Cluster> {
  const resolved = await resolveUrls(urlsToResolve(settings), { clock: ports.clock, log });
  const planned = bootstrapCluster(settings, resolved);
  await checkNotBootstrapped(planned, calls);
  return planned;
}

async function runningCluster({ config, ports, calls, log }: Places, settings: BootstrapSettings): Promise<Cluster> {
  const requestMs = REQUEST_TIMEOUT_MS + 2 * config.electionMs;
  return joinCluster(bootstrapCluster(settings), calls, { clock: ports.clock, log, requestMs });
}

function additionOf(member: Member, i: number): RaftEntry {
  const Data = codecs['raftpb.ConfChange'].encode(addMemberChange(0n, member));
  return { Type: RaftEntryType.EntryConfChange, Term: BOOTSTRAP_TERM, Index: i + 1, Data };
}

// Who this is stands in the log: name, token and initial cluster of the command line no longer matter.
async function oldMember(places: Places): Promise<Bootstrapped> {
  const { config, fs, dirs, log, progress } = places;
  const { snapshot, broken } = loadNewest(fs, dirs.snap, validSnapshots(fs, dirs.wal));
  for (const { name, reason } of broken)
    log.warn('renamed a snapshot that cannot be read', { path: join(dirs.snap, name), error: reason });
  const backend = await openBackendOf(pointOf(snapshot), places);
  try {
    const { wal, content } = openWal(places, pointOf(snapshot));
    const { NodeID, ClusterID } = codecs['etcdserverpb.Metadata'].decode(content.metadata ?? new Uint8Array(0));
    const cluster = new Cluster({ id: ClusterID, localMemberId: NodeID });
    const v2Index = snapshot?.data === undefined ? 0 : decodeV2Store(snapshot.data, cluster);
    progress.applied = readConsistentIndex(backend);
    const inDatabase = progress.applied.index;
    checkLogReaches(inDatabase, { ...content, snapshot });
    const { entries, hardState } = config.forceNewCluster
      ? forceNewCluster({ content, snapshot, localId: NodeID, inDatabase, wal })
      : { ...content, hardState: committedAtLeast(inDatabase, content.hardState) };
    const log = { wal, snapshot, v2Index, entries, hardState };
    return { dirs, fs, backend, progress, cluster, isNew: false, remotes: [], ...log };
  } catch (error) {
    backend.abandon();
    throw error;
  }
}

// What is in the database was committed, though the commit index, which nobody waits for, may not have reached the disk. A leader
// whose database is ahead of what it has applied sends it to nobody, and may need those whom it would have to send it to.
function committedAtLeast(index: number, hardState: RaftHardState): RaftHardState {
  return { ...hardState, commit: Math.max(hardState.commit, index) };
}

// A torn end is cut off once; what is then still wrong stays.
function openWal(
  { fs, dirs, log, segmentBytes }: Places,
  snapshot: SnapshotPoint,
): { readonly wal: Wal; readonly content: WalContent } {
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
function checkLogReaches(index: number, log: Parameters<typeof lastPosition>[0]): void {
  const last = lastPosition(log).index;
  if (index <= last) return;
  throw new Error(
    `the write-ahead log ends at entry ${last}, but the database has entry ${index}: part of the log is lost`,
  );
}
