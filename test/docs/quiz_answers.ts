// The answers of the quiz, worked out without the code of the step: small models that say in a few lines what the rules are.

import type { CallFacts } from '../../docs/tools/quiz/code.ts';
import type { LeaseFacts } from '../../docs/tools/quiz/lease.ts';
import type { Question } from '../../docs/tools/quiz/question.ts';
import type { CommitFacts, FollowerFacts } from '../../docs/tools/quiz/raft.ts';
import type { StoreFacts } from '../../docs/tools/quiz/store.ts';
import type { WalFacts } from '../../docs/tools/quiz/wal.ts';
import type { WatchedWrite, WatchFacts } from '../../docs/tools/quiz/watch.ts';
import type { CallGraph } from '../../docs/site/source/call_graph.ts';
import type { TsCode } from '../../docs/site/source/code.ts';

/** The right answer as a model has it; undefined for kinds whose answers are names in the code. */
export function answerOf({ kind, facts }: Question): string | undefined {
  switch (kind) {
    case 'revision':
    case 'key':
      return store(facts as StoreFacts);
    case 'wal':
      return wal(facts as WalFacts);
    case 'follower':
      return follower(facts as FollowerFacts);
    case 'commit':
      return String(commit(facts as CommitFacts));
    case 'lease':
      return String(lease(facts as LeaseFacts));
    case 'watch':
      return watch(facts as WatchFacts);
    default:
      return undefined;
  }
}

/** Why a question about the code is not sound: its answer is wrong, or another one is right as well. */
export function wrongReason(question: Question, code: TsCode, graph: CallGraph): string | undefined {
  const keyOf = (option: string): string => {
    const [, symbol = '', file = ''] = /^(\S+) \((.*)\)$/.exec(option) ?? [];
    return `${code.folder}/${file}#${symbol}`;
  };
  const bodyOf = (key: string): string => {
    const at = key.indexOf('#');
    return code.find(key.slice(0, at), key.slice(at + 1))?.symbol.node?.getText() ?? '';
  };
  const isRight = (key: string): boolean => {
    if (question.kind === 'calls') {
      const { callee } = question.facts as CallFacts;
      const name = callee.slice(Math.max(callee.lastIndexOf('#'), callee.lastIndexOf('.')) + 1);
      return bodyOf(key).includes(name) && graph.from(key).some(({ to }) => to === callee);
    }
    if (question.kind === 'log') {
      const { message } = question.facts as { message: string };
      const [longest = ''] = message.split('…').sort((a, b) => b.length - a.length);
      return bodyOf(key).includes(longest);
    }
    const { users } = question.facts as { users: readonly string[] };
    return users.includes(key);
  };
  if (!['calls', 'log', 'flag'].includes(question.kind)) return undefined;
  const right = question.options.map(keyOf).map(isRight);
  if (right.filter(Boolean).length !== 1) return `${right.filter(Boolean).length} right answers`;
  return right[question.right] === true ? undefined : 'another answer is right';
}

interface Modelled {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
}

function store({ writes, key }: StoreFacts): string {
  const keys = new Map<string, Modelled>();
  let revision = 1;
  for (const write of writes) {
    if (write.kind === 'put') {
      revision++;
      const old = keys.get(write.key);
      keys.set(write.key, { create: old?.create ?? revision, mod: revision, version: (old?.version ?? 0) + 1 });
    } else {
      const doomed = [...keys.keys()].filter((one) => covers(write, one));
      if (doomed.length > 0) revision++;
      for (const one of doomed) keys.delete(one);
    }
  }
  if (key === undefined) return String(revision);
  const { create = 0, mod = 0, version = 0 } = keys.get(key) ?? {};
  return `create_revision ${create}, mod_revision ${mod}, version ${version}`;
}

function covers({ key, end }: { readonly key: string; readonly end?: string }, one: string): boolean {
  return end === undefined ? one === key : one >= key && one < end;
}

