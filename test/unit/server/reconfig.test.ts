// Which changes of the members are proposed at all. Each row says how many voters there are, who of them has started, and
// since when the others are connected; the local member is 1. Expected is what etcd 3.5.30 does (spec/raft.md D9).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorKind, EtcdError } from '../../../final/core/errors.ts';
import type { Member } from '../../../final/server/cluster.ts';
import { checkAdd, checkPromote, checkRemove, type ReconfigView } from '../../../final/server/reconfig.ts';

/** A voter: when it was connected (ms ago), or why not. */
type Voter = number | 'gone' | 'unstarted';

function member(id: number, isStarted: boolean, isLearner = false): Member {
  return { id: BigInt(id), name: isStarted ? `m${id}` : '', peerUrls: [], clientUrls: [], isLearner };
}

/** The local member and `others`, with IDs from 2 on. */
function view(others: readonly Voter[], rest: Partial<ReconfigView> = {}): ReconfigView {
  return {
    voters: [member(1, true), ...others.map((other, i) => member(i + 2, other !== 'unstarted'))],
    learners: [],
    localId: 1n,
    connectedForMs: (id) => {
      const state = others[Number(id) - 2];
      return typeof state === 'number' ? state : undefined;
    },
    strict: true,
    ...rest,
  };
}

function outcome(check: () => void): ErrorKind | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof EtcdError) return error.kind;
    throw error;
  }
}

const LONG = 5001;
const SHORT = 5000;

describe('adding a member', () => {
  const rows: readonly [string, readonly Voter[], ErrorKind | undefined, ErrorKind | undefined][] = [
    // others, of a voter, of a learner
    ['to one', [], undefined, undefined],
    ['to two that are connected', [LONG], undefined, undefined],
    ['to two that have just found each other', [SHORT], 'Unhealthy', 'Unhealthy'],
    ['to three', [LONG, LONG], undefined, undefined],
    ['to three of which one is gone', [LONG, 'gone'], 'Unhealthy', 'Unhealthy'],
    ['to five of which one is gone', [LONG, LONG, LONG, 'gone'], undefined, undefined],
    ['to five of which two are gone', [LONG, LONG, 'gone', 'gone'], 'Unhealthy', 'Unhealthy'],
    ['to two of which one has not started', ['unstarted'], 'MemberNotEnoughStarted', 'Unhealthy'],
    ['to three of which one has not started', [LONG, 'unstarted'], 'MemberNotEnoughStarted', 'Unhealthy'],
  ];
  for (const [name, others, ofVoter, ofLearner] of rows) {
    test(name, () => {
      assert.equal(
        outcome(() => checkAdd(view(others), { isLearner: false })),
        ofVoter,
      );
      assert.equal(
        outcome(() => checkAdd(view(others), { isLearner: true })),
        ofLearner,
      );
      checkAdd(view(others, { strict: false }), { isLearner: false });
    });
  }
});

describe('removing a member', () => {
  const rows: readonly [string, readonly Voter[], bigint, ErrorKind | undefined][] = [
    ['the only one', [], 1n, 'MemberNotEnoughStarted'],
    ['one of two', [LONG], 2n, undefined],
    ['itself of two', [LONG], 1n, undefined],
    ['one of two that is gone', ['gone'], 2n, undefined],
    ['itself, of two of which the other is gone', ['gone'], 1n, 'Unhealthy'],
    ['one that has just come', [SHORT, LONG], 2n, 'Unhealthy'],
    ['the one of three that is gone', [LONG, 'gone'], 3n, undefined],
    ['one of three of which another is gone', [LONG, 'gone'], 2n, 'Unhealthy'],
    ['itself, of three of which one is gone', [LONG, 'gone'], 1n, 'Unhealthy'],
    ['the started one of two', ['unstarted'], 1n, 'MemberNotEnoughStarted'],
    ['the unstarted one of two', ['unstarted'], 2n, undefined],
    ['who is no member', [LONG, LONG], 99n, undefined],
  ];
  for (const [name, others, id, expected] of rows) {
    test(name, () => {
      assert.equal(
        outcome(() => checkRemove(view(others), id)),
        expected,
      );
      checkRemove(view(others, { strict: false }), id);
    });
  }

  test('a learner, whatever else is', () => {
    checkRemove(view(['gone'], { learners: [member(9, false, true)] }), 9n);
  });
});

describe('promoting a learner', () => {
  test('one that raft does not know', () => {
    assert.equal(
      outcome(() => checkPromote(view([]), { learnerMatch: undefined, leaderMatch: 10 })),
      'MemberNotFound',
    );
  });
  test('one that has less than nine tenths of the log, also when nothing is strict', () => {
    const far = { learnerMatch: 89, leaderMatch: 100 };
    assert.equal(
      outcome(() => checkPromote(view([], { strict: false }), far)),
      'LearnerNotReady',
    );
    checkPromote(view([]), { learnerMatch: 90, leaderMatch: 100 });
  });
  test('while too few voters have started', () => {
    const ready = { learnerMatch: 10, leaderMatch: 10 };
    const few = ['unstarted', 'unstarted'] as const;
    assert.equal(
      outcome(() => checkPromote(view(few), ready)),
      'MemberNotEnoughStarted',
    );
    checkPromote(view(few, { strict: false }), ready);
    checkPromote(view(['unstarted']), ready);
  });
});
