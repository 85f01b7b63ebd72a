// The proof that a load succeeded, and one real load on final.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KV } from '../../../proto/load.ts';
import { checkSuccess, measure, requestsFor } from '../../bench/load.ts';
import { compact, type Contestant, durability, startContestants, stopContestants } from '../../bench/servers.ts';
import { grpcBody, PRELOADED_KEYS, WORKLOADS, type Workload } from '../../bench/workloads.ts';
import { makeScratch, removeScratch } from '../../harness/scratch.ts';
import { findOnPath } from '../../harness/target.ts';

const GOOD = {
  summary: { succeeded: 3, failed: 0, dataBytes: 3 * 30 },
  entries: [1, 2, 3].map((startUs) => ({ startUs, status: 200, tookUs: 1 })),
  requests: 3,
  isChange: true,
  before: { revision: 10, bytes: 25 },
  after: { revision: 14, bytes: 25 },
};

test('a load succeeded when each request got its answer and its revision', () => {
  checkSuccess(GOOD);
  checkSuccess({ ...GOOD, isChange: false, after: GOOD.before });
  // The answers may have grown from 25 to 26 bytes on the way.
  checkSuccess({ ...GOOD, after: { revision: 14, bytes: 26 }, summary: { ...GOOD.summary, dataBytes: 92 } });
});

test('a load with one request that did not succeed is refused', () => {
  const { summary } = GOOD;
  const unanswered = { ...summary, succeeded: 2, failed: 1 };
  assert.throws(() => checkSuccess({ ...GOOD, summary: unanswered }), /of 3 requests 2 succeeded and 1 failed/);
  assert.throws(() => checkSuccess({ ...GOOD, entries: GOOD.entries.slice(1) }), /2 got HTTP status 200/);
  assert.throws(() => checkSuccess({ ...GOOD, after: { revision: 13, bytes: 25 } }), /risen by 3, not by 4/);
  assert.throws(() => checkSuccess({ ...GOOD, isChange: false }), /risen by 4, not by 0/);
  // An answer without a message: HTTP status 200, and a status of gRPC that is not 0.
  assert.throws(() => checkSuccess({ ...GOOD, summary: { ...summary, dataBytes: 60 } }), /60 bytes of answers/);
});

test('the number of requests follows the rate, between its limits', () => {
  assert.equal(requestsFor(10_000, 3, 64), 30_000);
  assert.equal(requestsFor(100, 1, 64), 640);
  assert.equal(requestsFor(1e9, 10, 64), 2_000_000);
});

test('a body is the message behind a flag and its length', () => {
  assert.deepEqual([...grpcBody(Uint8Array.of(7, 8))], [0, 0, 0, 0, 2, 7, 8]);
});

const skip = [
  [process.platform !== 'linux', 'needs /proc'],
  [findOnPath('h2load') === undefined, 'needs h2load on the PATH'],
].find(([isMissing]) => isMissing)?.[1] as string | undefined;

test('loads on a running final', skip === undefined ? {} : { skip }, async (t) => {
  const folder = makeScratch();
  const contestants = await startContestants(['sources'], 1);
  t.after(async () => {
    await stopContestants(contestants);
    removeScratch(folder);
  });
  const [only] = contestants as [Contestant];
  const { server } = only;

  for (const [name, workload] of WORKLOADS) {
    await t.test(`${name} is measured, and its success proved`, async () => {
      const sample = await measure({ server, workload, clients: 4, requests: 400, folder });
      assert.equal(sample.requests, 400);
      assert.ok(sample.rate > 10 && sample.rate < 1e6, String(sample.rate));
      assert.ok(sample.p50Us > 0 && sample.p50Us <= sample.p99Us);
      assert.ok(sample.cpuPer1000 > 0 && sample.serverCores > 0 && sample.generatorCores >= 0);
    });
  }

  await t.test('a request that the server refuses is no load', async () => {
    const put = WORKLOADS.get('put') as Workload;
    const bad = { ...put, request: new Uint8Array(0) };
    await assert.rejects(measure({ server, workload: bad, clients: 1, requests: 10, folder }), /key is not provided/);
  });

  await t.test('old revisions are forgotten, and the keys stay', async () => {
    await compact(only);
    const all = { key: Uint8Array.of(0), range_end: Uint8Array.of(0), count_only: true };
    const { response } = await server.grpc().unary(KV.methods.Range, all);
    assert.equal(response?.count, PRELOADED_KEYS);
    const revision = (response.header?.revision ?? 0) - 1;
    const old = await server.grpc().unary(KV.methods.Range, { ...all, revision });
    assert.match(old.message, /compacted/);
    assert.match(durability(only), /in memory|to disk/);
  });
});
