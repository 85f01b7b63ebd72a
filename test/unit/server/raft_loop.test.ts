// The order around a Ready: what is on the disk before anybody is told, and before anything is applied (spec/raft.md E5).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../../final/core/raft/messages.ts';
import type { RawNode, Ready } from '../../../final/core/raft/rawnode.ts';
import type { MemoryStorage } from '../../../final/core/raft/storage.ts';
import type { PeerTransport } from '../../../final/server/peer_transport.ts';
import { RaftLoop } from '../../../final/server/raft_loop.ts';
import type { Wal } from '../../../final/storage/wal/wal.ts';
import { type RaftEntry, type RaftMessage, RaftMessageType, type RaftSnapshot } from '../../../proto/schema.ts';
import { steppedClock } from './fixture.ts';

const HARD_STATE = { term: 2, vote: 1n, commit: 1 };

function entry(Index: number): RaftEntry {
  return { Type: 0, Term: 2, Index, Data: Uint8Array.of(Index) };
}

function message(type: number, to: bigint, index = 0): RaftMessage {
  return { ...newMessage(type, to), index };
}

function ready(parts: Partial<Ready>): Ready {
  return {
    softState: undefined,
    hardState: undefined,
    readStates: [],
    entries: [],
    snapshot: undefined,
    committedEntries: [],
    messages: [],
    mustSync: (parts.entries?.length ?? 0) > 0,
    ...parts,
  };
}

interface Options {
  readonly role: string;
  readonly peers?: readonly bigint[];
  readonly removed?: readonly bigint[];
  /** How far the log is committed; 0 unless said. */
  readonly committed?: number;
  /** Begins the sync of the log in the background, and ends it when the test says so. */
  readonly heldSync?: Promise<void>;
  /** Called with each step, while it happens. */
  readonly onStep?: (step: string, loop: RaftLoop) => void;
}

// Steps that only say that there was nothing to send or to save.
const EMPTY: readonly string[] = ['send', 'save'];

/** Runs the loop over these and returns its steps in their order. */
async function steps(readies: readonly Ready[], options: Options): Promise<string[]> {
  const trace: string[] = [];
  const note = (step: string): void => {
    if (EMPTY.includes(step)) return;
    trace.push(step);
    options.onStep?.(step, loop);
  };
  const left = [...readies];
  const node = {
    role: options.role,
    committed: options.committed ?? 0,
    hasReady: () => left.length > 0,
    ready: () => left[0],
    advance: () => {
      left.shift();
      note('advance');
    },
  };
  const wal = {
    save: (state: unknown, entries: readonly RaftEntry[]) => {
      note(`save ${state === undefined ? '' : 'state '}${indexes(entries)}`.trim());
      return entries.length > 0;
    },
    saveSnapshot: ({ index }: { index: number }) => note(`log notes snapshot ${index}`),
    sync: () => note('sync'),
    syncInBackground: async () => {
      note('sync begins');
      await options.heldSync;
      note('sync ends');
    },
    releaseTo: (index: number) => note(`release ${index}`),
  };
  const storage = {
    append: (entries: readonly RaftEntry[]) => note(`append ${indexes(entries)}`),
    applySnapshot: ({ metadata }: RaftSnapshot) => note(`log begins at ${metadata?.index}`),
  };
  const transport: Partial<PeerTransport> = {
    peerIds: options.peers ?? [2n, 3n],
    send: (messages) =>
      note(`send ${messages.map(({ type, to, index }) => `${type}>${to}@${index}`).join(' ')}`.trim()),
  };
  const { clock } = steppedClock();
  const loop = new RaftLoop({
    node: node as unknown as RawNode,
    storage: storage as unknown as MemoryStorage,
    wal: wal as unknown as Wal,
    clock,
    transport: transport as PeerTransport,
    crash: (error) => {
      throw error;
    },
    hooks: {
      collect: () => note('collect'),
      onSoftState: () => note('soft state'),
      onReadState: ({ index }) => note(`read state ${index}`),
      apply: (entries) => note(`apply ${indexes(entries)}`),
      saveSnapshot: ({ metadata }) => note(`save file ${metadata?.index}`),
      installSnapshot: async ({ metadata }) => note(`install ${metadata?.index}`),
      sendSnapshot: ({ to }) => note(`database to ${to}`),
      afterReady: () => note('after'),
      isIdRemoved: (id) => options.removed?.includes(id) ?? false,
    },
  });
  loop.wake();
  await new Promise((resolve) => void setImmediate(resolve));
  await loop.stop();
  return trace;
}

function indexes(entries: readonly RaftEntry[]): string {
  return entries.map(({ Index }) => Index).join(',');
}

const { MsgApp, MsgAppResp, MsgHeartbeatResp, MsgSnap } = RaftMessageType;

test('a leader sends while it writes, and applies meanwhile', async () => {
  const one = ready({ entries: [entry(3), entry(4)], committedEntries: [entry(1)], messages: [message(MsgApp, 2n)] });
  assert.deepEqual(await steps([one], { role: 'leader' }), [
    'collect',
    `send ${MsgApp}>2@0`,
    'save 3,4',
    'sync begins',
    'apply 1',
    'sync ends',
    'append 3,4',
    'advance',
    'after',
    'collect',
  ]);
});

