// The version that the members agree on: what the leader decides, when it looks, and whom it does not let start.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../../final/server/cluster.ts';
import {
  checkOwnVersion,
  decideVersion,
  VERSION_INTERVAL_MS,
  VersionMonitor,
  versionToPropose,
} from '../../../final/server/version_monitor.ts';
import { keptLog, steppedClock } from './fixture.ts';

test('the oldest release decides, without its patch number; a member that is not known keeps it open', () => {
  assert.equal(decideVersion(['3.5.30', '3.4.23', '3.5.0']), '3.4.0');
  assert.equal(decideVersion(['3.10.1', '3.9.2-rc.0']), '3.9.0');
  assert.equal(decideVersion(['3.5.30', undefined]), undefined);
  assert.equal(decideVersion(['3.5.30', 'not_decided']), undefined);
  assert.equal(decideVersion(['3.5']), undefined);
  assert.equal(decideVersion([]), undefined);
});

test('a cluster without a version gets the least one while it is open', () => {
  assert.equal(versionToPropose(undefined, undefined), '3.0.0');
  assert.equal(versionToPropose(undefined, '3.5.0'), '3.5.0');
});

test('a version is raised, lowered by one minor version, and left alone otherwise', () => {
  assert.equal(versionToPropose('3.0.0', '3.5.0'), '3.5.0');
  assert.equal(versionToPropose('3.5.0', '3.4.0'), '3.4.0');
  assert.equal(versionToPropose('3.5.0', '3.5.0'), undefined);
  assert.equal(versionToPropose('3.5.0', '3.3.0'), undefined);
  assert.equal(versionToPropose('3.5.0', undefined), undefined);
});

test('a release that is older than the cluster does not run in it', () => {
  checkOwnVersion('3.5.30', '3.5.0');
  checkOwnVersion('3.5.30', '3.0.0');
  checkOwnVersion('3.5.0', '3.5.0');
  const text = /^Error: invalid downgrade; server version is lower than determined cluster version/;
  assert.throws(() => checkOwnVersion('3.4.23', '3.5.0'), text);
  assert.throws(() => checkOwnVersion('3.5.30', 'x'), /^Error: "x" is no cluster version/);
});

const PEERS: readonly Member[] = [1n, 2n].map((id) => ({
  id,
  name: `m${id}`,
  peerUrls: [`http://dead${id}:1`, `http://m${id}:1`],
  clientUrls: [],
  isLearner: false,
}));

/** A monitor of member 1 with what it saw and did. */
function monitored(versions: Readonly<Record<string, string>>) {
  const { clock, pass } = steppedClock();
  const { log, lines } = keptLog();
  const state = { isLeader: true, version: undefined as string | undefined, fails: false };
  const proposed: string[] = [];
  const asked: string[] = [];
  const monitor = new VersionMonitor({
    clock,
    log,
    isLeader: () => state.isLeader,
    cluster: () => ({ members: PEERS, version: state.version }),
    localId: 1n,
    ownVersion: '3.5.30',
    fetchVersion: (url) => {
      asked.push(url);
      const server = versions[url];
      return server === undefined
        ? Promise.reject(new Error('connection refused'))
        : Promise.resolve({ server, cluster: '' });
    },
    propose: async (version) => {
      proposed.push(version);
      if (state.fails) throw new Error('etcdserver: request timed out');
      state.version = version;
    },
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { monitor, state, proposed, asked, lines, pass, settled };
}

test('the leader asks all others, at any of their URLs, and proposes', async () => {
  const it = monitored({ 'http://m2:1': '3.4.23' });
  it.monitor.start();
  it.monitor.look();
  await it.settled();
  assert.deepEqual([it.proposed, it.asked], [['3.4.0'], ['http://dead2:1', 'http://m2:1']]);
  it.pass(VERSION_INTERVAL_MS);
  await it.settled();
  assert.deepEqual(it.proposed, ['3.4.0']);
  assert.equal(it.asked.length, 4);
  it.monitor.stop();
  it.pass(10 * VERSION_INTERVAL_MS);
  it.monitor.look();
  await it.settled();
  assert.equal(it.asked.length, 4);
});

test('whoever does not lead asks nobody', async () => {
  const it = monitored({ 'http://m2:1': '3.5.30' });
  it.state.isLeader = false;
  it.monitor.start();
  it.pass(VERSION_INTERVAL_MS);
  await it.settled();
  assert.deepEqual([it.asked, it.proposed], [[], []]);
  it.state.isLeader = true;
  it.pass(VERSION_INTERVAL_MS);
  await it.settled();
  assert.deepEqual(it.proposed, ['3.5.0']);
});

test('without an answer the least version is proposed, and raised when everybody has answered', async () => {
  const versions: Record<string, string> = {};
  const it = monitored(versions);
  it.monitor.start();
  it.monitor.look();
  await it.settled();
  versions['http://m2:1'] = '3.5.1';
  it.pass(VERSION_INTERVAL_MS);
  await it.settled();
  assert.deepEqual(it.proposed, ['3.0.0', '3.5.0']);
});

test('a proposal that fails is told, and made again', async () => {
  const it = monitored({ 'http://m2:1': '3.5.30' });
  it.state.fails = true;
  it.monitor.start();
  it.monitor.look();
  await it.settled();
  it.state.fails = false;
  it.pass(VERSION_INTERVAL_MS);
  await it.settled();
  assert.deepEqual(it.proposed, ['3.5.0', '3.5.0']);
  assert.ok(it.lines.some(([level, msg]) => level === 'warn' && msg === 'failed to update cluster version'));
});

test('looks do not overlap, and one that is asked for meanwhile follows', async () => {
  const it = monitored({ 'http://m2:1': '3.5.30' });
  it.monitor.start();
  it.monitor.look();
  it.monitor.look();
  it.monitor.look();
  assert.equal(it.asked.length, 1);
  await it.settled();
  assert.equal(it.asked.length, 4);
  assert.deepEqual(it.proposed, ['3.5.0']);
  it.monitor.look();
  await it.settled();
  assert.equal(it.asked.length, 6);
});
