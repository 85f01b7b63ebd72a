// Clients that use a few keys of a cluster at random and write down what they asked and what they were told, for the judges:
// linearizability, revisions that never fall for one client, and no revision that means two things.

import { setTimeout as delay } from 'node:timers/promises';
import { KV } from '../../proto/load.ts';
import type { KeyValue, ResponseHeader } from '../../proto/schema.ts';
import type { Random } from '../sim/random.ts';
import { type Action, assertLinearizable, type Operation } from './linearizable.ts';
import type { MemberClient } from './member_client.ts';

// So many keys are in use at a time; after so many operations a key is replaced, which keeps judging it cheap.
const KEYS = 20;
const OPERATIONS_PER_KEY = 400;
// A call without an answer after this is of unknown outcome, and the client turns to another member.
const CALL_LIMIT_MS = 2000;
const PAUSE_MS = 4;
const PAUSE_AFTER_FAILURE_MS = 50;

/** How a call was answered. */
interface Told {
  readonly header: ResponseHeader | undefined;
  readonly answer: Pick<Operation, 'seen' | 'succeeded'>;
  /** The value of the key afterwards, where it is known. */
  readonly after: string | undefined;
  /** Whether the header's revision is that of this write. */
  readonly isWrite: boolean;
}

/** What all clients of a run did. */
export class History {
  readonly operations: Operation[] = [];
  readonly #counts: number[] = Array.from({ length: KEYS }, () => 0);
  readonly #keys = new Set<string>();
  readonly #lastValue = new Map<string, string | undefined>();
  readonly #writeAt = new Map<number, string>();
  readonly #random: Random;
  #values = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How many operations were answered. */
  get answered(): number {
    return this.operations.filter(({ end }) => end !== undefined).length;
  }

  /**
   * One client: asks one member after the other until `isOver`, a new one when a call fails. Throws an Error when the
   * revisions that it is told contradict each other.
   */
  async run(id: number, members: () => readonly MemberClient[], isOver: () => boolean): Promise<void> {
    let at = id;
    let highest = 0;
    while (!isOver()) {
      const among = members();
      const member = among[at % among.length];
      if (member === undefined) throw new Error('a client without members');
      const told = await this.#operate(id, member);
      const revision = told?.header?.revision;
      if (told === undefined || revision === undefined) {
        at += 1;
        await delay(PAUSE_AFTER_FAILURE_MS);
        continue;
      }
      if (revision < highest) throw new Error(`client ${id} was at revision ${highest} and is told ${revision}`);
      highest = revision;
      await delay(PAUSE_MS);
    }
  }

  /** Reads every key once more, so that what was lost at the very end shows too, and judges all. */
  async judge(member: MemberClient): Promise<void> {
    for (const key of this.#keys) {
      const begin = performance.now();
      const told = await callOf(member, key, { kind: 'get' });
      if (told === undefined) throw new Error(`${member.endpoint} does not answer a read of ${key}`);
      const end = performance.now();
      this.operations.push({ client: 'last', key, action: { kind: 'get' }, begin, end, ...told.answer });
    }
    assertLinearizable(this.operations);
  }

  async #operate(client: number, member: MemberClient): Promise<Told | undefined> {
    const slot = this.#random.below(KEYS);
    const count = this.#counts[slot] ?? 0;
    this.#counts[slot] = count + 1;
    const key = `key/${slot}/${Math.floor(count / OPERATIONS_PER_KEY)}`;
    this.#keys.add(key);
    const action = this.#choose(key);
    const begin = performance.now();
    const told = await callOf(member, key, action);
    const end = told === undefined ? undefined : performance.now();
    this.operations.push({ client, key, action, begin, end, ...told?.answer });
    if (told === undefined) return undefined;
    this.#lastValue.set(key, told.after);
    if (told.isWrite) this.#noteWrite(told.header?.revision ?? 0, JSON.stringify([key, action]));
    return told;
  }

  #choose(key: string): Action {
    const roll = this.#random.below(20);
    if (roll < 8) return { kind: 'get' };
    if (roll < 14) return { kind: 'put', value: this.#newValue() };
    if (roll < 15) return { kind: 'delete' };
    return { kind: 'cas', expected: this.#lastValue.get(key), value: this.#newValue() };
  }

  #newValue(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }

  #noteWrite(revision: number, write: string): void {
    const before = this.#writeAt.get(revision);
    if (before !== undefined) throw new Error(`revision ${revision} is said to be of ${before} and of ${write}`);
    this.#writeAt.set(revision, write);
  }
}

function valueOf(kv: KeyValue | undefined): string | undefined {
  return kv === undefined ? undefined : Buffer.from(kv.value).toString();
}

/** Asks a member; undefined when it is not known what became of it. */
async function callOf(member: MemberClient, keyName: string, action: Action): Promise<Told | undefined> {
  const key = Buffer.from(keyName);
  const limit = { deadlineMs: CALL_LIMIT_MS };
  switch (action.kind) {
    case 'get': {
      const { response } = await member.unary(KV.methods.Range, { key }, limit);
      if (response === undefined) return undefined;
      const value = valueOf(response.kvs[0]);
      return { header: response.header, answer: { seen: { value } }, after: value, isWrite: false };
    }
    case 'put': {
      const request = { key, value: Buffer.from(action.value), prev_kv: true };
      const { response } = await member.unary(KV.methods.Put, request, limit);
      if (response === undefined) return undefined;
      const seen = { value: valueOf(response.prev_kv) };
      return { header: response.header, answer: { seen }, after: action.value, isWrite: true };
    }
    case 'delete': {
      const { response } = await member.unary(KV.methods.DeleteRange, { key, prev_kv: true }, limit);
      if (response === undefined) return undefined;
      const seen = { value: valueOf(response.prev_kvs[0]) };
      return { header: response.header, answer: { seen }, after: undefined, isWrite: response.deleted > 0 };
    }
    case 'cas':
      return callCas(member, key, action);
  }
}

async function callCas(
  member: MemberClient,
  key: Buffer,
  action: Extract<Action, { kind: 'cas' }>,
): Promise<Told | undefined> {
  const { expected, value } = action;
  // Comparing with the value of a key that is not there fails; that a key is not there is told by its creation.
  const compare =
    expected === undefined
      ? { result: 0, target: 1, key, create_revision: 0 }
      : { result: 0, target: 3, key, value: Buffer.from(expected) };
  const request = {
    compare: [compare],
    success: [{ request_put: { key, value: Buffer.from(value) } }],
    failure: [{ request_range: { key } }],
  };
  const { response } = await member.unary(KV.methods.Txn, request, { deadlineMs: CALL_LIMIT_MS });
  if (response === undefined) return undefined;
  if (response.succeeded) {
    return { header: response.header, answer: { succeeded: true }, after: value, isWrite: true };
  }
  const found = valueOf(response.responses[0]?.response_range?.kvs[0]);
  const answer = { succeeded: false, seen: { value: found } };
  return { header: response.header, answer, after: found, isWrite: false };
}
