// What must hold in every simulated cluster at every moment, looked at from outside: one leader a term, the same state behind the
// same entry, revisions that never fall for one client, and a history that is linearizable.

import { type RaftMessage, RaftMessageType } from '../../proto/schema.ts';
import type { Cluster } from '../../final/server/cluster.ts';
import { assertLinearizable, type Operation } from '../harness/linearizable.ts';
import type { Life } from './life.ts';
import type { Observer } from './network.ts';

/** Only a leader sends these, in its term. */
const OF_LEADERS: readonly number[] = [
  RaftMessageType.MsgApp,
  RaftMessageType.MsgHeartbeat,
  RaftMessageType.MsgSnap,
  RaftMessageType.MsgTimeoutNow,
];

/** A fact that contradicts another one. */
export class Contradiction extends Error {}

export class Checks implements Observer {
  readonly history: Operation[] = [];
  readonly #leaders = new Map<number, bigint>();
  readonly #stateAt = new Map<number, string>();
  readonly #revisionAt = new Map<number, number>();
  readonly #highestOf = new Map<number, number>();
  readonly #note: (text: string) => void;
  readonly #fail: (error: Error) => void;
  #messages = 0;

  constructor(note: (text: string) => void, fail: (error: Error) => void) {
    this.#note = note;
    this.#fail = fail;
  }

  get summary(): { readonly messages: number; readonly terms: number; readonly states: number } {
    return { messages: this.#messages, terms: this.#leaders.size, states: this.#stateAt.size };
  }

  onSend(from: bigint, { type, to, term, index, logTerm, commit, reject, entries }: RaftMessage): void {
    this.#messages += 1;
    const what = `type ${type} term ${term} index ${index}/${logTerm} commit ${commit}${reject ? ' reject' : ''}`;
    this.#note(`${hex(from)} -> ${hex(to)} ${what} entries ${entries.length}`);
    if (!OF_LEADERS.includes(type)) return;
    const leader = this.#leaders.get(term);
    if (leader === undefined) this.#leaders.set(term, from);
    else if (leader !== from) this.#contradict(`two leaders of term ${term}: ${hex(leader)} and ${hex(from)}`);
  }

  onDeliver(to: bigint, { type, from, term, index }: RaftMessage): void {
    this.#note(`${hex(to)} <- ${hex(from)} type ${type} term ${term} index ${index}`);
  }

  // Before a member serves, it goes once more through entries whose effect is in its database already.

  /** Cheap, for every event: behind the same entry the store has the same revision. */
  lookAtRevision({ name, server, isServing }: Life): void {
    if (server === undefined || !isServing) return;
    const { applied } = server.raftStatus();
    const { revision } = server.header();
    const known = this.#revisionAt.get(applied);
    if (known === undefined) this.#revisionAt.set(applied, revision);
    else if (known !== revision)
      this.#contradict(`${name} has revision ${revision} behind entry ${applied}, not ${known}`);
  }

  /** Behind the same entry the store has the same hash, and the members are the same. */
  lookAtState({ name, server, isServing }: Life): void {
    if (server === undefined || !isServing) return;
    const { applied } = server.raftStatus();
    const { hash, revision, compactRevision } = server.hashKV(0);
    const state = `revision ${revision}, compacted ${compactRevision}, hash ${hash}, members ${listed(server.cluster)}`;
    const known = this.#stateAt.get(applied);
    if (known === undefined) this.#stateAt.set(applied, state);
    else if (known !== state) this.#contradict(`behind entry ${applied}, ${name} has ${state}; another had ${known}`);
  }

  /** What a client was told. */
  answer(client: number, revision: number): void {
    const highest = this.#highestOf.get(client) ?? 0;
    if (revision < highest) this.#contradict(`client ${client} was at revision ${highest} and is told ${revision}`);
    this.#highestOf.set(client, revision);
  }

  /** At the end. */
  judgeHistory(): void {
    try {
      assertLinearizable(this.history);
    } catch (error) {
      this.#contradict((error as Error).message);
    }
  }

  #contradict(text: string): void {
    this.#fail(new Contradiction(text));
  }
}

function listed({ members, removed }: Cluster): string {
  const list = members.map(({ id, name, peerUrls, isLearner }) => {
    return `${hex(id)}${isLearner ? ' learner' : ''} ${name} ${peerUrls.join(' ')}`;
  });
  return `${list.join(', ')}; removed ${removed.map(hex).sort().join(' ')}`;
}

function hex(id: bigint): string {
  return id.toString(16).slice(0, 4);
}
