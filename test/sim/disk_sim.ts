// One member of final on a simulated disk that fails at any moment: it is started, written to by several clients at once, cut
// off in the middle of a write, a sync or a rename, and started again, several times. Whatever was acknowledged must be there
// afterwards, and beyond it only a beginning of what was under way, in order and whole.
//
//   node --import tsx test/sim/disk_sim.ts --seeds 10000 [--from 1] [--no-sync]

import { parseArgs } from 'node:util';
import { toConfig, type Config } from '../../final/etcdmain/config.ts';
import type { Logger, Ports } from '../../final/ports.ts';
import { newServer } from '../../final/server/new_server.ts';
import type { EtcdServer } from '../../final/server/server.ts';
import { MemFileSystem } from '../../final/storage/fs_mem.ts';
import { digestOf, Model, type Operation, randomOperation, send } from './operations.ts';
import { ALONE } from './alone.ts';
import { Random } from './random.ts';

const LIVES = 5;
const SEGMENT_BYTES = 8 * 1024;
const MAX_OPERATIONS = 40;
const MAX_CLIENTS = 4;
// Calls of the file system until the power fails.
const MAX_CALLS = 220;

/** The power failed; nothing that the program does after it reaches the disk. */
class PowerFailure extends Error {}

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  at: () => silent,
};

/** What a run came across, for those who want to know that it was worth it. */
interface Summary {
  readonly failures: number;
  readonly operations: number;
  readonly lost: number;
}

/** Runs one seed. Throws an Error that says what was wrong. */
async function runSeed(seed: number, options: { readonly noSync?: boolean } = {}): Promise<Summary> {
  const simulation = new Simulation(seed, options.noSync ?? false);
  for (let life = 0; life < LIVES; life++) await simulation.live();
  await simulation.live({ isLast: true });
  return simulation.summary;
}

class Simulation {
  readonly summary = { failures: 0, operations: 0, lost: 0 };
  readonly #random: Random;
  readonly #disk = new MemFileSystem();
  readonly #config: Config;
  // In the order in which they were sent, which is that of the log.
  #sent: Operation[] = [];
  #acknowledged = 0;
  #callsLeft = Number.POSITIVE_INFINITY;

