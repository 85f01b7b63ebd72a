// The watch benchmark (`npm run bench:watch -- --help`): one writer and many watchers, final beside the real etcd.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  compact,
  type Contestant,
  rotated,
  SERVER_NAMES,
  type ServerName,
  startContestants,
  stopContestants,
} from './servers.ts';
import { median } from './statistics.ts';
import {
  type Layout,
  LAYOUTS,
  measureWatch,
  PUTS_IN_FLIGHT,
  warmUp,
  type WatchCell,
  type WatchSample,
} from './watch_load.ts';

const HELP = `usage: npm run bench:watch -- [options]

Puts a key, or keys under many prefixes, and takes the events of 1, 1,000 or 10,000 watchers, at most 100 on a stream, over
ten connections, from each server in turn. Every event is checked: none missing, none twice, all in order. Needs Linux and a
real etcd: ETCD_BIN, or etcd on the PATH; ETCD35_BIN for real35.

  --servers LIST   of ${SERVER_NAMES.join(', ')} (default final,real)
  --layouts LIST   of ${LAYOUTS.join(', ')}: one key for all watchers, a prefix for each (default both)
  --watchers LIST  numbers of watchers (default 1,1000,10000)
  --seconds N      length of one measurement, about (default 3)
  --rounds N       measurements of each kind, of which the median counts (default 3)
  --quick          --seconds 0.5 --rounds 1 --watchers 1,1000, unless these are given
  --json FILE      where the numbers go (default .bench/watch.json)
  --help           this text
`;

interface Options {
  readonly servers: readonly ServerName[];
  readonly layouts: readonly Layout[];
  readonly watchers: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly json: string;
}

interface Kind {
  readonly cell: WatchCell;
  readonly samples: Map<Contestant, WatchSample[]>;
}

function parseOptions(args: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const names = { servers: text, layouts: text, watchers: text, seconds: text, rounds: text, json: text };
  const { values } = parseArgs({ args: [...args], options: { ...names, quick: flag, help: flag } });
  if (values.help) return 'help';
  const usual = values.quick ? { watchers: '1,1000', seconds: '0.5', rounds: '1' } : USUAL;
  return {
    servers: (values.servers ?? 'final,real').split(',').map((name) => oneOf('server', name, SERVER_NAMES)),
    layouts: (values.layouts ?? LAYOUTS.join(',')).split(',').map((name) => oneOf('layout', name, LAYOUTS)),
    watchers: (values.watchers ?? usual.watchers).split(',').map((number) => positive('--watchers', number)),
    seconds: positive('--seconds', values.seconds ?? usual.seconds),
    rounds: positive('--rounds', values.rounds ?? usual.rounds),
    json: values.json ?? '.bench/watch.json',
  };
}

const USUAL = { watchers: '1,1000,10000', seconds: '3', rounds: '3' };

function oneOf<T extends string>(what: string, name: string, names: readonly T[]): T {
  const found = names.find((known) => known === name);
  if (found === undefined) throw new Error(`${what} "${name}" is none of ${names.join(', ')}`);
  return found;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0) || !Number.isFinite(number)) throw new Error(`${option} "${text}" is not a number above 0`);
  return number;
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === 'help') return console.log(HELP.trimEnd());
  const contestants = await startContestants(options.servers, 1);
  const kinds: Kind[] = options.layouts.flatMap((layout) =>
    options.watchers.map((watchers) => ({
      cell: { layout, watchers },
      samples: new Map(contestants.map((contestant) => [contestant, []])),
    })),
  );
  try {
    for (const { server } of contestants) await warmUp(server);
    for (let round = 0; round < options.rounds; round++) {
      for (const { cell, samples } of kinds) {
        for (const contestant of rotated(contestants, round)) {
          samples.get(contestant)?.push(await measureWatch(contestant.server, cell, options.seconds));
          await compact(contestant);
        }
      }
    }
    report(kinds, options);
  } finally {
    await stopContestants(contestants);
  }
}

function report(kinds: readonly Kind[], options: Options): void {
  console.log(ROW.map(({ title, width }) => title.padStart(width)).join('  '));
  for (const { cell, samples } of kinds) {
    const [subject] = [...samples].find(([{ name }]) => name === 'final' || name === 'sources') ?? [];
    const own = subject === undefined ? [] : (samples.get(subject) ?? []);
    for (const [contestant, taken] of samples) {
      const line = { cell, label: contestant.label, taken, own: contestant === subject ? [] : own };
      console.log(ROW.map(({ width, show }) => show(line).padStart(width)).join('  '));
    }
  }
  const cells = kinds.map(({ cell, samples }) => ({
    ...cell,
    samples: [...samples].map(([{ label }, taken]) => ({ server: label, taken })),
  }));
  console.log(
    `\nevents/s with ${PUTS_IN_FLIGHT} puts on their way; p50 and p99 from the sending of a put to each of its events, one put at a time;\n` +
      'CPU s of the server per million events; generator: cores that the client took. Medians of the rounds; each ratio is\n' +
      `the median of those of the rounds. ${os.cpus().length} cores for all.`,
  );
  const file = path.resolve(options.json);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(
    file,
    `${JSON.stringify({ settings: options, date: new Date().toISOString(), cells }, undefined, 2)}\n`,
  );
}

interface Line {
  readonly cell: WatchCell;
  readonly label: string;
  readonly taken: readonly WatchSample[];
  /** The samples that these are compared with, of the same rounds. */
  readonly own: readonly WatchSample[];
}

const ROW: readonly { readonly title: string; readonly width: number; readonly show: (line: Line) => string }[] = [
  { title: 'layout', width: 6, show: ({ cell }) => cell.layout },
  { title: 'watchers', width: 8, show: ({ cell }) => String(cell.watchers) },
  { title: 'server', width: 14, show: ({ label }) => label },
  { title: 'events/s', width: 9, show: ({ taken }) => of(taken, 'eventsPerSecond').toFixed(0) },
  { title: 'puts/s', width: 7, show: ({ taken }) => of(taken, 'putsPerSecond').toFixed(0) },
  { title: 'p50 ms', width: 8, show: ({ taken }) => (of(taken, 'p50Us') / 1000).toFixed(2) },
  { title: 'p99 ms', width: 8, show: ({ taken }) => (of(taken, 'p99Us') / 1000).toFixed(2) },
  { title: 'CPU s/M', width: 8, show: ({ taken }) => of(taken, 'cpuPerMillion').toFixed(2) },
  { title: 'generator', width: 9, show: ({ taken }) => of(taken, 'generatorCores').toFixed(2) },
  { title: 'RSS MB', width: 7, show: ({ taken }) => (of(taken, 'rssBytes') / 1e6).toFixed(0) },
  { title: 'final ÷ this: events', width: 20, show: (line) => ratio(line, 'eventsPerSecond') },
  { title: 'p50', width: 6, show: (line) => ratio(line, 'p50Us') },
  { title: 'p99', width: 6, show: (line) => ratio(line, 'p99Us') },
];

function of(samples: readonly WatchSample[], key: keyof WatchSample): number {
  return median(samples.map((sample) => sample[key]));
}

function ratio({ taken, own }: Line, key: keyof WatchSample): string {
  if (own.length === 0) return '';
  return `${median(own.map((sample, round) => sample[key] / (taken[round]?.[key] ?? Number.NaN))).toFixed(2)}×`;
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
