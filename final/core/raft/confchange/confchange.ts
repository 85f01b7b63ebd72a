// Computes the configuration that a change leads to, and refuses changes that would not be safe. Mirrors etcd's
// raft/confchange/confchange.go.
//
// A simple change moves at most one voter: then any majority before and any majority after have a member in common. Other
// changes go through a joint configuration, in which both the incoming and the outgoing voters must agree.
//
// A Changer never changes what it is given; its result is used or dropped as a whole.

import type { RaftConfChangeSingle } from '../../../../proto/schema.ts';
import { RaftConfChangeType } from '../../../../proto/schema.ts';
import { assert, must } from '../../assert.ts';
import { RaftError } from '../errors.ts';
import { NONE } from '../messages.ts';
import { jointIds } from '../quorum/joint.ts';
import { isJoint, type TrackerConfig } from '../tracker/config.ts';
import { Progress } from '../tracker/progress.ts';
import type { ProgressMap } from '../tracker/tracker.ts';

/** A configuration together with the progress of its members. */
export interface ConfigAndProgress {
  readonly config: TrackerConfig;
  readonly progress: ProgressMap;
}

export interface ChangerOptions {
  readonly config: TrackerConfig;
  readonly progress: ProgressMap;
  readonly maxInflight: number;
  /** The last index of the log: where sending to a new member begins. */
  readonly lastIndex: number;
}

export class Changer {
  readonly #options: ChangerOptions;
  #incoming: readonly bigint[];
  #outgoing: readonly bigint[];
  #learners: readonly bigint[];
  #learnersNext: readonly bigint[];
  #autoLeave: boolean;
  readonly #progress: Map<bigint, Progress>;

  constructor(options: ChangerOptions) {
    const { config } = options;
    checkInvariants(config, options.progress);
    this.#options = options;
    this.#incoming = config.voters.incoming;
    this.#outgoing = config.voters.outgoing;
    this.#learners = config.learners;
    this.#learnersNext = config.learnersNext;
    this.#autoLeave = config.autoLeave;
    this.#progress = new Map();
    for (const [id, progress] of options.progress) this.#progress.set(id, progress.clone());
  }

