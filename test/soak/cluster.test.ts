// The short form of the cluster under faults; `node --import tsx test/soak/cluster.ts --seconds 600` is the long one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findReal, parseTarget } from '../harness/target.ts';
import { soakCluster } from './cluster.ts';

const SECONDS = 15;

const final = parseTarget('final');
const [old, recent] = [findReal('ETCD_BIN'), findReal('ETCD35_BIN')];
// A real one alone shows that the judge asks for nothing that etcd does not promise.
const clusters = [
  [final, final, final],
  [recent, recent, recent],
  [old, recent, final],
];

for (const targets of clusters) {
  const found = targets.filter((target) => target !== undefined);
  const skip = found.length === 3 ? false : 'no etcd: set ETCD_BIN and ETCD35_BIN';
  const label = found.map((target) => target.label).join(', ');
  test(`${SECONDS} s of faults leave a linearizable history and equal members (${label})`, { skip }, async () => {
    const { operations, unanswered } = await soakCluster({ targets: found, seconds: SECONDS, seed: 1 });
    const answered = operations - unanswered;
    assert.ok(answered > 300, `${answered} answers are too few to mean anything`);
  });
}
