// Questions about raft: a follower of the step's own core takes a few messages; a leader counts who has what. What then?

import { type RaftEntry, RaftEntryType, type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import type { newMessage } from '../../../steps/05-raft/core/raft/messages.ts';
import type { Raft } from '../../../steps/05-raft/core/raft/raft.ts';
import type { maybeCommit } from '../../../steps/05-raft/core/raft/replication.ts';
import { type Maker, nearNumbers } from './question.ts';
import type { SeededRandom } from './random.ts';

export interface RaftModules {
  readonly Raft: typeof Raft;
  readonly newMessage: typeof newMessage;
  readonly maybeCommit: typeof maybeCommit;
  readonly folder: string;
}

/** A message to n1, with what matters of it. */
export interface ToldMessage {
  readonly type: 'MsgVote' | 'MsgApp' | 'MsgHeartbeat';
  readonly from: number;
  readonly term: number;
  readonly index: number;
  readonly logTerm: number;
  readonly entryTerms: readonly number[];
  readonly commit: number;
}

/** A follower n1 of three members before the messages. Terms of its entries, from index 1 on. */
export interface FollowerFacts {
  readonly term: number;
  readonly vote: number;
  readonly logTerms: readonly number[];
  readonly commit: number;
  readonly messages: readonly ToldMessage[];
}

/** A leader, and up to which index each member has its log. */
export interface CommitFacts {
  readonly term: number;
  readonly logTerms: readonly number[];
  readonly commit: number;
  readonly matches: readonly number[];
}

const ELECTION_TICK = 10;

/** A maker of questions: the state of a follower after some messages. */
export function followerQuestions(modules: RaftModules): Maker {
  return (random) => {
    const facts = randomFollower(random);
    const states = runs(modules, facts);
    if (states === undefined) return undefined;
    const [before = '', ...after] = states;
    const answer = after.at(-1) ?? before;
    // What would be, had one of the messages not come.
    const without = facts.messages.flatMap(
      (_, i) => runs(modules, { ...facts, messages: facts.messages.toSpliced(i, 1) })?.at(-1) ?? [],
    );
    const wrong = [...without, ...slips(answer, facts), before];
    const told = facts.messages.map((message, i) => `  ${i + 1}. ${messageText(message)}`).join('\n');
    const start = `n1 is a follower of the cluster n1, n2, n3. ${logText(facts.logTerms)} Its state: ${before}. It takes these messages in order:`;
    const steps = after.map((state, i) => `after message ${i + 1}: ${state}`).join('; ');
    return {
      kind: 'follower',
      text: `${start}\n\n${told}\n\nWhat is its state then?`,
      answer,
      wrong,
      why: `${steps}. A higher term is taken over and ends the vote; an older one is ignored. A vote goes to whoever asks first in a term with a log that is no less up to date. An append counts only where index and term of the entry before it fit.`,
      cites: [
        `${modules.folder}/core/raft/raft.ts#Raft.step`,
        `${modules.folder}/core/raft/election.ts#handleVoteRequest`,
        `${modules.folder}/core/raft/log.ts#RaftLog.maybeAppend`,
      ],
      facts,
    };
  };
}

/** A maker of questions: how far a leader commits. */
export function commitQuestions(modules: RaftModules): Maker {
  return (random) => {
    const size = random.pick([3, 5]);
    const logTerms = randomTerms(random, random.from(5, 8));
    const term = logTerms.at(-1) ?? 1;
    const commit = random.from(0, 2);
    const last = logTerms.length;
    const matches = [last, ...Array.from({ length: size - 1 }, () => random.from(commit, last))];
    const facts: CommitFacts = { term, logTerms, commit, matches };
    const answer = String(committed(modules, facts));
    const sorted = [...matches].sort((a, b) => b - a);
    const counted = sorted[Math.floor(size / 2)] as number;
    const wrong = [counted, ...sorted, commit, ...nearNumbers(Number(answer), 0)].map(String);
    const told = matches.map((match, i) => `n${i + 1} up to ${match}`).join(', ');
    return {
      kind: 'commit',
      text: `n1 leads ${size} members in term ${term}. ${logText(logTerms)} Committed so far: ${commit}. Of this log the members have: ${told}.\n\nHow far does the leader commit now?`,
      answer,
      wrong,
      why: `A majority of ${size} is ${Math.floor(size / 2) + 1}; that many have the log up to ${counted}. A leader counts only for entries of its own term: entry ${counted} is of term ${logTerms[counted - 1] ?? 0}, the leader's is ${term}. Older entries are committed with one of its own.`,
      cites: [
        `${modules.folder}/core/raft/replication.ts#maybeCommit`,
        `${modules.folder}/core/raft/log.ts#RaftLog.maybeCommit`,
      ],
      facts,
    };
  };
}

function newRaft(
  { Raft }: RaftModules,
  members: number,
  facts: { term: number; vote: number; logTerms: readonly number[]; commit: number },
): Raft {
  const entries = facts.logTerms.map(
    (Term, i): RaftEntry => ({ Type: RaftEntryType.EntryNormal, Term, Index: i + 1, Data: new Uint8Array(1) }),
  );
  return new Raft({
    id: 1n,
    members: Array.from({ length: members }, (_, i) => BigInt(i + 1)),
    electionTick: ELECTION_TICK,
    hardState: { term: facts.term, vote: BigInt(facts.vote), commit: facts.commit },
    entries,
    random: () => 0,
  });
}

function committed(modules: RaftModules, { term, logTerms, commit, matches }: CommitFacts): number {
  const raft = newRaft(modules, matches.length, { term, vote: 1, logTerms, commit });
  raft.role = 'leader';
  for (const [i, match] of matches.entries()) {
    const progress = raft.progress.get(BigInt(i + 1));
    if (progress !== undefined) Object.assign(progress, { match, next: match + 1 });
  }
  modules.maybeCommit(raft);
  return raft.log.committed;
}

// The state at the beginning and after each message; undefined when the messages cannot come from a cluster that is sound.
function runs(modules: RaftModules, facts: FollowerFacts): string[] | undefined {
  const raft = newRaft(modules, 3, facts);
  const states = [stateText(raft)];
  try {
    for (const message of facts.messages) {
      raft.step(toMessage(modules, message));
      states.push(stateText(raft));
    }
  } catch {
    return undefined;
  }
  return states;
}

function toMessage({ newMessage }: RaftModules, told: ToldMessage): RaftMessage {
  const message = newMessage(RaftMessageType[told.type], 1n);
  const entries = told.entryTerms.map(
    (Term, i): RaftEntry => ({
      Type: RaftEntryType.EntryNormal,
      Term,
      Index: told.index + 1 + i,
      Data: new Uint8Array(1),
    }),
  );
  return Object.assign(message, {
    from: BigInt(told.from),
    term: told.term,
    index: told.index,
    logTerm: told.logTerm,
    commit: told.commit,
    entries,
  });
}

function stateText({ term, vote, log }: Raft): string {
  return describe({ term, vote: Number(vote), last: log.lastIndex(), commit: log.committed });
}

function describe({ term, vote, last, commit }: { term: number; vote: number; last: number; commit: number }): string {
  return `term ${term}, vote ${vote === 0 ? 'for nobody' : `for n${vote}`}, log up to ${last}, commit ${commit}`;
}

// The answer with one thing of it wrong.
function slips(answer: string, { messages, vote }: FollowerFacts): string[] {
  const [term = 0, last = 0, commit = 0] = [/term (\d+)/, /up to (\d+)/, /commit (\d+)/].map((one) =>
    Number(one.exec(answer)?.[1]),
  );
  const voted = Number(/for n(\d)/.exec(answer)?.[1] ?? 0);
  const highest = Math.max(term, ...messages.map((message) => message.term));
  const other = messages.find(({ type, from }) => type === 'MsgVote' && from !== voted)?.from ?? (voted === 0 ? 2 : 0);
  return [
    describe({ term, vote: other, last, commit }),
    describe({ term, vote: voted, last, commit: commit === last ? Math.max(0, commit - 1) : last }),
    describe({ term: highest === term ? term - 1 : highest, vote, last, commit }),
    describe({ term, vote: voted, last: last + 1, commit }),
    describe({ term: term + 1, vote: voted, last, commit }),
  ];
}

function randomTerms(random: SeededRandom, length: number): number[] {
  const terms = [1];
  while (terms.length < length) terms.push((terms.at(-1) as number) + (random.oneIn(3) ? 1 : 0));
  return terms;
}

function randomFollower(random: SeededRandom): FollowerFacts {
  const logTerms = randomTerms(random, random.from(2, 5));
  const term = (logTerms.at(-1) as number) + random.below(2);
  const facts = { term, vote: random.pick([0, 0, 2, 3]), logTerms, commit: random.from(0, logTerms.length) };
  // In a term one member at most leads; n1 has not seen who.
  const leaders = new Map<number, number>();
  const messages = Array.from({ length: random.from(2, 3) }, () => randomMessage(random, facts, leaders));
  return { ...facts, messages };
}

function randomMessage(
  random: SeededRandom,
  { term, logTerms, commit }: Omit<FollowerFacts, 'messages'>,
  leaders: Map<number, number>,
): ToldMessage {
  const type = random.pick(['MsgVote', 'MsgApp', 'MsgApp', 'MsgHeartbeat'] as const);
  const at = term + random.pick([-1, 0, 0, 1, 1, 2]);
  const own = Math.max(1, at);
  const last = logTerms.length;
  if (type === 'MsgVote') {
    const index = Math.max(0, last + random.pick([-1, 0, 0, 1]));
    return {
      type,
      from: random.pick([2, 3]),
      term: own,
      index,
      logTerm: logTerms[Math.min(index, last) - 1] ?? 0,
      entryTerms: [],
      commit: 0,
    };
  }
  const from = leaders.get(own) ?? random.pick([2, 3]);
  leaders.set(own, from);
  if (type === 'MsgHeartbeat')
    return { type, from, term: own, index: 0, logTerm: 0, entryTerms: [], commit: random.from(0, last) };
  const index = random.from(Math.max(0, commit - 1), last + 1);
  const logTerm = logTerms[index - 1] ?? (index === 0 ? 0 : own);
  const entryTerms = Array.from({ length: random.from(0, 2) }, () => own);
  return { type, from, term: own, index, logTerm, entryTerms, commit: random.from(0, index + entryTerms.length) };
}

function logText(terms: readonly number[]): string {
  return `The terms of its entries, from index 1 on: ${terms.join(' ')}.`;
}

function messageText({ type, from, term, index, logTerm, entryTerms, commit }: ToldMessage): string {
  const head = `${type} of n${from}, term ${term}`;
  if (type === 'MsgVote') return `${head}: its log ends at index ${index}, term ${logTerm}`;
  if (type === 'MsgHeartbeat') return `${head}: commit ${commit}`;
  const carried =
    entryTerms.length === 0
      ? 'no entries'
      : `${entryTerms.length === 1 ? 'one entry' : `${entryTerms.length} entries`} of term ${term}`;
  return `${head}: ${carried} behind index ${index}, term ${logTerm}; commit ${commit}`;
}
