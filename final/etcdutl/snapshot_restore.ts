// Makes a data directory out of a snapshot file: the keys of the old cluster, the members of a new one. Mirrors etcd's
// etcdutl/snapshot (spec/storage.md 11C).

import { createHash } from 'node:crypto';
import { codecs } from '../../proto/load.ts';
import { RaftConfChangeType, RaftEntryType, type RaftEntry } from '../../proto/schema.ts';
import { encodeRevision } from '../core/mvcc/revision.ts';
import { parseUrl } from '../etcdmain/urls.ts';
import { Cluster, clusterId, type Member, memberId, parseInitialCluster } from '../server/cluster.ts';
import { dataDirPaths, type DataDir } from '../server/data_dir.ts';
import { encodeMember } from '../server/member_json.ts';
import { encodeV2Store } from '../server/v2store.ts';
import { Backend } from '../storage/backend/backend.ts';
import type { File, FileSystem } from '../storage/fs.ts';
import { Buckets } from '../storage/schema/buckets.ts';
import { putMember } from '../storage/schema/membership_bucket.ts';
import {
  readCompactionMarks,
  writeConfState,
  writeConsistentIndex,
  writeScheduledCompaction,
} from '../storage/schema/meta_bucket.ts';
import { saveSnapshot } from '../storage/snap/snapshotter.ts';
import { Wal } from '../storage/wal/wal.ts';
import { lastRevision } from './snapshot_status.ts';

// A snapshot is a database, which is made of sectors, and a SHA-256.
const SECTOR_BYTES = 512;
const SUM_BYTES = 32;
// At once in memory while the snapshot is copied.
const COPY_BYTES = 1024 * 1024;
// The restored members have had one election's worth of history.
const RESTORED_TERM = 1;

export interface RestoreOptions {
  readonly fs: FileSystem;
  readonly snapshot: string;
  readonly dataDir: string;
  /** Empty: inside the data directory. */
  readonly walDir: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly token: string;
  readonly advertisePeerUrls: readonly string[];
  readonly skipHashCheck: boolean;
  /** How far to raise the revision, and to mark everything before as compacted; 0 = not at all. */
  readonly bumpRevision: number;
  /** Refuse a data directory that is there even if it is empty, as etcd 3.4 did. */
  readonly needsNewDirectory?: boolean;
  /** Told of what was done, as it is done: for a log. */
  readonly onStep?: (step: RestoreStep) => void;
}

/** One thing that a restore has done, in this order; those on revisions only where there was something to do. */
export type RestoreStep =
  | { readonly kind: 'begun'; readonly dirs: DataDir }
  /** The members of the old cluster are gone. */
  | { readonly kind: 'trimmed' }
  /** What the snapshot says of compactions. */
  | { readonly kind: 'compacted'; readonly revision: number }
  | { readonly kind: 'bumped'; readonly from: number; readonly by: number }
  | { readonly kind: 'added'; readonly clusterId: bigint; readonly member: Member }
  | { readonly kind: 'done'; readonly dirs: DataDir };

/** The cluster that a restored directory belongs to. */
export interface Restored {
  readonly cluster: Cluster;
  readonly dirs: DataDir;
}

/** Restores. Throws an Error with etcd's text, or one of the file system; what was begun of the directory then stays. */
export function restoreSnapshot(options: RestoreOptions): Restored {
  const { fs, onStep = () => {} } = options;
  const cluster = newCluster(options);
  checkDataDir(options);
  const dirs = dataDirPaths(options.dataDir, options.walDir);
  if (fs.exists(dirs.wal)) throw new Error(`wal-dir "${dirs.wal}" exists`);
  onStep({ kind: 'begun', dirs });
  copySnapshot(options, dirs);
  rewriteMembership(options, cluster, dirs.db);
  for (const member of cluster.members) onStep({ kind: 'added', clusterId: cluster.id, member });
  writeLog(fs, cluster, dirs);
  onStep({ kind: 'done', dirs });
  return { cluster, dirs };
}

function checkDataDir({ fs, dataDir, needsNewDirectory = false }: RestoreOptions): void {
  if (!fs.exists(dataDir)) return;
  if (needsNewDirectory) throw new Error(`data-dir "${dataDir}" exists`);
  if (!isEmptyDirectory(fs, dataDir)) throw new Error(`data-dir "${dataDir}" not empty or could not be read`);
}

function isEmptyDirectory(fs: FileSystem, path: string): boolean {
  try {
    return fs.list(path).length === 0;
  } catch {
    return false;
  }
}

function newCluster({ name, initialCluster, token, advertisePeerUrls }: RestoreOptions): Cluster {
  const urlsByName = initialCluster === '' ? new Map<string, string[]>() : parseInitialCluster(initialCluster);
  for (const url of advertisePeerUrls) parseUrl(url);
  const own = urlsByName.get(name);
  if (own === undefined) throw new Error(`couldn't find local name "${name}" in the initial cluster configuration`);
  if ([...advertisePeerUrls].sort().join() !== [...own].sort().join()) {
    const has = own.map((url) => `${name}=${url}`).join(',');
    throw new Error(
      `--initial-cluster has ${has} but missing from --initial-advertise-peer-urls=${advertisePeerUrls.join(',')} (resolved urls: "${advertisePeerUrls.join(',')}" != "${own.join(',')}")`,
    );
  }
  const ids = [...urlsByName.values()].map((urls) => memberId(urls, token));
  const cluster = new Cluster({ id: clusterId(ids), localMemberId: memberId(own, token) });
  for (const [memberName, peerUrls] of urlsByName) {
    cluster.put({ id: memberId(peerUrls, token), name: memberName, peerUrls, clientUrls: [], isLearner: false });
  }
  return cluster;
}

