// Rule R6 of the chain: a case that a step brings fails on the step before it; otherwise it is no case of that step. Finds
// those that pass too early.
//   node --import tsx test/cases/since.ts 03-kv|final|…

import { findLink, loadChain, positionOf } from '../../steps/tool/chain.ts';
import { stepTarget, type Target } from '../harness/target.ts';
import { caseGroups } from './all.ts';
import type { Case, CaseGroup } from './case.ts';
import { GroupRunner, skipReason } from './runner.ts';

/** What was found for one step. */
export interface Early {
  /** Names of the cases that pass on the step before. */
  readonly passed: readonly string[];
  /** How many cases were tried. */
  readonly tried: number;
}

/** Runs the cases that `slug` brings on the step before it, `parallel` groups at a time. */
export async function casesThatPassEarly(slug: string, parallel: number): Promise<Early> {
  const chain = loadChain();
  const before = chain.links[positionOf(chain, slug) - 1];
  if (before === undefined) return { passed: [], tried: 0 };
  const target = stepTarget(before.slug);
  const groups = caseGroups
    .map(({ name, cases }) => ({ name, cases: cases.filter((one) => isTried(one, slug, target)) }))
    .filter(({ cases }) => cases.length > 0);
  const passed: string[] = [];
  const waiting = [...groups];
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      passed.push(...(await passing(group, target)));
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return { passed, tried: groups.reduce((sum, { cases }) => sum + cases.length, 0) };
}

function isTried(one: Case, slug: string, target: Target): boolean {
  return one.since === slug && skipReason(one, target) === undefined;
}

async function passing(group: CaseGroup, target: Target): Promise<string[]> {
  const runner = new GroupRunner(target, group);
  const names: string[] = [];
  try {
    for (const one of group.cases) {
      const failed = await runner.run(one).then(
        () => false,
        () => true,
      );
      if (!failed) names.push(one.name);
    }
  } finally {
    await runner.close();
  }
  return names;
}

if (process.argv[1] === import.meta.filename) {
  const { slug } = findLink(loadChain(), process.argv[2] ?? 'final');
  const { passed, tried } = await casesThatPassEarly(slug, 2);
  for (const name of passed) console.log(`passes before ${slug}: ${name}`);
  console.log(`${tried} cases of ${slug} were tried on the step before, ${passed.length} passed`);
  process.exitCode = passed.length > 0 ? 1 : 0;
}
