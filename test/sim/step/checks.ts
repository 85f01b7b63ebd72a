// The rules that make raft safe (figure 3 of the Raft paper, and what they rest on), checked from outside after every event. The
// checks know nothing of how raft works: they compare what members say, remember and apply.

import type { RaftEntry, RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { entriesOf, type StepRaft } from './raft_port.ts';
import { nameOf } from './values.ts';

/** A rule that does not hold any more. */
export interface Violation {
  readonly rule: keyof typeof RULES;
  /** One sentence: who did what. */
  readonly text: string;
}

/** Each rule with its name, where the Raft paper has it, and what it says. */
export const RULES = {
  electionSafety: { name: 'Election safety', section: '5.2', says: 'At most one member leads in a term.' },
  oneVote: { name: 'One vote a term', section: '5.2', says: 'A member votes for at most one candidate in a term.' },
  termRises: {
    name: 'Terms only rise',
    section: '5.1',
    says: 'A member never goes back to a term before one it spoke in.',
  },
  leaderAppendOnly: {
    name: 'Leader append-only',
    section: '5.3',
    says: 'A leader never replaces or removes entries of its own log.',
  },
  logMatching: {
    name: 'Log matching',
    section: '5.3',
    says: 'Logs that have an entry of the same index and term are the same up to it.',
  },
  leaderCompleteness: {
    name: 'Leader completeness',
    section: '5.4',
    says: 'What is committed in a term is in the log of every leader of later terms.',
  },
  commitRises: {
    name: 'Commit only rises',
    section: '5.3',
    says: 'What a member knows to be committed stays committed.',
  },
  stateMachineSafety: {
    name: 'State machine safety',
    section: '5.4.3',
    says: 'All members apply the same entries in the same order.',
  },
  raftStopped: { name: 'Raft stopped itself', section: '5', says: 'A member came upon something that cannot be.' },
} as const;

// A vote before the vote promises nothing, and a proposal that is passed on has no term.
const WITHOUT_PROMISE: readonly number[] = [
  RaftMessageType.MsgProp,
  RaftMessageType.MsgPreVote,
  RaftMessageType.MsgPreVoteResp,
];

interface Committed {
  readonly entry: RaftEntry;
  readonly by: number;
  readonly term: number;
}

/** What was last seen of a member. */
interface Seen {
  readonly role: string;
  readonly term: number;
  readonly committed: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export class Checks {
  readonly #fail: (violation: Violation) => void;
  readonly #leaderOf = new Map<number, number>();
  // Whom a member voted for in a term.
  readonly #voteOf = new Map<string, number>();
  // The highest term that a member spoke in.
  readonly #spokenTerm = new Map<number, number>();
  // What is in front of an entry of some index and term, and what is in it.
  readonly #entryOf = new Map<string, string>();
  readonly #committed: Committed[] = [];
  readonly #applied: { readonly entry: RaftEntry; readonly by: number }[] = [];
  readonly #seen = new Map<number, Seen>();
  // How many entries a member has applied in this life.
  readonly #appliedBy = new Map<number, number>();
  readonly #current = new Map<number, StepRaft>();

  /** `fail` is told of each rule that is broken. */
  constructor(fail: (violation: Violation) => void) {
    this.#fail = fail;
  }

  /** A member begins a life: what it has in memory is gone. */
  onStart(member: number, raft: StepRaft): void {
    this.#seen.delete(member);
    this.#appliedBy.set(member, 0);
    this.onChange(member, raft);
  }

  /** A member sends a message: whatever it says is a promise. */
  onSend(member: number, { type, to, term, reject }: RaftMessage): void {
    if (WITHOUT_PROMISE.includes(type)) return;
    const spoken = this.#spokenTerm.get(member) ?? 0;
    if (term < spoken) this.#break('termRises', `n${member} spoke in term ${spoken} and now speaks in term ${term}`);
    this.#spokenTerm.set(member, Math.max(term, spoken));
    if (type === RaftMessageType.MsgVote) this.#vote(member, term, member);
    else if (type === RaftMessageType.MsgVoteResp && !reject) this.#vote(member, term, Number(to));
  }

  /** A member may have another role, term, log or commit index than before. */
  onChange(member: number, raft: StepRaft): void {
    const { role, term, log } = raft;
    this.#current.set(member, raft);
    const lastIndex = log.lastIndex();
    const now = { role, term, committed: log.committed, lastIndex, lastTerm: log.term(lastIndex) };
    const before = this.#seen.get(member);
    this.#seen.set(member, now);
    const isNewLog = before?.lastIndex !== now.lastIndex || before.lastTerm !== now.lastTerm;
    if (isNewLog) this.#checkLog(member, raft);
    if (before !== undefined) this.#compare(member, before, raft);
    if (log.committed > (before?.committed ?? 0)) this.#commit(member, raft);
    if (role === 'leader' && (before?.role !== 'leader' || before.term !== term)) this.#lead(member, raft);
  }

  /** A member applies an entry. */
  onApply(member: number, entry: RaftEntry): void {
    const count = this.#appliedBy.get(member) ?? 0;
    if (entry.Index !== count + 1)
      this.#break('stateMachineSafety', `n${member} has applied ${count} entries and now applies entry ${entry.Index}`);
    this.#appliedBy.set(member, entry.Index);
    const known = this.#applied[entry.Index - 1];
    if (known === undefined) this.#applied[entry.Index - 1] = { entry, by: member };
    else if (!isSame(known.entry, entry))
      this.#break(
        'stateMachineSafety',
        `n${member} applies ${describe(entry)}, but n${known.by} has applied ${describe(known.entry)}`,
      );
  }

  #vote(member: number, term: number, candidate: number): void {
    const key = `${member} ${term}`;
    const known = this.#voteOf.get(key);
    if (known === undefined) this.#voteOf.set(key, candidate);
    else if (known !== candidate)
      this.#break('oneVote', `n${member} has voted for n${known} in term ${term} and now votes for n${candidate}`);
  }

  #compare(member: number, before: Seen, { role, term, log }: StepRaft): void {
    if (log.committed < before.committed)
      this.#break('commitRises', `n${member} knew of ${before.committed} committed entries, now of ${log.committed}`);
    if (before.role !== 'leader' || role !== 'leader' || term !== before.term) return;
    if (log.lastIndex() < before.lastIndex || log.term(before.lastIndex) !== before.lastTerm)
      this.#break('leaderAppendOnly', `n${member} leads term ${term} and its entry ${before.lastIndex} is gone`);
  }

  // By induction over the index it is enough to look at each entry and the one before it.
  #checkLog(member: number, { log }: StepRaft): void {
    let previous = 0;
    for (const entry of entriesOf(log)) {
      const { Index, Term, Data } = entry;
      const key = `${Index} ${Term}`;
      const content = `"${nameOf(Data)}" after an entry of term ${previous}`;
      const known = this.#entryOf.get(key);
      if (known === undefined) this.#entryOf.set(key, content);
      else if (known !== content)
        this.#break('logMatching', `entry ${Index} of term ${Term} is ${content} at n${member}, elsewhere ${known}`);
      previous = Term;
    }
  }

  // Whoever leads a later term already must have it too.
  #commit(member: number, { term, log }: StepRaft): void {
    const news = entriesOf(log).slice(this.#committed.length, log.committed);
    for (const entry of news) this.#committed.push({ entry, by: member, term });
    if (news.length === 0) return;
    for (const [other, raft] of this.#current) if (raft.role === 'leader') this.#checkComplete(other, raft);
  }

  #lead(member: number, raft: StepRaft): void {
    const known = this.#leaderOf.get(raft.term);
    if (known === undefined) this.#leaderOf.set(raft.term, member);
    else if (known !== member)
      this.#break('electionSafety', `n${known} has won term ${raft.term}, and now n${member} has won it too`);
    this.#checkComplete(member, raft);
  }

  #checkComplete(leader: number, raft: StepRaft): void {
    const lost = this.#committed.find(
      ({ entry, term }) => term < raft.term && raft.log.term(entry.Index) !== entry.Term,
    );
    if (lost === undefined) return;
    const { entry, by, term } = lost;
    this.#break(
      'leaderCompleteness',
      `n${leader} leads term ${raft.term} without ${describe(entry)}, which n${by} committed in term ${term}`,
    );
  }

  #break(rule: Violation['rule'], text: string): void {
    this.#fail({ rule, text });
  }
}

function isSame(a: RaftEntry, b: RaftEntry): boolean {
  return a.Term === b.Term && nameOf(a.Data) === nameOf(b.Data);
}

function describe({ Index, Term, Data }: RaftEntry): string {
  const name = nameOf(Data);
  return `entry ${Index} of term ${Term}${name === '' ? '' : ` ("${name}")`}`;
}
