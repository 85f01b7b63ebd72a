// Runs the scripts about configuration changes: what a change of a configuration leads to, or why it is refused.

import { Changer, type ConfigAndProgress } from '../../../final/core/raft/confchange/confchange.ts';
import { RaftError } from '../../../final/core/raft/errors.ts';
import { describeConfig, EMPTY_CONFIG } from '../../../final/core/raft/tracker/config.ts';
import type { ProgressMap } from '../../../final/core/raft/tracker/tracker.ts';
import { RaftConfChangeType, type RaftConfChangeSingle } from '../../../proto/schema.ts';
import { argument, type Directive, type Runner } from './datadriven.ts';

/** Runs one script; `firstNext` is the lowest next index of a new member: 0 in etcd 3.5, 1 in later trees. */
export function confChangeRunner(firstNext: 0 | 1): Runner {
  let current: ConfigAndProgress = { config: EMPTY_CONFIG, progress: new Map() };
  let lastIndex = 0;
  return (directive) => {
    try {
      const changer = new Changer({ ...current, maxInflight: 10, lastIndex: Math.max(lastIndex, firstNext) });
      current = change(changer, directive);
    } catch (error) {
      if (error instanceof RaftError) return error.message;
      throw error;
    } finally {
      lastIndex++;
    }
    return `${describeConfig(current.config)}\n${describeProgress(current.progress)}`;
  };
}

function change(changer: Changer, directive: Directive): ConfigAndProgress {
  const changes = parseChanges(directive.input);
  switch (directive.command) {
    case 'simple':
      return changer.simple(changes);
    case 'enter-joint':
      return changer.enterJoint(argument(directive, 'autoleave')?.[0] === 'true', changes);
    case 'leave-joint':
      if (changes.length > 0) throw new RaftError('ConfChange', 'this command takes no input');
      return changer.leaveJoint();
    default:
      throw new Error(`unknown command ${directive.command}`);
  }
}

const TYPES: Readonly<Record<string, number>> = {
  v: RaftConfChangeType.ConfChangeAddNode,
  l: RaftConfChangeType.ConfChangeAddLearnerNode,
  r: RaftConfChangeType.ConfChangeRemoveNode,
  u: RaftConfChangeType.ConfChangeUpdateNode,
};

/** Changes as words: `v1` adds a voter, `l1` a learner, `r1` removes, `u1` updates. */
export function parseChanges(input: string): RaftConfChangeSingle[] {
  return input
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const type = TYPES[word[0] as string];
      if (type === undefined) throw new Error(`unknown change ${word}`);
      return { type, node_id: BigInt(word.slice(1)) };
    });
}

/** The inverse of {@link parseChanges}. */
export function describeChanges(changes: readonly RaftConfChangeSingle[]): string {
  return changes
    .map(({ type, node_id }) => `${Object.keys(TYPES).find((letter) => TYPES[letter] === type)}${node_id}`)
    .join(' ');
}

/** A line for each member. */
export function describeProgress(members: ProgressMap): string {
  return [...members.values()]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((progress) => `${progress.id}: ${progress.describe()}\n`)
    .join('');
}
