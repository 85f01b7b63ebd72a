// etcdctl check perf: whether a cluster keeps up with a given rate of writes.

import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/client.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { givenEndpoints } from '../connect_options.ts';
import { ProgressBar } from '../progress_bar.ts';
import { cleanUp, connectClients, type Load, loadOf, pairMaker, refuseUsedPrefix, Results } from './check_load.ts';

interface Model {
  /** Writes in a second. */
  readonly rate: number;
  readonly clients: number;
}

const models: Readonly<Record<Load, Model>> = {
  s: { rate: 150, clients: 50 },
  m: { rate: 1_000, clients: 200 },
  l: { rate: 8_000, clients: 500 },
  xl: { rate: 15_000, clients: 1_000 },
};

const seconds = 60;
const sizes = { key: 256, value: 1024 };

/** What a cluster has to reach: a part of the rate, and seconds. */
const limits = { rate: 0.9, slowest: 0.5, stddev: 0.1 };

/** Writes for a minute, and says whether it went well: exit status 0, else 1. */
export async function runCheckPerf(context: CommandContext): Promise<void> {
  const { flags, io, globals } = context;
  const model = loadOf(context, models);
  const clients = await connectClients(context, model.clients);
  const [first] = clients;
  if (first === undefined) throw new TypeError('a model without clients');
  const prefix = flags.text('prefix');
  await refuseUsedPrefix(first, prefix, seconds * 1000);
  const bar = new ProgressBar(seconds, (text) => io.stdout.write(text));
  const ticker = setInterval(() => bar.add(1), 1000);
  const results = new Results();
  const start = performance.now();
  await writeAtRate(clients, { model, results, pair: pairMaker(prefix, sizes) });
  const rate = results.latencies.length / ((performance.now() - start) / 1000);
  clearInterval(ticker);
  bar.finish();
  await cleanUp(context, first, givenEndpoints(globals));
  const { lines, isGood } = judge(results, { rate, wanted: model.rate });
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  if (!isGood) throw new ExitError(Exit.Error, '');
}

interface Writes {
  readonly model: Model;
  readonly results: Results;
  readonly pair: ReturnType<typeof pairMaker>;
}

/** Each client has one write under way; when none is free, what could have been written meanwhile is not made up for. */
async function writeAtRate(clients: readonly Client[], { model, results, pair }: Writes): Promise<void> {
  const free = [...clients];
  const running = new Set<Promise<void>>();
  const start = performance.now();
  let now = start;
  let due = 1;
  while (now - start < seconds * 1000) {
    for (; due >= 1; due -= 1) {
      const client = free.pop();
      if (client === undefined) break;
      const write = results
        .measure(() => client.put(pair()))
        .finally(() => {
          free.push(client);
          running.delete(write);
        });
      running.add(write);
    }
    await delay(1);
    const before = now;
    now = performance.now();
    due = Math.min(due + ((now - before) * model.rate) / 1000, model.clients);
  }
  await Promise.all(running);
}

/** @param speed in writes a second */
export function judge(
  results: Results,
  speed: { readonly rate: number; readonly wanted: number },
): { readonly lines: string[]; readonly isGood: boolean } {
  const { slowest, stddev, errorLines } = results;
  const shownRate = Math.floor(speed.rate) + 1;
  const isFast = speed.rate / speed.wanted > limits.rate;
  const isPrompt = slowest <= limits.slowest;
  const isEven = stddev <= limits.stddev;
  const isGood = errorLines.length === 0 && isFast && isPrompt && isEven;
  const lines = [
    ...errorLines,
    isFast ? `PASS: Throughput is ${shownRate} writes/s` : `FAIL: Throughput too low: ${shownRate} writes/s`,
    isPrompt
      ? `PASS: Slowest request took ${slowest.toFixed(6)}s`
      : `Slowest request took too long: ${slowest.toFixed(6)}s`,
    isEven ? `PASS: Stddev is ${stddev.toFixed(6)}s` : `Stddev too high: ${stddev.toFixed(6)}s`,
    isGood ? 'PASS' : 'FAIL',
  ];
  return { lines, isGood };
}
