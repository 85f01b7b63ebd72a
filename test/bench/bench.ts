// The benchmark (`npm run bench -- --help`): starts the servers side by side and gives each of them the same loads in
// turn, so that whatever else the machine does meets all of them alike.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { findH2load } from './h2load.ts';
import { measure, requestsFor, type Sample } from './load.ts';
import { HELP, type Options, parseOptions, UsageError } from './options.ts';
import { type Cell, type Column, document, formatTable, notes } from './report.ts';
import { compact, type Contestant, durability, rotated, startContestants, stopContestants } from './servers.ts';
import { VALUE_BYTES, WORKLOADS, type Workload } from './workloads.ts';

/** Before anything counts, each server gets this much of each workload: compilers and caches are warm then. */
const WARM_UP = { clients: 16, requests: 4000 } as const;
/** The first load of a kind only tells how many requests the loads that count need. */
const TRIAL_REQUESTS = 500;

/** A kind of load with its samples so far, by server. */
interface Kind {
  readonly name: string;
  readonly workload: Workload;
  readonly clients: number;
  readonly samples: Map<Contestant, Sample[]>;
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === 'help') return console.log(HELP.trimEnd());
  if (os.platform() !== 'linux') throw new Error('the benchmark reads CPU times from /proc: it needs Linux');
  findH2load();
  const contestants = await startContestants(options.servers, options.members);
  const folder = makeScratch();
  try {
    const kinds = kindsOf(options, contestants);
    await run({ kinds, contestants, options, folder });
    report({ kinds, contestants, options });
  } finally {
    removeScratch(folder);
    await stopContestants(contestants);
  }
}

function kindsOf(options: Options, contestants: readonly Contestant[]): Kind[] {
  return options.workloads.flatMap((name) => {
    const workload = WORKLOADS.get(name) as Workload;
    const samples = (): Kind['samples'] => new Map(contestants.map((contestant) => [contestant, []]));
    return options.clients.map((clients) => ({ name, workload, clients, samples: samples() }));
  });
}

async function run(bench: {
  readonly kinds: readonly Kind[];
  readonly contestants: readonly Contestant[];
  readonly options: Options;
  readonly folder: string;
}): Promise<void> {
  const { kinds, contestants, options, folder } = bench;
  for (const contestant of contestants) {
    progress(`${contestant.label}: warming up`);
    for (const workload of new Set(kinds.map((kind) => kind.workload))) {
      await load(contestant, { workload, ...WARM_UP, folder });
    }
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { workload, clients, samples } of kinds) {
      for (const contestant of rotated(contestants, round)) {
        progress(`round ${round + 1} of ${options.rounds}: ${workload.title}, ${clients} clients, ${contestant.label}`);
        const own = samples.get(contestant) as Sample[];
        const cell = { workload, clients, folder };
        const trial = { ...cell, requests: requestsFor(TRIAL_REQUESTS, 1, clients) };
        const last = own.at(-1) ?? (await load(contestant, trial));
        const requests = requestsFor(last.rate, options.seconds, clients);
        own.push(await load(contestant, { ...cell, requests }));
      }
    }
  }
  progress('');
}

async function load(
  contestant: Contestant,
  cell: { readonly workload: Workload; readonly clients: number; readonly requests: number; readonly folder: string },
): Promise<Sample> {
  const sample = await measure({ server: contestant.server, members: contestant.members, ...cell });
  if (cell.workload.isChange) await compact(contestant);
  return sample;
}

function report(bench: {
  readonly kinds: readonly Kind[];
  readonly contestants: readonly Contestant[];
  readonly options: Options;
}): void {
  const { kinds, contestants, options } = bench;
  const subject =
    contestants.find(({ name }) => name === 'final') ?? contestants.find(({ name }) => name === 'sources');
  const columns: Column[] = contestants.map((contestant) => ({
    label: contestant.label,
    durability: durability(contestant),
    isSubject: contestant === subject,
  }));
  const cells: Cell[] = kinds.flatMap(({ name, clients, samples }) =>
    [...samples].map(([{ label }, own]) => ({ workload: name, clients, server: label, samples: own })),
  );
  const cores = os.availableParallelism();
  console.log(`${formatTable(cells, columns)}\n\n${notes(columns, cores).join('\n')}`);
  const settings = {
    ...options,
    valueBytes: VALUE_BYTES,
    date: new Date().toISOString(),
    node: process.version,
    cpu: os.cpus()[0]?.model ?? '',
    cores,
  };
  const file = path.resolve(options.json);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify(document({ cells, columns, settings }), undefined, 2)}\n`);
  console.log(`numbers: ${options.json}`);
}

// One line that is written over, for someone who watches; nothing in a log.
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
