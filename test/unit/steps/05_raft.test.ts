// The raft of step 05 in random runs with lost messages and crashes, and the proof that the checks can fail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RaftMessageType } from '../../../proto/schema.ts';
import { newMessage } from '../../../steps/05-raft/core/raft/messages.ts';
import { RawNode } from '../../../steps/05-raft/core/raft/rawnode.ts';
import { Cluster, type Outcome, type PlantedBug } from './05_raft_cluster.ts';

const SEEDS = 100;

test(`step 05: ${SEEDS} random clusters keep what raft promises, and agree in the end`, (t) => {
  const total: Outcome = { elections: 0, committed: 0, crashes: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = runSeed(seed);
    for (const key of Object.keys(total) as (keyof Outcome)[]) total[key] += outcome[key];
  }
  t.diagnostic(JSON.stringify(total));
  for (const [key, count] of Object.entries(total)) assert.ok(count > 5 * SEEDS, `only ${count} ${key}`);
});

const BUGS: readonly PlantedBug[] = ['forget-vote', 'vote-for-all', 'forget-entries', 'count-alone'];

for (const bug of BUGS) {
  test(`step 05: the checks catch the planted bug ${bug}`, (t) => {
    for (let seed = 1; seed <= 10 * SEEDS; seed++) {
      try {
        new Cluster(seed, bug).run();
      } catch (error) {
        t.diagnostic(`seed ${seed}: ${(error as Error).message.split('\n')[0]}`);
        return;
      }
    }
    assert.fail('no run found the bug');
  });
}

// Figure 8 of the Raft paper: a majority has the entry of term 2, and yet a member without it may still win an election. Random
// runs come there about once in a thousand.
test('step 05: a leader does not commit an entry of an older term by counting', () => {
  const entries = [1, 2].map((term) => ({ Type: 0, Term: term, Index: term, Data: undefined }));
  const hardState = { term: 3, vote: 0n, commit: 1 };
  const node = new RawNode({ id: 1n, members: [1n, 2n, 3n], electionTick: 10, hardState, entries, random: () => 0 });
  const from2 = (type: number, index: number): void =>
    node.step({ ...newMessage(type, 1n), from: 2n, term: node.raft.term, index });
  node.campaign();
  from2(RaftMessageType.MsgVoteResp, 0);
  assert.deepEqual([node.raft.role, node.raft.log.lastIndex()], ['leader', 3]);
  from2(RaftMessageType.MsgAppResp, 2);
  assert.equal(node.raft.log.committed, 1);
  from2(RaftMessageType.MsgAppResp, 3);
  assert.equal(node.raft.log.committed, 3);
});

function runSeed(seed: number): Outcome {
  try {
    return new Cluster(seed).run();
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}
