// The real etcdctl of 3.4 against our server: it gets the answers that it gets from a real server of 3.5.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realEtcdctl } from '../golden/real_programs.ts';
import { REPLAY_LIMIT_MS, runReplay } from '../golden/run_replay.ts';

const etcdctl = realEtcdctl();
const recorded = etcdctl?.version.startsWith('3.4.') === true;
const skip = recorded ? false : 'no etcdctl 3.4: set ETCDCTL_BIN, or put it into PATH';

test('the real etcdctl gets the right answers from our server', { skip, timeout: REPLAY_LIMIT_MS }, async () => {
  assert.ok(etcdctl !== undefined);
  const replay = await runReplay({ side: 'server', real: etcdctl.command, serverLine: '3.5' });
  assert.deepEqual(replay.failed, [], replay.report);
  assert.equal(replay.passed, replay.expected);
});
