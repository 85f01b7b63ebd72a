// The cases as tests: on final, on each step as far as it goes, and on the real etcd where there is one. A real etcd is the
// judge of the cases themselves: what it does not pass is a wrong case.

import { describe, it, after } from 'node:test';
import fs from 'node:fs';
import path from 'node:path';
import { loadChain } from '../../steps/tool/chain.ts';
import { findReal, stepTarget, type Target } from '../harness/target.ts';
import { caseGroups } from './all.ts';
import { checkCases, GroupRunner, notFor, skipReason } from './runner.ts';

// A group on a target shares nothing with others, and waits for most of its time.
const GROUPS_AT_ONCE = 4;

it('case names are unique and name steps that exist', () => checkCases(caseGroups));

describe('the cases', { concurrency: GROUPS_AT_ONCE }, () => {
  const chain = loadChain();
  for (const link of chain.links) {
    const written = fs.existsSync(path.join(chain.root, link.folder, 'bin', 'etcd.ts'));
    if (written) register(stepTarget(link.slug), link.slug);
    else it(`${link.slug} passes them`, { skip: `${link.folder}/bin/etcd.ts is not there` }, () => undefined);
  }
  for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
    const target = findReal(variable);
    if (target !== undefined) register(target, target.label);
    else it(`the real etcd of ${variable} passes them`, { skip: `set ${variable} to run it` }, () => undefined);
  }
});

function register(target: Target, title: string): void {
  for (const group of caseGroups) {
    const cases = group.cases.filter((one) => notFor(one, target) === undefined);
    if (cases.length === 0) continue;
    describe(`${title}: ${group.name}`, { concurrency: 1 }, () => {
      const runner = new GroupRunner(target, group);
      after(() => runner.close());
      for (const one of cases) {
        const reason = skipReason(one, target);
        it(one.name, reason === undefined ? {} : { skip: reason }, () => runner.run(one));
      }
    });
  }
}
