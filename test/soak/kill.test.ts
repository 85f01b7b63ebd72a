// The short form of the kills; `node --import tsx test/soak/kill.ts --kills 500` is the long one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget } from '../harness/target.ts';
import { killRepeatedly } from './kill.ts';

test('ten kills under load lose nothing that was acknowledged', async () => {
  const { acknowledged } = await killRepeatedly({ target: parseTarget('final'), kills: 10, seed: 1 });
  assert.ok(acknowledged > 100, `${acknowledged} acknowledged writes are too few to mean anything`);
});
