// Whole members of final on a simulated clock, network and disk: one seed is one run. Members crash, lose what they did not sync,
// are paused, cut off, and hear messages late, twice or never, while clients use them. checks.ts says what must hold; at the end
// everything works again, every member must serve, and all must have the same data.
//
//   node --import tsx test/sim/cluster_sim.ts --seeds 1000 [--from 1] [--verbose]

import { parseArgs } from 'node:util';
import { onUnhandledRejection, runSeed, type SimOptions } from './world.ts';

/** Numbers of all seeds of a run. */
export interface SimTotals {
  seeds: number;
  failed: number;
  events: number;
  answered: number;
  unanswered: number;
  faults: number;
  messages: number;
  terms: number;
  watched: number;
  renewed: number;
  expired: number;
}

/** Runs seeds one after the other, or until the first one that fails, and prints a line about each that does. */
export async function simulate(
  seeds: { readonly from: number; readonly count: number; readonly untilFailure?: boolean },
  options: SimOptions,
  print: (line: string) => void,
): Promise<SimTotals> {
  process.on('unhandledRejection', onUnhandledRejection);
  const totals = {
    seeds: 0,
    failed: 0,
    events: 0,
    answered: 0,
    unanswered: 0,
    faults: 0,
    messages: 0,
    terms: 0,
    watched: 0,
    renewed: 0,
    expired: 0,
  };
  for (let seed = seeds.from; seed < seeds.from + seeds.count; seed++) {
    totals.seeds += 1;
    try {
      const { seed: _, trace, ...numbers } = await runSeed(seed, options);
      for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) totals[name] += numbers[name];
      options.print?.(`trace ${trace}`);
    } catch (error) {
      totals.failed += 1;
      print(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (seeds.untilFailure === true) break;
    }
  }
  process.off('unhandledRejection', onUnhandledRejection);
  return totals;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const seeds = { from: Number(values.from), count: Number(values.seeds) };
  const totals = await simulate(seeds, values.verbose ? { print: console.log } : {}, console.log);
  console.log(JSON.stringify(totals));
  process.exitCode = totals.failed > 0 ? 1 : 0;
}
