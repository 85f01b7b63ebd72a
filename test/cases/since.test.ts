// What a step brings must be missing before it: its cases fail on the step before. For final, which brings much at once,
// `node --import tsx test/cases/since.ts final` does the same in a few minutes.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadChain } from '../../steps/tool/chain.ts';
import { casesThatPassEarly } from './since.ts';

const LIMIT_MS = 120_000;

for (const { slug, step } of loadChain().links.slice(1)) {
  if (step === undefined) continue;
  it(`the cases of ${slug} fail on the step before`, { timeout: LIMIT_MS }, async () => {
    const { passed, tried } = await casesThatPassEarly(slug, 1);
    assert.deepEqual(passed, []);
    assert.ok(tried > 0, 'it brings cases');
  });
}
