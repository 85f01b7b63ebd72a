// The judges of watchers and leases: what they must find, and what they must not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseChecks } from '../../sim/lease_checks.ts';
import { type Piece, type SeenEvent, WatchChecks } from '../../sim/watch_checks.ts';

const kv = (text: string): Uint8Array => Buffer.from(text);
const put = (key: string, modRevision: number, prev?: string): SeenEvent => ({
  isDelete: false,
  key,
  modRevision,
  kv: kv(`${key}${modRevision}`),
  prevKv: prev === undefined ? undefined : kv(prev),
});

interface Judged {
  readonly checks: WatchChecks;
  readonly all: Piece;
  readonly one: Piece;
}

/** What is found wrong when a watcher of everything saw a@2, b@3, a@4, and `then` happens. */
function found(then: (judged: Judged) => void): string[] {
  const problems: string[] = [];
  const checks = new WatchChecks((text) => problems.push(text));
  const all = checks.begin('all', undefined, 2);
  const one = checks.begin('one', 'a', 2);
  checks.onEvents(all, [put('a', 2), put('b', 3), put('a', 4, 'a2')], true);
  then({ checks, all, one });
  checks.judge(4);
  return problems;
}

test('watchers who see an exact piece of the history are found right', () => {
  const problems = found(({ checks, one }) => {
    checks.onEvents(one, [put('a', 2)], false);
    checks.onEvents(one, [put('a', 4, 'a2')], true);
  });
  assert.deepEqual(problems, []);
});

const WRONG: readonly (readonly [name: string, then: (judged: Judged) => void, problem: RegExp])[] = [
  [
    'a revision that was left out',
    ({ checks, all }) => checks.onEvents(all, [put('a', 6)], false),
    /gets revision 6 where 5 was due/,
  ],
  [
    'a revision that comes again',
    ({ checks, all }) => checks.onEvents(all, [put('a', 4)], false),
    /gets revision 4 again/,
  ],
  [
    'revisions out of order',
    ({ checks, one }) => checks.onEvents(one, [put('a', 4), put('a', 2)], false),
    /revision 2 behind 4/,
  ],
  [
    'an event that a watcher of one key missed',
    ({ checks, one }) => checks.onEvents(one, [put('a', 4)], false),
    /one saw undefined at 2/,
  ],
  [
    'an event at the end that never came',
    ({ checks, one }) => checks.onEvents(one, [put('a', 2)], false),
    /one saw undefined at 4/,
  ],
  [
    'an event that others saw otherwise',
    ({ checks }) => checks.onEvents(checks.begin('x', undefined, 2), [put('c', 2)], false),
    /another one saw/,
  ],
  [
    'a previous value that was none',
    ({ checks, one }) => checks.onEvents(one, [put('a', 2), put('a', 4, 'a3')], true),
    /is told .* as what was before a@4/,
  ],
  [
    'a previous value that was left out',
    ({ checks, one }) => checks.onEvents(one, [put('a', 2), put('a', 4)], true),
    /is told undefined as what was before a@4/,
  ],
  ['a compaction that nobody asked for', ({ checks, one }) => checks.onCompacted(one, 3), /nobody asked for/],
  [
    'a compaction of what is not needed any more',
    ({ checks, all }) => {
      checks.onCompact(4);
      checks.onCompacted(all, 4);
    },
    /needs 5 and is told/,
  ],
];

for (const [name, then, problem] of WRONG) {
  test(`watchers: ${name} is found`, () => assert.match(found(then).join('\n'), problem));
}

/** What is found wrong with a lease of 10 s that was granted at 0 and renewed at 5 s. */
function foundOfLease(then: (checks: LeaseChecks, at: (ms: number) => void) => void): string[] {
  const problems: string[] = [];
  let now = 0;
  const checks = new LeaseChecks({ now: () => now, earlyMs: 1000, fail: (text) => problems.push(text) });
  const kept = checks.begin('k', 10, 0);
  then(checks, (ms) => {
    now = ms;
  });
  checks.onRenewed(kept, 10, 5000);
  return problems;
}

test('a lease that ends when it was promised, or a little earlier, is found right', () => {
  for (const end of [14_001, 15_000, 20_000]) {
    const problems = foundOfLease((checks, at) => {
      at(end);
      checks.onDeleted('k');
    });
    assert.deepEqual(problems, []);
  }
});

test('a lease that ends too early is found, also when the promise comes in behind its end', () => {
  const problems = foundOfLease((checks, at) => {
    at(13_999);
    checks.onDeleted('k');
  });
  assert.deepEqual(problems, ['k was renewed, but was over at 13999, it was promised until 15000']);
});