  /** Applies `changes` that move at most one voter. Throws RaftError `ConfChange`. */
  simple(changes: readonly RaftConfChangeSingle[]): ConfigAndProgress {
    if (isJoint(this.#options.config)) throw refused("can't apply simple config change in joint config");
    this.#apply(changes);
    if (countDifferences(this.#options.config.voters.incoming, this.#incoming) > 1) {
      throw refused('more than one voter changed without entering joint config');
    }
    return this.#result();
  }

  /** Makes the voters the outgoing ones, and applies `changes` to the incoming ones. Throws RaftError `ConfChange`. */
  enterJoint(autoLeave: boolean, changes: readonly RaftConfChangeSingle[]): ConfigAndProgress {
    if (isJoint(this.#options.config)) throw refused('config is already joint');
    if (this.#incoming.length === 0) throw refused("can't make a zero-voter config joint");
    this.#outgoing = this.#incoming;
    this.#apply(changes);
    this.#autoLeave = autoLeave;
    return this.#result();
  }

  /** Drops the outgoing voters; those that were to become learners do. Throws RaftError `ConfChange`. */
  leaveJoint(): ConfigAndProgress {
    if (!isJoint(this.#options.config)) throw refused("can't leave a non-joint config");
    for (const id of this.#learnersNext) {
      this.#learners = withId(this.#learners, id);
      must(this.#progress.get(id), `progress of ${id}`).isLearner = true;
    }
    this.#learnersNext = [];
    for (const id of this.#outgoing) {
      if (!this.#incoming.includes(id) && !this.#learners.includes(id)) this.#progress.delete(id);
    }
    this.#outgoing = [];
    this.#autoLeave = false;
    return this.#result();
  }

  // Applies changes to the incoming voters and the learners.
  #apply(changes: readonly RaftConfChangeSingle[]): void {
    for (const { type, node_id: id } of changes) {
      // The server replaces a change that it refuses by one of the member 0.
      if (id === NONE) continue;
      if (type === RaftConfChangeType.ConfChangeAddNode) this.#makeVoter(id);
      else if (type === RaftConfChangeType.ConfChangeAddLearnerNode) this.#makeLearner(id);
      else if (type === RaftConfChangeType.ConfChangeRemoveNode) this.#remove(id);
      else if (type !== RaftConfChangeType.ConfChangeUpdateNode) throw refused(`unexpected conf type ${type}`);
    }
    if (this.#incoming.length === 0) throw refused('removed all voters');
  }

  #makeVoter(id: bigint): void {
    const progress = this.#progress.get(id) ?? this.#addProgress(id, false);
    progress.isLearner = false;
    this.#learners = withoutId(this.#learners, id);
    this.#learnersNext = withoutId(this.#learnersNext, id);
    this.#incoming = withId(this.#incoming, id);
  }

  // A voter that is still an outgoing one becomes a learner only when the joint configuration is left: until then it votes.
  #makeLearner(id: bigint): void {
    const existing = this.#progress.get(id);
    if (existing?.isLearner === true) return;
    const progress = existing ?? this.#addProgress(id, true);
    this.#remove(id);
    this.#progress.set(id, progress);
    if (this.#outgoing.includes(id)) {
      this.#learnersNext = withId(this.#learnersNext, id);
      return;
    }
    progress.isLearner = true;
    this.#learners = withId(this.#learners, id);
  }

  #remove(id: bigint): void {
    this.#incoming = withoutId(this.#incoming, id);
    this.#learners = withoutId(this.#learners, id);
    this.#learnersNext = withoutId(this.#learnersNext, id);
    if (!this.#outgoing.includes(id)) this.#progress.delete(id);
  }

  // A new member counts as active, so that the next check of the quorum does not fail for its sake.
  #addProgress(id: bigint, isLearner: boolean): Progress {
    const progress = new Progress(id, this.#options.lastIndex, isLearner, this.#options.maxInflight);
    progress.recentActive = true;
    this.#progress.set(id, progress);
    return progress;
  }

  #result(): ConfigAndProgress {
    const config: TrackerConfig = {
      voters: { incoming: this.#incoming, outgoing: this.#outgoing },
      autoLeave: this.#autoLeave,
      learners: this.#learners,
      learnersNext: this.#learnersNext,
    };
    checkInvariants(config, this.#progress);
    return { config, progress: this.#progress };
  }
}

/** Asserts the invariants of a configuration (tracker/config.ts). */
function checkInvariants(config: TrackerConfig, progress: ProgressMap): void {
  const { incoming, outgoing } = config.voters;
  for (const id of [...jointIds(config.voters), ...config.learners, ...config.learnersNext]) {
    assert(progress.has(id), `no progress for ${id}`);
  }
  for (const id of config.learnersNext) {
    assert(outgoing.includes(id), `${id} is in LearnersNext, but not Voters[1]`);
    assert(progress.get(id)?.isLearner === false, `${id} is in LearnersNext, but is already marked as learner`);
  }
  for (const id of config.learners) {
    assert(!outgoing.includes(id), `${id} is in Learners and Voters[1]`);
    assert(!incoming.includes(id), `${id} is in Learners and Voters[0]`);
    assert(progress.get(id)?.isLearner === true, `${id} is in Learners, but is not marked as learner`);
  }
  if (isJoint(config)) return;
  assert(config.learnersNext.length === 0, 'cfg.LearnersNext must be nil when not joint');
  assert(!config.autoLeave, 'AutoLeave must be false when not joint');
}

function countDifferences(a: readonly bigint[], b: readonly bigint[]): number {
  return a.filter((id) => !b.includes(id)).length + b.filter((id) => !a.includes(id)).length;
}

function withId(ids: readonly bigint[], id: bigint): readonly bigint[] {
  if (ids.includes(id)) return ids;
  return [...ids, id].sort((a, b) => (a < b ? -1 : 1));
}

function withoutId(ids: readonly bigint[], id: bigint): readonly bigint[] {
  return ids.includes(id) ? ids.filter((other) => other !== id) : ids;
}

function refused(text: string): RaftError {
  return new RaftError('ConfChange', text);
}
