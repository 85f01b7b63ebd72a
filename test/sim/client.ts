// Simulated clients of a simulated cluster: each asks one member after the other about a few keys, waits only so long, and
// writes down what it was told. Their clock is a count: every begin and every end has a number of its own.

import { codecs, type Init } from '../../proto/load.ts';
import type { Messages, ResponseHeader } from '../../proto/schema.ts';
import type { EtcdServer } from '../../final/server/server.ts';
import type { Action, Operation } from '../harness/linearizable.ts';
import { call, type CallWorld } from './call.ts';
import type { Checks } from './checks.ts';
import type { Member } from './member.ts';
import type { Random } from './random.ts';

const KEYS = 4;
const THINK_MS = 120;
// Now and then a value that fills a message alone.
const LARGE_VALUE = 2000;

/** What clients are part of. */
export interface ClientWorld extends CallWorld {
  readonly checks: Checks;
  /** Those that are members at the moment. */
  readonly members: readonly Member[];
  note(text: string): void;
  /** The next number of the clients' clock. */
  count(): number;
}

interface Told {
  readonly header: ResponseHeader | undefined;
  readonly answer: Pick<Operation, 'seen' | 'succeeded'>;
  readonly after: string | undefined;
}

export class SimClient {
  readonly id: number;
  readonly #world: ClientWorld;
  readonly #random: Random;
  readonly #lastValue = new Map<string, string | undefined>();
  #written = 0;

  constructor(world: ClientWorld, id: number, random: Random) {
    this.#world = world;
    this.id = id;
    this.#random = random;
  }

  /** Asks until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    const { scheduler } = this.#world;
    let member = this.#random.pick(this.#world.members);
    while (!isOver()) {
      await scheduler.sleep(this.#random.below(THINK_MS));
      const key = `k${this.#random.below(KEYS)}`;
      const told = await this.operate(member, key, this.#choose(key));
      if (told === undefined || this.#random.chance(0.1)) member = this.#random.pick(this.#world.members);
    }
  }

  /** One operation, written into the history. Resolves to undefined when it is not known what became of it. */
  async operate(member: Member, key: string, action: Action): Promise<Told | undefined> {
    const { checks } = this.#world;
    const { life } = member;
    if (life?.isAlive !== true || !life.isServing) return undefined;
    const begin = this.#world.count();
    this.#world.note(`client ${this.id} at ${member.name} ${begin} ${key} ${JSON.stringify(action)}`);
    const operation: Operation = { client: this.id, key, action, begin, end: undefined };
    const place = checks.history.push(operation) - 1;
    const told = await call(this.#world, life, (server) => perform(server, key, action));
    this.#world.note(`client ${this.id} at ${member.name} ${begin} is told ${JSON.stringify(told?.answer)}`);
    if (told === undefined) return undefined;
    checks.history[place] = { ...operation, end: this.#world.count(), ...told.answer };
    this.#lastValue.set(key, told.after);
    checks.answer(this.id, told.header?.revision ?? 0);
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
    this.#written += 1;
    const value = `c${this.id}-${this.#written}`;
    return this.#random.chance(0.05) ? value.padEnd(LARGE_VALUE, '.') : value;
  }
}

function requestOf<N extends keyof Messages>(name: N, init: Init<Messages[N]>): Messages[N] {
  return codecs[name].decode(codecs[name].encode(init));
}

function valueOf(kv: { readonly value: Uint8Array } | undefined): string | undefined {
  return kv === undefined ? undefined : Buffer.from(kv.value).toString();
}

async function perform(server: EtcdServer, keyName: string, action: Action): Promise<Told> {
  const key = Buffer.from(keyName);
  switch (action.kind) {
    case 'get': {
      const { header, kvs } = await server.range(requestOf('etcdserverpb.RangeRequest', { key }));
      const value = valueOf(kvs[0]);
      return { header, answer: { seen: { value } }, after: value };
    }
    case 'put': {
      const init = { key, value: Buffer.from(action.value), prev_kv: true };
      const { header, prev_kv } = await server.put(requestOf('etcdserverpb.PutRequest', init));
      return { header, answer: { seen: { value: valueOf(prev_kv) } }, after: action.value };
    }
    case 'delete': {
      const init = { key, prev_kv: true };
      const { header, prev_kvs } = await server.deleteRange(requestOf('etcdserverpb.DeleteRangeRequest', init));
      return { header, answer: { seen: { value: valueOf(prev_kvs[0]) } }, after: undefined };
    }
    case 'cas':
      return performCas(server, key, action);
  }
}

async function performCas(
  server: EtcdServer,
  key: Uint8Array,
  { expected, value }: Extract<Action, { kind: 'cas' }>,
): Promise<Told> {
  // That a key is not there is told by its creation.
  const compare =
    expected === undefined
      ? { result: 0, target: 1, key, create_revision: 0 }
      : { result: 0, target: 3, key, value: Buffer.from(expected) };
  const { header, succeeded, responses } = await server.txn(
    requestOf('etcdserverpb.TxnRequest', {
      compare: [compare],
      success: [{ request_put: { key, value: Buffer.from(value) } }],
      failure: [{ request_range: { key } }],
    }),
  );
  if (succeeded) return { header, answer: { succeeded }, after: value };
  const found = valueOf(responses[0]?.response_range?.kvs[0]);
  return { header, answer: { succeeded, seen: { value: found } }, after: found };
}
