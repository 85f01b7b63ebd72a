// Two real members and one of ours in one cluster, and a cluster whose members are replaced one after the other, there and
// back, while a client writes. MIXED_TARGET names another program to stand in our place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../harness/cluster.ts';
import type { Flags } from '../harness/server.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';
import {
  addPromoteRemove,
  exercise,
  exerciseUnderEach,
  LightLoad,
  loseAndRejoin,
  replaceByNew,
  replaceInPlace,
  SNAPSHOT_FLAGS,
} from './mixed.ts';

const ours = parseTarget(process.env['MIXED_TARGET'] ?? 'final');
const ELECTION_MS = 1000;
// Two election timeouts, and time for a busy machine.
const MAX_GAP_MS = 2 * ELECTION_MS + 4000;

async function withCluster(
  targets: readonly Target[],
  flags: Flags,
  run: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await Cluster.start(targets, flags);
  try {
    await run(cluster);
  } catch (error) {
    throw new Error(`${String(error)}\n${cluster.logs()}`, { cause: error });
  } finally {
    await cluster.close();
  }
}

/** Under load, with an account of it. */
async function underLoad(cluster: Cluster, run: () => Promise<void>): Promise<void> {
  const load = new LightLoad(cluster);
  load.start();
  await run().catch((error: unknown) => {
    load.abandon();
    throw error;
  });
  const { acknowledged, longestGapMs } = await load.finish();
  assert.ok(acknowledged > 50, `${acknowledged} writes are too few to mean anything`);
  assert.ok(longestGapMs < MAX_GAP_MS, `no write for ${longestGapMs} ms`);
  await exercise(cluster);
  await cluster.waitEqualHash();
}

/**
 * Each of three members becomes ours and goes back. A 3.4 cannot come back once the cluster has found out that all members
 * are newer, so one of it always stays.
 */
function orderFor(go: Target): readonly (readonly [number, 'ours' | 'go'])[] {
  return go.line === '3.4'
    ? [
        [0, 'ours'],
        [1, 'ours'],
        [0, 'go'],
        [2, 'ours'],
        [1, 'go'],
        [2, 'go'],
      ]
    : [
        [0, 'ours'],
        [1, 'ours'],
        [2, 'ours'],
        [0, 'go'],
        [1, 'go'],
        [2, 'go'],
      ];
}

for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
  const go = findReal(variable);
  if (go === undefined) {
    test(
      `a cluster together with the real etcd of ${variable}`,
      { skip: `set ${variable} to run it` },
      () => undefined,
    );
    continue;
  }
  const title = `${go.label} and ${ours.label}`;

  test(`${title}: every member serves under every leader`, () =>
    withCluster([go, go, ours], {}, async (cluster) => {
      await exercise(cluster);
      await exerciseUnderEach(cluster);
      await cluster.waitEqualHash();
    }));

  test(`${title}: learners of both join, become voters and leave under leaders of both`, () =>
    withCluster([go, go, ours], {}, async (cluster) => {
      await addPromoteRemove(cluster, cluster.member('n1'), ours);
      await addPromoteRemove(cluster, cluster.member('n3'), go);
      await cluster.waitEqualHash();
    }));

  test(`${title}: a member that lost its data catches up from the other's snapshot`, () =>
    withCluster([go, go, ours], SNAPSHOT_FLAGS, async (cluster) => {
      await loseAndRejoin(cluster, cluster.member('n3'), cluster.member('n1'));
      // The newcomer, of ours, leads the Go member that comes next.
      await loseAndRejoin(cluster, cluster.member('n2'), cluster.member('n4'));
      await exerciseUnderEach(cluster);
      await cluster.waitEqualHash();
    }));

  test(`${title}: programs are replaced on their data directories, there and back, under load`, () =>
    withCluster([go, go, go], SNAPSHOT_FLAGS, (cluster) =>
      underLoad(cluster, async () => {
        for (const [place, kind] of orderFor(go)) {
          const member = cluster.members[place];
          assert.ok(member);
          await replaceInPlace(cluster, member, kind === 'ours' ? ours : go);
        }
      }),
    ));

  test(`${title}: members are replaced by new ones, there and back, under load`, () =>
    withCluster([go, go, go], SNAPSHOT_FLAGS, (cluster) =>
      underLoad(cluster, async () => {
        const places = [...cluster.members];
        for (const [place, kind] of orderFor(go)) {
          const member = places[place];
          assert.ok(member);
          places[place] = await replaceByNew(cluster, member, kind === 'ours' ? ours : go);
        }
      }),
    ));
}