  constructor(seed: number, noSync: boolean) {
    this.#random = new Random(seed);
    const flags = new Map([
      ['data-dir', 'data'],
      ['snapshot-count', String(5 + this.#random.below(30))],
      ['backend-batch-limit', String(1 + this.#random.below(30))],
      ['max-wals', '1'],
      ['max-snapshots', '2'],
      ['unsafe-no-fsync', String(noSync)],
    ]);
    this.#config = toConfig(flags);
  }

  /** Starts a member, looks whether it has everything, uses it, and lets the power fail. */
  async live({ isLast = false } = {}): Promise<void> {
    this.#callsLeft = isLast ? Number.POSITIVE_INFINITY : 1 + this.#random.below(MAX_CALLS);
    this.#disk.hook = () => {
      if (this.#callsLeft-- <= 0) throw new PowerFailure();
    };
    // When the power fails behind the back of whoever waits, nobody is answered any more.
    const failed = new Promise<never>((_, reject) => {
      this.#onCrash = reject;
    });
    try {
      await Promise.race([failed, this.#run(isLast)]);
    } catch (error) {
      // Whatever it is called by those whom it passed through.
      if (!(error instanceof PowerFailure) && this.#callsLeft >= 0) throw error;
      this.summary.failures++;
    }
    this.#crash();
  }

  async #run(isLast: boolean): Promise<void> {
    const server = await newServer(this.#config, this.#ports(), { ...ALONE, segmentBytes: SEGMENT_BYTES });
    await server.start();
    await this.#verify(server);
    await this.#use(server);
    if (isLast || this.#random.chance(0.2)) await server.stop();
  }

  // Finds the beginning of what was sent that the member has, and goes on from there.
  async #verify(server: EtcdServer): Promise<void> {
    // Revision and content of one answer: the rest of the log may be applied only now.
    const all = { key: Uint8Array.of(0), range_end: Uint8Array.of(0) };
    const { header, kvs } = await server.range({ ...NO_OPTIONS, ...all });
    const found = digestOf(header?.revision ?? 0, kvs);
    const model = new Model();
    for (let done = 0; done <= this.#sent.length; done++) {
      const expected = model.digest();
      const isSame = expected.revision === found.revision && expected.hash === found.hash;
      const next = this.#sent[done];
      if (isSame && done >= this.#acknowledged && !isRepeatedBelow(next)) {
        this.summary.lost += this.#sent.length - done;
        this.#sent = this.#sent.slice(0, done);
        this.#acknowledged = done;
        return;
      }
      if (next !== undefined) model.apply(next);
    }
    const known = `${this.#acknowledged} of ${this.#sent.length} operations were acknowledged`;
    throw new Error(`the member has revision ${found.revision}, which is no state that can be: ${known}`);
  }

  // Several clients at once: an operation is sent before those in front of it are acknowledged.
  async #use(server: EtcdServer): Promise<void> {
    const operations = this.#random.below(MAX_OPERATIONS);
    for (let i = 0; i < operations; ) {
      const clients = 1 + this.#random.below(MAX_CLIENTS);
      const under: Promise<void>[] = [];
      for (let c = 0; c < clients; c++, i++) {
        const operation = randomOperation(this.#random, this.summary.operations++);
        this.#sent.push(operation);
        const place = this.#sent.length;
        under.push(
          send(server, operation).then(() => {
            this.#acknowledged = Math.max(this.#acknowledged, place);
          }),
        );
      }
      await Promise.all(under);
      if (this.#random.chance(0.1)) await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  #onCrash: (error: PowerFailure) => void = () => {};

  #crash(): void {
    this.#disk.hook = () => {};
    const mode = this.#random.below(4);
    // All of it lost, all of it kept as after a kill, or some sectors of it.
    this.#disk.crash(() => (mode === 0 ? false : mode === 1 ? true : this.#random.chance(0.5)));
  }

  #ports(): Ports {
    const clock: Ports['clock'] = {
      now: () => performance.now(),
      wall: () => 1_700_000_000_000,
      every: () => () => {},
      soon: (task) => void setImmediate(task),
      sleep: () => Promise.resolve(),
    };
    const crash = (error: unknown): never => {
      const failure = error instanceof PowerFailure ? error : new PowerFailure(String(error), { cause: error });
      this.#onCrash(failure);
      throw failure;
    };
    const random = (below: number): number => this.#random.below(below);
    return { clock, random, fs: this.#disk.session(), log: silent, crash };
  }
}

const NO_OPTIONS = {
  limit: 0,
  revision: 0,
  sort_order: 0,
  sort_target: 0,
  serializable: false,
  keys_only: false,
  count_only: false,
  min_mod_revision: 0,
  max_mod_revision: 0,
  min_create_revision: 0,
  max_create_revision: 0,
} as const;

// An operation that changes nothing makes two beginnings look alike: the longer one is meant.
function isRepeatedBelow(next: Operation | undefined): boolean {
  return next?.kind === 'compact';
}

// A promise that nobody waits for any more, because its process is gone, is no mistake.
process.on('unhandledRejection', (error) => {
  if (error instanceof PowerFailure) return;
  console.error(error);
  process.exit(1);
});

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      'no-sync': { type: 'boolean', default: false },
    },
  });
  const from = Number(values.from);
  const totals = { failures: 0, operations: 0, lost: 0 };
  for (let seed = from; seed < from + Number(values.seeds); seed++) {
    try {
      const summary = await runSeed(seed, { noSync: values['no-sync'] });
      totals.failures += summary.failures;
      totals.operations += summary.operations;
      totals.lost += summary.lost;
    } catch (error) {
      console.log(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      process.exitCode = 1;
    }
  }
  const { failures, operations, lost } = totals;
  console.log(
    `${values.seeds} seeds: ${operations} operations, ${failures} power failures, ${lost} unacknowledged lost`,
  );
}
