// Runs the cases from a command line:
//   node --import tsx test/cases/run.ts --target step:03|final|dist|real|real35|"cmd:PROGRAM" [--since SLUG] [--only REGEX]
// Prints a line per case that did not pass and `N passed, N failed, N skipped`; exit code 1 when any failed.

import { parseArgs } from 'node:util';
import { parseTarget, type Target } from '../harness/target.ts';
import { caseGroups } from './all.ts';
import { type Outcome, runCases } from './runner.ts';

/** The numbers of one run. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs the cases against `target` and prints as said above through `print`. `since`: only cases of that step; `only`: only
 * cases whose name matches; `verbose`: a line for passed ones as well.
 */
export async function runAndPrint(options: {
  target: Target;
  since?: string | undefined;
  only?: string | undefined;
  verbose?: boolean | undefined;
  print: (line: string) => void;
}): Promise<Totals> {
  const { print } = options;
  const only = options.only === undefined ? undefined : new RegExp(options.only);
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  await runCases({
    target: options.target,
    groups: caseGroups,
    select: (one) =>
      (only === undefined || only.test(one.name)) && (options.since === undefined || one.since === options.since),
    report: (one, outcome) => {
      totals[outcome.kind] += 1;
      const line = lineFor(`${one.since}: ${one.name}`, outcome);
      if (outcome.kind !== 'passed' || options.verbose === true) print(line);
    },
  });
  print(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped (${options.target.label})`);
  return totals;
}

function lineFor(name: string, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'passed':
      return `ok   ${name}`;
    case 'skipped':
      return `skip ${name} (${outcome.reason})`;
    case 'failed': {
      const detail = outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
      return `FAIL ${name}\n${detail.replace(/^/gm, '     ')}`;
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'final' },
      since: { type: 'string' },
      only: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const totals = await runAndPrint({ ...values, target: parseTarget(values.target), print: console.log });
  process.exitCode = totals.failed > 0 ? 1 : 0;
}
