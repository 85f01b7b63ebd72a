// Kills a real process of final with SIGKILL at random moments under load, and looks whether anything that it acknowledged is
// gone, anything is half there, or a revision means two things.
//
//   node --import tsx test/soak/kill.ts --kills 500 [--seed 1] [--target final|dist|real]

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { KV, Maintenance } from '../../proto/load.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Server } from '../harness/server.ts';
import { parseTarget, type Target } from '../harness/target.ts';
import { Random } from '../sim/random.ts';

const WRITERS = 8;
const KEYS = 40;
const MAX_LIFE_MS = 400;
// History is thrown away now and then, so that compactions are interrupted too.
const COMPACT_EVERY = 5;

/** What one write put into both keys of its pair, and where it was acknowledged. */
interface Write {
  readonly pair: number;
  readonly value: string;
  revision: number | undefined;
}

/** What a run came across. */
export interface KillSummary {
  readonly kills: number;
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly unansweredThere: number;
}

/** Kills `target` so many times. Throws an AssertionError that says what was lost. */
export async function killRepeatedly(options: {
  readonly target: Target;
  readonly kills: number;
  readonly seed: number;
}): Promise<KillSummary> {
  const random = new Random(options.seed);
  const folder = makeScratch();
  const history = new History();
  try {
    for (let kill = 0; kill < options.kills; kill++) {
      const server = await Server.start(options.target, { folder, flags: { 'snapshot-count': '500' } });
      const client = server.grpc();
      await history.verify(client, `after kill ${kill}`);
      if (kill % COMPACT_EVERY === COMPACT_EVERY - 1) await history.compact(client);
      const writers = Array.from({ length: WRITERS }, () => writeUntilGone(client, history, random));
      await sleep(20 + random.below(MAX_LIFE_MS));
      server.signal('SIGKILL');
      await Promise.all(writers);
      await server.kill();
    }
    const last = await Server.start(options.target, { folder });
    await history.verify(last.grpc(), 'at the end');
    await last.stop();
    return { kills: options.kills, ...history.summary() };
  } finally {
    removeScratch(folder);
  }
}

async function writeUntilGone(client: GrpcClient, history: History, random: Random): Promise<void> {
  for (;;) {
    const write = history.begin(random.below(KEYS));
    const success = ['a', 'b'].map((side) => ({
      request_put: { key: keyOf(side, write.pair), value: Buffer.from(write.value) },
    }));
    const { response } = await client.unary(KV.methods.Txn, { success }, { deadlineMs: 5000 });
    if (response?.header === undefined) return;
    history.acknowledge(write, response.header.revision);
  }
}

function keyOf(side: string, pair: number): Buffer {
  return Buffer.from(`${side}/${String(pair).padStart(3, '0')}`);
}

class History {
  #count = 0;
  #unanswered: Write[] = [];
  #unansweredThere = 0;
  #lost = 0;
  // The acknowledged write with the highest revision of each pair.
  readonly #newest = new Map<number, Write>();
  readonly #valueAt = new Map<number, string>();
  #highest = 0;

  begin(pair: number): Write {
    const write: Write = { pair, value: `v${this.#count++}`, revision: undefined };
    this.#unanswered.push(write);
    return write;
  }

  acknowledge(write: Write, revision: number): void {
    write.revision = revision;
    this.#unanswered.splice(this.#unanswered.indexOf(write), 1);
    this.#note(write.pair, write.value, revision);
  }

  #note(pair: number, value: string, revision: number): void {
    const before = this.#valueAt.get(revision);
    assert.ok(before === undefined || before === value, `revision ${revision} was ${before} and is ${value}`);
    this.#valueAt.set(revision, value);
    this.#highest = Math.max(this.#highest, revision);
    const newest = this.#newest.get(pair);
    if (newest?.revision === undefined || newest.revision < revision) this.#newest.set(pair, { pair, value, revision });
  }

  /** Looks at everything that the member has. */
  async verify(client: GrpcClient, when: string): Promise<void> {
    const { response, message } = await client.unary(KV.methods.Range, {
      key: Buffer.from('a'),
      range_end: Buffer.from('c'),
    });
    assert.ok(response?.header, message);
    const found = new Map(response.kvs.map((kv) => [String(kv.key), kv]));
    const revision = response.header.revision;
    assert.ok(revision >= this.#highest, `${when}: revision ${revision}, but ${this.#highest} was acknowledged`);
    for (let pair = 0; pair < KEYS; pair++) {
      const [a, b] = ['a', 'b'].map((side) => found.get(String(keyOf(side, pair))));
      assert.equal(a?.mod_revision, b?.mod_revision, `${when}: pair ${pair} is half-changed`);
      const newest = this.#newest.get(pair);
      if (a === undefined) {
        assert.equal(newest, undefined, `${when}: pair ${pair} is gone`);
        continue;
      }
      assert.ok(
        a.mod_revision >= (newest?.revision ?? 0),
        `${when}: pair ${pair} is at ${a.mod_revision}, not ${newest?.revision}`,
      );
      if (a.mod_revision !== newest?.revision) this.#takeUnanswered(pair, String(a.value), when);
      this.#note(pair, String(a.value), a.mod_revision);
    }
    this.#lost += this.#unanswered.length;
    this.#unanswered = [];
  }

  // What nobody was told of may be there, but then it is something that was sent.
  #takeUnanswered(pair: number, value: string, when: string): void {
    const sent = this.#unanswered.find((write) => write.pair === pair && write.value === value);
    assert.ok(sent, `${when}: pair ${pair} has ${value}, which was not under way`);
    this.#unansweredThere++;
  }

  async compact(client: GrpcClient): Promise<void> {
    const { message } = await client.unary(KV.methods.Compact, { revision: this.#highest });
    assert.match(message, /^$|compacted/);
    await client.unary(Maintenance.methods.Status, {});
  }

  summary(): Omit<KillSummary, 'kills'> {
    return {
      acknowledged: this.#count - this.#lost - this.#unanswered.length,
      unanswered: this.#lost,
      unansweredThere: this.#unansweredThere,
    };
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string', default: 'final' },
    },
  });
  const { kills, seed, target } = values;
  const summary = await killRepeatedly({ target: parseTarget(target), kills: Number(kills), seed: Number(seed) });
  console.log(JSON.stringify(summary));
}
