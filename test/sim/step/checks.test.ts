// Each rule is seen to be broken: the checks are shown members that say, remember and apply what must not be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaftEntry, RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { Checks, RULES, type Violation } from './checks.ts';
import type { StepRaft } from './raft_port.ts';
import { valueOf } from './values.ts';

interface Shown {
  readonly role?: StepRaft['role'];
  readonly term?: number;
  readonly committed?: number;
  /** Terms of the entries. */
  readonly log?: readonly number[];
  readonly values?: readonly string[];
}

function entryOf(Index: number, Term: number, value = ''): RaftEntry {
  return { Index, Term, Type: 0, Data: value === '' ? undefined : valueOf(value) };
}

function raftOf({ role = 'follower', term = 1, committed = 0, log = [], values = [] }: Shown): StepRaft {
  const entries = log.map((entryTerm, i) => entryOf(i + 1, entryTerm, values[i]));
  return {
    role,
    term,
    vote: 0n,
    lead: 0n,
    electionElapsed: 0,
    log: {
      committed,
      applied: 0,
      lastIndex: () => entries.length,
      term: (index) => entries[index - 1]?.Term ?? 0,
      entriesFrom: (index) => entries.slice(index - 1),
    },
  };
}

function messageOf(type: number, term: number, to: bigint, reject = false): RaftMessage {
  const rest = { logTerm: 0, index: 0, entries: [], commit: 0, snapshot: undefined, rejectHint: 0, context: undefined };
  return { type, to, from: 1n, term, reject, ...rest };
}

function violationsOf(show: (checks: Checks) => void): Violation[] {
  const violations: Violation[] = [];
  show(new Checks((violation) => violations.push(violation)));
  return violations;
}

/** What breaks each rule that the checks find by themselves. */
const BREACHES: Readonly<Record<Exclude<Violation['rule'], 'raftStopped'>, (checks: Checks) => void>> = {
  electionSafety: (checks) => {
    checks.onChange(1, raftOf({ role: 'leader', term: 2 }));
    checks.onChange(2, raftOf({ role: 'leader', term: 2 }));
  },
  oneVote: (checks) => {
    checks.onSend(1, messageOf(RaftMessageType.MsgVoteResp, 2, 2n));
    checks.onSend(1, messageOf(RaftMessageType.MsgVoteResp, 2, 3n));
  },
  termRises: (checks) => {
    checks.onSend(1, messageOf(RaftMessageType.MsgAppResp, 3, 2n));
    checks.onSend(1, messageOf(RaftMessageType.MsgAppResp, 2, 2n));
  },
  leaderAppendOnly: (checks) => {
    checks.onChange(1, raftOf({ role: 'leader', term: 2, log: [1, 2] }));
    checks.onChange(1, raftOf({ role: 'leader', term: 2, log: [1] }));
  },
  logMatching: (checks) => {
    checks.onChange(1, raftOf({ log: [1, 1, 3] }));
    checks.onChange(2, raftOf({ log: [1, 2, 3] }));
  },
  leaderCompleteness: (checks) => {
    checks.onChange(1, raftOf({ role: 'leader', term: 1, log: [1], committed: 1 }));
    checks.onChange(2, raftOf({ role: 'leader', term: 2, log: [2] }));
  },
  commitRises: (checks) => {
    checks.onChange(1, raftOf({ log: [1, 1], committed: 2 }));
    checks.onChange(1, raftOf({ log: [1, 1], committed: 1 }));
  },
  stateMachineSafety: (checks) => {
    checks.onApply(1, entryOf(1, 1, 'a'));
    checks.onApply(2, entryOf(1, 1, 'b'));
  },
};

for (const [rule, breach] of Object.entries(BREACHES)) {
  test(`a breach is noticed, once and by its name: ${rule}`, () => {
    const violations = violationsOf(breach);
    assert.deepEqual(
      violations.map((violation) => violation.rule),
      [rule],
    );
    assert.match(violations[0]?.text ?? '', /\d/);
  });
}

test('every rule has a breach here, but for what raft notices itself', () => {
  assert.deepEqual(Object.keys(RULES).sort(), [...Object.keys(BREACHES), 'raftStopped'].sort());
});

test('a leader that was elected before an entry of an older term is committed must have it too', () => {
  const violations = violationsOf((checks) => {
    checks.onChange(2, raftOf({ role: 'leader', term: 2, log: [2] }));
    checks.onChange(1, raftOf({ role: 'leader', term: 1, log: [1], committed: 1 }));
  });
  assert.equal(violations[0]?.rule, 'leaderCompleteness');
});

test('an entry that is left out is noticed', () => {
  const violations = violationsOf((checks) => checks.onApply(1, entryOf(2, 1)));
  assert.equal(violations[0]?.rule, 'stateMachineSafety');
});

test('the same value may be under two terms, a vote may be repeated, and a start may know less of commits', () => {
  const violations = violationsOf((checks) => {
    checks.onSend(1, messageOf(RaftMessageType.MsgVoteResp, 2, 2n));
    checks.onSend(1, messageOf(RaftMessageType.MsgVoteResp, 2, 2n));
    checks.onSend(1, messageOf(RaftMessageType.MsgVoteResp, 2, 3n, true));
    checks.onSend(1, messageOf(RaftMessageType.MsgProp, 0, 3n));
    checks.onStart(1, raftOf({ log: [1, 1], values: ['a', 'b'], committed: 2 }));
    checks.onStart(1, raftOf({ log: [1, 1], values: ['a', 'b'], committed: 0 }));
    checks.onChange(1, raftOf({ log: [1, 2], values: ['a', 'b'] }));
  });
  assert.deepEqual(violations, []);
});
