// The log with which a member goes on alone: what stays, what is added, and what is on the disk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forceNewCluster } from '../../../final/server/force_new_cluster.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { readWal } from '../../../final/storage/wal/reader.ts';
import { Wal } from '../../../final/storage/wal/wal.ts';
import { codecs } from '../../../proto/load.ts';
import { RaftConfChangeType, RaftEntryType } from '../../../proto/schema.ts';
import type { RaftConfState, RaftEntry, RaftSnapshot } from '../../../proto/schema.ts';

const { ConfChangeAddNode, ConfChangeRemoveNode, ConfChangeAddLearnerNode } = RaftConfChangeType;
const LOCAL = 5n;

function change(Index: number, type: number, node_id: bigint): RaftEntry {
  const Data = codecs['raftpb.ConfChange'].encode({ id: 0n, type, node_id, context: undefined });
  return { Type: RaftEntryType.EntryConfChange, Term: 2, Index, Data };
}

function put(Index: number): RaftEntry {
  return { Type: RaftEntryType.EntryNormal, Term: 2, Index, Data: Uint8Array.of(Index) };
}

const MEMBERS = [
  change(1, ConfChangeAddNode, 9n),
  change(2, ConfChangeAddNode, LOCAL),
  change(3, ConfChangeAddNode, 1n),
];

/** Forces a log with these entries, and returns it as it was told and as it is found on the disk behind a power failure. */
function force(options: {
  entries: readonly RaftEntry[];
  commit: number;
  inDatabase?: number;
  snapshot?: RaftSnapshot;
}) {
  const fs = new MemFileSystem();
  fs.makeDirectory('data');
  const from = { index: options.snapshot?.metadata?.index ?? 0, term: options.snapshot?.metadata?.term ?? 0 };
  const hardState = { term: 4, vote: 9n, commit: options.commit };
  const wal = Wal.create({ fs, directory: 'data/wal', segmentBytes: 4096 }, Uint8Array.of(1), {
    hardState,
    entries: [],
  });
  if (from.index > 0) wal.saveSnapshot({ ...from, conf_state: options.snapshot?.metadata?.conf_state });
  wal.save(hardState, options.entries);
  wal.sync();
  const { inDatabase = 0, snapshot } = options;
  const content = { entries: options.entries, hardState };
  const forced = forceNewCluster({ content, snapshot, localId: LOCAL, inDatabase, wal });
  fs.crash(() => false);
  const { entries, hardState: state } = readWal(fs, 'data/wal', from);
  assert.deepEqual([entries.length, state], [forced.entries.length, forced.hardState], 'on the disk at once');
  assert.deepEqual(
    entries.map(({ Index }) => Index),
    forced.entries.map(({ Index }) => Index),
  );
  return forced;
}

function changesIn(entries: readonly RaftEntry[]): string[] {
  return entries
    .filter(({ Type }) => Type === RaftEntryType.EntryConfChange)
    .map(({ Index, Term, Data }) => {
      const { type, node_id: id } = codecs['raftpb.ConfChange'].decode(Data ?? new Uint8Array(0));
      const what = type === ConfChangeRemoveNode ? 'remove' : type === ConfChangeAddNode ? 'add' : 'learner';
      return `${Index}/${Term} ${what} ${id}`;
    });
}

function snapshotOf(voters: bigint[], learners: bigint[] = []): RaftSnapshot {
  const conf_state: RaftConfState = { voters, learners, voters_outgoing: [], learners_next: [], auto_leave: false };
  return { data: undefined, metadata: { index: 10, term: 2, conf_state } };
}

test('what is not committed is dropped, and the others are removed in the order of their IDs', () => {
  const { entries, hardState } = force({ entries: [...MEMBERS, put(4), put(5), put(6)], commit: 4 });
  assert.deepEqual(hardState, { term: 4, vote: 9n, commit: 6 });
  assert.deepEqual(
    entries.map(({ Index }) => Index),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(changesIn(entries.slice(4)), ['5/4 remove 1', '6/4 remove 9']);
});

test('what the database has was committed, also when the hard state that said so is lost', () => {
  const { entries, hardState } = force({ entries: [...MEMBERS, put(4), put(5), put(6)], commit: 3, inDatabase: 5 });
  assert.equal(hardState.commit, 7);
  assert.deepEqual(entries.slice(3, 5), [put(4), put(5)]);
  assert.deepEqual(changesIn(entries.slice(5)), ['6/4 remove 1', '7/4 remove 9']);
});

test('members are those of the snapshot and of what was committed behind it', () => {
  const snapshot = snapshotOf([1n, LOCAL, 9n]);
  const added = [
    change(11, ConfChangeRemoveNode, 1n),
    change(12, ConfChangeAddLearnerNode, 3n),
    change(13, ConfChangeAddNode, 4n),
  ];
  const { entries } = force({ entries: added, commit: 12, snapshot });
  assert.deepEqual(changesIn(entries.slice(2)), ['13/4 remove 3', '14/4 remove 9']);
});

test('a member that is in none of them adds itself first', () => {
  const { entries } = force({ entries: [], commit: 10, snapshot: snapshotOf([9n]) });
  assert.deepEqual(changesIn(entries), ['11/4 add 5', '12/4 remove 9']);
  const { context } = codecs['raftpb.ConfChange'].decode(entries[0]?.Data ?? new Uint8Array(0));
  assert.deepEqual(JSON.parse(Buffer.from(context ?? []).toString()), { id: 5, peerURLs: ['http://localhost:2380'] });
});

test('a member that is alone already gets nothing', () => {
  const { entries, hardState } = force({ entries: [put(11)], commit: 11, snapshot: snapshotOf([LOCAL]) });
  assert.deepEqual([entries.length, hardState.commit], [1, 11]);
});
