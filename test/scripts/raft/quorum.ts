// Runs the scripts about quorums: what majorities and joint majorities have committed, and how they vote.

import {
  type AckedIndexer,
  majorityCommittedIndex,
  majorityVoteResult,
} from '../../../final/core/raft/quorum/majority.ts';
import { jointCommittedIndex, jointIds, jointVoteResult } from '../../../final/core/raft/quorum/joint.ts';
import { argument, type Directive, type Runner } from './datadriven.ts';

/** How bars of equal indexes are drawn: older trees give a bar only to the first of them. */
export type BarStyle = 'shared' | 'first-only';

export function quorumRunner(bars: BarStyle): Runner {
  return (directive) => (directive.command === 'vote' ? runVote(directive) : runCommitted(directive, bars));
}

interface Config {
  readonly incoming: bigint[];
  readonly outgoing: bigint[];
  readonly isJoint: boolean;
  /** All ids, in the order in which values are given to them. */
  readonly order: bigint[];
}

function configOf(directive: Directive): Config {
  const incoming = (argument(directive, 'cfg') ?? []).map(BigInt);
  const joint = argument(directive, 'cfgj');
  const outgoing = joint === undefined || joint[0] === 'zero' ? [] : joint.map(BigInt);
  const order = [...new Set([...incoming, ...outgoing])];
  return { incoming: sorted(incoming), outgoing: sorted(outgoing), isJoint: joint !== undefined, order };
}

// The given values by id; an error text when there are too few or too many.
function assign(config: Config, values: readonly string[]): Map<bigint, string> | string {
  if (values.length !== config.order.length) {
    const voters = sorted(config.order)
      .map((id) => `${id}:{}`)
      .join(' ');
    return `error: mismatched input (explicit or _) for voters map[${voters}]: [${values.join(' ')}]`;
  }
  const assigned = new Map<bigint, string>();
  for (const [i, id] of config.order.entries()) if (values[i] !== '_') assigned.set(id, values[i] as string);
  return assigned;
}

function runVote(directive: Directive): string {
  const config = configOf(directive);
  const assigned = assign(config, argument(directive, 'votes') ?? []);
  if (typeof assigned === 'string') return assigned;
  const votes = new Map([...assigned].map(([id, vote]) => [id, vote === 'y'] as const));
  if (!config.isJoint) return majorityVoteResult(config.incoming, votes);
  const result = jointVoteResult(config, votes);
  const swapped = jointVoteResult({ incoming: config.outgoing, outgoing: config.incoming }, votes);
  return result === swapped ? result : `${result}\n${swapped} <-- with the halves swapped`;
}

function runCommitted(directive: Directive, bars: BarStyle): string {
  const config = configOf(directive);
  const assigned = assign(config, argument(directive, 'idx') ?? []);
  if (typeof assigned === 'string') return assigned;
  const indexes = new Map([...assigned].map(([id, index]) => [id, Number(index)] as const));
  const acked: AckedIndexer = { ackedIndex: (id) => indexes.get(id) };
  const committed = config.isJoint
    ? jointCommittedIndex(config, acked)
    : majorityCommittedIndex(config.incoming, acked);
  const lines = [committed];
  if (config.isJoint) {
    // The halves are equal in rank, and a half joint with itself is that half.
    lines.push(jointCommittedIndex({ incoming: config.outgoing, outgoing: config.incoming }, acked));
  } else {
    lines.push(jointCommittedIndex({ incoming: config.incoming, outgoing: config.incoming }, acked));
    lines.push(jointCommittedIndex({ incoming: config.incoming, outgoing: [] }, acked));
  }
  const text = [...new Set(lines)].map((index) => (index === Number.POSITIVE_INFINITY ? '∞' : String(index)));
  return describeTable(jointIds(config), indexes, bars) + text.join('\n');
}

// A table with a bar for each voter: the longer, the further its index is ahead of others.
function describeTable(ids: readonly bigint[], indexes: ReadonlyMap<bigint, number>, bars: BarStyle): string {
  if (ids.length === 0) return '<empty majority quorum>';
  const n = ids.length;
  const ascending = [...ids].sort((a, b) => (indexes.get(a) ?? 0) - (indexes.get(b) ?? 0) || (a < b ? -1 : 1));
  const barOf = new Map<bigint, number>();
  for (const [i, id] of ascending.entries()) {
    const before = i === 0 ? undefined : (ascending[i - 1] as bigint);
    const isNew = before === undefined || (indexes.get(before) ?? 0) < (indexes.get(id) ?? 0);
    const equalBar = bars === 'shared' ? (barOf.get(before ?? id) ?? 0) : 0;
    barOf.set(id, isNew ? i : equalBar);
  }
  let text = `${' '.repeat(n)}    idx\n`;
  for (const id of ids) {
    const index = indexes.get(id);
    const bar = barOf.get(id) ?? 0;
    text += index === undefined ? `?${' '.repeat(n)}` : `${'x'.repeat(bar)}>${' '.repeat(n - bar)}`;
    text += ` ${String(index ?? 0).padStart(5)}    (id=${id})\n`;
  }
  return text;
}

function sorted(ids: readonly bigint[]): bigint[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1));
}