// Records are e1 s1 e2 s2 …; the last whole one counts.
function wal({ damage: { kind, record, index } }: WalFacts): string {
  if (kind === 'flip') return 'an error, walpb: crc mismatch';
  const whole = (index - 1) * 2 + (record === 'state' ? 1 : 0) + (kind === 'end' ? 1 : 0);
  return `entries 1 to ${Math.ceil(whole / 2)}, commit ${Math.floor(whole / 2)}`;
}

function follower({ term: term0, vote: vote0, logTerms, commit: commit0, messages }: FollowerFacts): string {
  let [term, vote, commit, lead] = [term0, vote0, commit0, 0];
  const log = [...logTerms];
  for (const message of messages) {
    if (message.term < term) continue;
    if (message.term > term) [term, vote, lead] = [message.term, 0, 0];
    if (message.type === 'MsgVote') {
      const last = log.at(-1) ?? 0;
      const isUpToDate = message.logTerm > last || (message.logTerm === last && message.index >= log.length);
      if (isUpToDate && (vote === message.from || (vote === 0 && lead === 0))) vote = message.from;
      continue;
    }
    lead = message.from;
    if (message.type === 'MsgHeartbeat') {
      commit = Math.max(commit, message.commit);
      continue;
    }
    const { index, logTerm, entryTerms } = message;
    if (index > log.length || (log[index - 1] ?? 0) !== logTerm) continue;
    entryTerms.forEach((entryTerm, i) => {
      if (log[index + i] === entryTerm) return;
      log.length = index + i;
      log.push(entryTerm);
    });
    commit = Math.max(commit, Math.min(message.commit, index + entryTerms.length));
  }
  return `term ${term}, vote ${vote === 0 ? 'for nobody' : `for n${vote}`}, log up to ${log.length}, commit ${commit}`;
}

// The largest index that a majority has and whose entry is of the leader's term; else what it was.
function commit({ term, logTerms, commit: before, matches }: CommitFacts): number {
  const able = logTerms
    .map((entryTerm, i) => ({ index: i + 1, entryTerm }))
    .filter(
      ({ index, entryTerm }) =>
        entryTerm === term && matches.filter((match) => match >= index).length * 2 > matches.length,
    );
  return Math.max(before, ...able.map(({ index }) => index));
}

function lease({ ttl, minTtl, happenings, askedAtMs }: LeaseFacts): number {
  const since = happenings.at(-1)?.at ?? 0;
  return Math.floor(since + Math.max(ttl, minTtl) - askedAtMs / 1000);
}

function watch({ before, after, range, startRevision, noPut, noDelete }: WatchFacts): string {
  const events: { readonly kind: 'PUT' | 'DELETE'; readonly key: string; readonly revision: number }[] = [];
  const alive = new Set<string>();
  let revision = 1;
  const carryOut = (writes: readonly WatchedWrite[]): void => {
    for (const write of writes) {
      if (write.kind === 'put') {
        alive.add(write.key);
        events.push({ kind: 'PUT', key: write.key, revision: ++revision });
        continue;
      }
      const doomed = [...alive].filter((one) => covers(write, one)).sort();
      if (doomed.length > 0) revision++;
      for (const key of doomed) {
        alive.delete(key);
        events.push({ kind: 'DELETE', key, revision });
      }
    }
  };
  carryOut(before);
  const from = startRevision === 0 ? revision + 1 : startRevision;
  carryOut(after);
  const end = range.kind === 'interval' ? range.end : range.kind === 'single' ? `${range.key}\0` : '\u00ff';
  const seen = events.filter(
    ({ kind, key, revision: at }) =>
      at >= from && key >= range.key && key < end && !(kind === 'PUT' ? noPut : noDelete),
  );
  return seen.map(({ kind, key, revision: at }) => `${kind} ${key}@${at}`).join(', ') || 'nothing';
}
