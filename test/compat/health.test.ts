// What the pages of the health say where a member is not simply well: on a learner, and when the leader is gone. Final and
// etcd 3.5 must say the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Maintenance } from '../../proto/load.ts';
import { Cluster, type ClusterMember } from '../harness/cluster.ts';
import { httpRequest } from '../harness/http.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';

const final = parseTarget('final');
const real = findReal('ETCD35_BIN');
// A read without an answer ends after 7 s, and may have waited for another one before.
const LIMIT_MS = 20_000;

const PATHS = [
  '/health',
  '/health?serializable=true',
  '/health?exclude=NOSPACE',
  '/livez',
  '/livez?verbose',
  '/livez/serializable_read',
  '/readyz',
  '/readyz?verbose',
  '/readyz?exclude=linearizable_read&exclude=non_learner',
  '/readyz/non_learner',
  '/readyz/linearizable_read',
  '/readyz/data_corruption',
];

interface Pages {
  readonly [path: string]: string;
}

/** Status, type and lines of every page; the order of lines says nothing. */
async function pagesOf(member: ClusterMember): Promise<Pages> {
  const entries = PATHS.map(async (path) => {
    const url = `http://127.0.0.1:${member.clientPort}${path}`;
    const { status, headers, body } = await httpRequest(url, { limitMs: LIMIT_MS });
    const lines = body.split('\n').sort().join('|');
    return [path, `${status} ${headers['content-type']} ${String(headers['x-content-type-options'])} ${lines}`];
  });
  return Object.fromEntries(await Promise.all(entries)) as Pages;
}

/** Two voters and a learner; then the leader ends, and nobody can be elected. */
async function course(target: Target): Promise<Readonly<Record<string, Pages>>> {
  const cluster = await Cluster.start([target, target]);
  try {
    const leader = await cluster.waitLeader();
    const voter = cluster.members.find((member) => member !== leader);
    assert.ok(voter !== undefined);
    const learner = await cluster.add({ target, isLearner: true, via: leader });
    await cluster.restart(learner);
    const [well, following] = [await pagesOf(voter), await pagesOf(learner)];
    await cluster.kill(leader);
    await untilNoLeader(voter);
    const [lost, left] = await Promise.all([pagesOf(voter), pagesOf(learner)]);
    return {
      'a voter': well,
      'a learner': following,
      'a voter without a leader': lost,
      'a learner whose leader is gone': left,
    };
  } finally {
    await cluster.close();
  }
}

async function untilNoLeader(member: ClusterMember): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    if ((await member.client.ok(Maintenance.methods.Status, {})).leader === 0n) return;
    assert.ok(performance.now() < end, 'it still believes in its leader');
    await delay(50);
  }
}

// A read that waits in vain ends by the time limit of the page or by that of reads, both 7 s: which is first is chance, also on
// the real one.
function oneTimeout(pages: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const same = (text: string): string => text.replaceAll('etcdserver: request timed out', 'context deadline exceeded');
  return Object.fromEntries(Object.entries(pages ?? {}).map(([page, text]) => [page, same(text)]));
}

test('/health, /livez and /readyz on a learner and without a leader, as on etcd 3.5', {
  skip: real === undefined ? 'no etcd 3.5: set ETCD35_BIN' : false,
}, async () => {
  assert.ok(real !== undefined);
  const [expected, found] = await Promise.all([course(real), course(final)]);
  for (const [who, pages] of Object.entries(expected)) assert.deepEqual(oneTimeout(found[who]), oneTimeout(pages), who);
  assert.match(expected['a voter without a leader']?.['/health'] ?? '', /^503 .*RAFT NO LEADER/);
  assert.match(expected['a learner']?.['/readyz/non_learner'] ?? '', /^503 .*not supported for learner/);
});
