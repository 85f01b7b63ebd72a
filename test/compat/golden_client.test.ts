// Our etcdctl against the real etcd: what it prints and its exit status are those of the recorded etcdctl, byte for byte.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realEtcd, realEtcdctl } from '../golden/real_programs.ts';
import { REPLAY_LIMIT_MS, runReplay } from '../golden/run_replay.ts';

const etcd = realEtcd();
const skip = etcd === undefined ? 'no real etcd: set ETCD_BIN, or put it into PATH' : false;

test('our etcdctl prints what the real one does, against the real etcd', {
  skip,
  timeout: REPLAY_LIMIT_MS,
}, async () => {
  assert.ok(etcd !== undefined);
  const serverLine = etcd.version.startsWith('3.4.') ? '3.4' : '3.5';
  const helper = realEtcdctl()?.command;
  const replay = await runReplay({ side: 'client', real: etcd.command, serverLine, helper });
  assert.deepEqual(replay.failed, [], replay.report);
  assert.equal(replay.passed, replay.expected);
});