function copySnapshot({ fs, snapshot, skipHashCheck }: RestoreOptions, { snap, db }: DataDir): void {
  const from = fs.open(snapshot, 'read');
  try {
    const size = from.size();
    if (size < SUM_BYTES) throw new Error(`seek ${snapshot}: invalid argument`);
    fs.makeDirectory(snap);
    const hasSum = size % SECTOR_BYTES === SUM_BYTES;
    const bytes = hasSum ? size - SUM_BYTES : size;
    const found = copyBytes(fs, { from, bytes, to: db });
    if (!hasSum && !skipHashCheck) throw new Error('snapshot missing hash but --skip-hash-check=false');
    const expected = new Uint8Array(SUM_BYTES);
    from.read(expected, bytes);
    if (hasSum && !skipHashCheck) checkSum(found, expected);
  } finally {
    from.close();
  }
}

interface Copy {
  readonly from: File;
  /** How many, from the start. */
  readonly bytes: number;
  readonly to: string;
}

// Returns the SHA-256 of what was copied.
function copyBytes(fs: FileSystem, { from, bytes, to }: Copy): Buffer {
  const sum = createHash('sha256');
  const target = fs.open(to, 'create');
  try {
    target.truncate(0);
    for (let done = 0; done < bytes; done += COPY_BYTES) {
      const chunk = new Uint8Array(Math.min(COPY_BYTES, bytes - done));
      from.read(chunk, done);
      sum.update(chunk);
      target.write(chunk, done);
    }
    target.syncData();
  } finally {
    target.close();
  }
  return sum.digest();
}

// The sums as Go prints arrays of bytes.
function checkSum(found: Buffer, expected: Uint8Array): void {
  if (found.equals(expected)) return;
  const text = (bytes: Uint8Array): string => `[${[...bytes].join(' ')}]`;
  throw new Error(`expected sha256 ${text(expected)}, got ${text(found)}`);
}

function rewriteMembership(options: RestoreOptions, cluster: Cluster, path: string): void {
  const { fs, bumpRevision, onStep = () => {} } = options;
  const index = cluster.members.length;
  const backend = new Backend({
    fs,
    file: fs.open(path, 'write'),
    path,
    beforeCommit: (it) => writeConsistentIndex(it, { index, term: RESTORED_TERM }),
  });
  try {
    for (const bucket of [Buckets.members, Buckets.membersRemoved]) clear(backend, bucket);
    for (const member of cluster.members) putMember(backend, member.id, encodeMember(member));
    writeConfState(backend, votersOf(cluster));
    onStep({ kind: 'trimmed' });
    const { finished } = readCompactionMarks(backend);
    if (finished > 0) onStep({ kind: 'compacted', revision: finished });
    if (bumpRevision > 0) onStep({ kind: 'bumped', from: bump(backend, bumpRevision), by: bumpRevision });
  } catch (error) {
    backend.abandon();
    throw error;
  }
  backend.close();
}

function clear(backend: Backend, bucket: typeof Buckets.members | typeof Buckets.membersRemoved): void {
  const keys: Uint8Array[] = [];
  backend.scan(bucket, new Uint8Array(0), (key) => {
    keys.push(key);
    return true;
  });
  for (const key of keys) backend.delete(bucket, key);
}

// Clients that have seen revisions which the snapshot does not have shall not meet them again with another meaning.
// Returns the revision that was the last before.
function bump(backend: Backend, by: number): number {
  const tx = backend.beginRead();
  const last = lastRevision(tx);
  const revision = last + by;
  tx.rollback();
  backend.put(Buckets.key, encodeRevision({ main: revision, sub: 0 }, false), new Uint8Array(0));
  writeScheduledCompaction(backend, revision);
  return last;
}

// As if the new cluster had just been begun: a log whose entries add its members, and a snapshot of them.
function writeLog(fs: FileSystem, cluster: Cluster, dirs: DataDir): void {
  const { id: ClusterID, localMemberId: NodeID, members } = cluster;
  const wal = Wal.create({ fs, directory: dirs.wal }, codecs['etcdserverpb.Metadata'].encode({ NodeID, ClusterID }));
  const entries = members.map((member, i): RaftEntry => {
    const change = {
      type: RaftConfChangeType.ConfChangeAddNode,
      node_id: member.id,
      context: Buffer.from(encodeMember(member)),
    };
    const Data = codecs['raftpb.ConfChange'].encode(change);
    return { Type: RaftEntryType.EntryConfChange, Term: RESTORED_TERM, Index: i + 1, Data };
  });
  const index = entries.length;
  wal.save({ term: RESTORED_TERM, vote: members[0]?.id ?? 0n, commit: index }, entries);
  wal.sync();
  const conf_state = {
    voters: votersOf(cluster),
    learners: [],
    voters_outgoing: [],
    learners_next: [],
    auto_leave: false,
  };
  const metadata = { conf_state, index, term: RESTORED_TERM };
  // The members have not said their names yet: only what raft has to know is in the snapshot.
  const silent = new Cluster(cluster);
  for (const member of members) silent.put({ ...member, name: '' });
  saveSnapshot(fs, dirs.snap, { data: encodeV2Store(silent, index), metadata });
  wal.saveSnapshot({ index, term: RESTORED_TERM, conf_state });
  wal.close();
}

function votersOf(cluster: Cluster): bigint[] {
  return cluster.members.map((member) => member.id);
}