test('a leader that is the only voter writes what it has committed before its learners hear of it', async () => {
  const append = message(RaftMessageType.MsgApp, 2n, 4);
  const one = ready({ entries: [entry(5)], committedEntries: [entry(5)], messages: [append] });
  const trace = await steps([one], { role: 'leader', committed: 5 });
  const sent = trace.findIndex((step) => step.startsWith('send'));
  assert.ok(sent > trace.findIndex((step) => step === 'sync ends' || step === 'sync'), trace.join(', '));
});

test('a follower, and who asks for votes, sends only what is on the disk', async () => {
  const one = ready({
    hardState: HARD_STATE,
    mustSync: true,
    entries: [entry(3)],
    committedEntries: [entry(1), entry(2)],
    messages: [message(MsgAppResp, 2n, 3)],
  });
  for (const role of ['follower', 'candidate', 'pre-candidate']) {
    const trace = await steps([one], { role });
    assert.deepEqual(trace.slice(1, -2), [
      'save state 3',
      'sync begins',
      'apply 1,2',
      'sync ends',
      'append 3',
      `send ${MsgAppResp}>2@3`,
      'advance',
    ]);
  }
});

test('nothing is sent or appended before the sync has ended', async () => {
  let end = (): void => {};
  const heldSync = new Promise<void>((resolve) => {
    end = resolve;
  });
  const seen: string[] = [];
  const one = ready({
    entries: [entry(3), entry(4)],
    committedEntries: [entry(1)],
    messages: [message(MsgAppResp, 2n)],
  });
  const running = steps([one], { role: 'follower', heldSync, onStep: (step) => void seen.push(step) });
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(seen, ['collect', 'save 3,4', 'sync begins', 'apply 1']);
  end();
  assert.ok((await running).includes('advance'));
});

test('entries that are committed as they come are on the disk before they are applied', async () => {
  const one = ready({ entries: [entry(3)], committedEntries: [entry(2), entry(3)] });
  const trace = await steps([one], { role: 'leader', peers: [] });
  assert.deepEqual(trace.slice(1, -2), ['save 3', 'sync', 'apply 2,3', 'append 3', 'advance']);
  const many = ready({ entries: [entry(3), entry(4)], committedEntries: [entry(3)] });
  const background = await steps([many], { role: 'leader' });
  assert.deepEqual(background.slice(1, -2), [
    'save 3,4',
    'sync begins',
    'sync ends',
    'apply 3',
    'append 3,4',
    'advance',
  ]);
});

test('a commit index alone is written without a wait; a vote is not', async () => {
  const commit = await steps([ready({ hardState: HARD_STATE, committedEntries: [entry(1)] })], { role: 'follower' });
  assert.deepEqual(commit.slice(1, -2), ['save state', 'apply 1', 'advance']);
  const vote = await steps([ready({ hardState: HARD_STATE, mustSync: true })], { role: 'follower' });
  assert.ok(vote.includes('sync') || vote.includes('sync ends'), vote.join());
});

test('a snapshot: the file, the note in the log, the hard state, the database; then the answer', async () => {
  const metadata = { index: 9, term: 2, conf_state: undefined };
  const one = ready({
    softState: { lead: 2n, role: 'follower' },
    hardState: { ...HARD_STATE, commit: 9 },
    snapshot: { data: undefined, metadata },
    entries: [entry(10)],
    messages: [message(MsgAppResp, 2n, 9)],
  });
  assert.deepEqual(await steps([one], { role: 'follower' }), [
    'collect',
    'soft state',
    'save file 9',
    'log notes snapshot 9',
    'save state 10',
    'sync begins',
    'sync ends',
    'install 9',
    'log begins at 9',
    'release 9',
    'append 10',
    `send ${MsgAppResp}>2@9`,
    'advance',
    'after',
    'collect',
  ]);
});

test('of acknowledgements the last is sent, of read states the last is told, and nobody who was removed gets anything', async () => {
  const one = ready({
    readStates: [
      { index: 1, requestCtx: Uint8Array.of(1) },
      { index: 2, requestCtx: Uint8Array.of(2) },
    ],
    messages: [
      message(MsgAppResp, 2n, 4),
      message(MsgHeartbeatResp, 2n),
      message(MsgAppResp, 2n, 5),
      message(MsgApp, 4n),
      message(MsgHeartbeatResp, 3n),
    ],
  });
  const trace = await steps([one], { role: 'follower', removed: [4n] });
  assert.ok(trace.includes('read state 2') && !trace.includes('read state 1'));
  const sent = trace.filter((step) => step.startsWith('send'));
  assert.deepEqual(sent, [`send ${MsgHeartbeatResp}>2@0 ${MsgAppResp}>2@5 ${MsgHeartbeatResp}>3@0`]);
});

test('a snapshot message goes with the database, not with the others', async () => {
  const one = ready({ messages: [message(MsgSnap, 3n), message(MsgApp, 2n)] });
  const trace = await steps([one], { role: 'leader' });
  assert.deepEqual(trace.slice(1, 3), ['database to 3', `send ${MsgApp}>2@0`]);
});

test('Readies follow each other until there is none, and none is begun behind a stop', async () => {
  const both = [ready({}), ready({})];
  const trace = await steps(both, { role: 'follower' });
  assert.deepEqual(trace, ['collect', 'advance', 'after', 'collect', 'advance', 'after', 'collect']);
  let stopped: Promise<void> | undefined;
  const cut = await steps(both, {
    role: 'follower',
    onStep: (step, loop) => {
      if (step === 'collect') stopped = loop.stop();
    },
  });
  await stopped;
  assert.deepEqual(cut, ['collect', 'advance', 'after'], 'the Ready that was begun is done');
});
