// What a member without a log asks of the others before it starts. The texts are those of etcd 3.4.23 and 3.5.30, which
// were asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapCluster, type Cluster, type Member, memberId } from '../../../final/server/cluster.ts';
import { checkNotBootstrapped, joinCluster } from '../../../final/server/join.ts';
import type { PeerCalls } from '../../../final/server/peer_calls.ts';
import { keptLog, silentLog, steppedClock } from './fixture.ts';

const URLS = [1, 2, 3, 4].map((i) => `http://127.0.0.1:1114${i}`) as [string, string, string, string];
const CLUSTER_ID = 0xa62b336993ac0c3cn;

type Calls = Pick<PeerCalls, 'fetchMembers' | 'fetchVersion'>;

function planned(names: Readonly<Record<string, string>>, isJoining: boolean): Cluster {
  const initialCluster = Object.entries(names)
    .map(([name, url]) => `${name}=${url}`)
    .join(',');
  const own = names['me'] ?? '';
  return bootstrapCluster({ name: 'me', initialCluster, token: 't', advertisePeerUrls: [own], isJoining });
}

function remote(id: bigint, url: string, rest: Partial<Member> = {}): Member {
  return { id, name: '', peerUrls: [url], clientUrls: [], isLearner: false, ...rest };
}

/** Peers that know `members`; `asked` has the URLs and time limits in order. */
function peers(
  members: Readonly<Record<string, readonly Member[] | undefined>>,
  versions: Readonly<Record<string, string>> = {},
): { readonly calls: Calls; readonly asked: [string, number][] } {
  const asked: [string, number][] = [];
  const calls: Calls = {
    fetchMembers(url, timeoutMs) {
      asked.push([url, timeoutMs]);
      const found = members[url];
      if (found === undefined) return Promise.reject(new Error('connection refused'));
      return Promise.resolve({ clusterId: CLUSTER_ID, members: [...found] });
    },
    fetchVersion(url, timeoutMs) {
      asked.push([url, timeoutMs]);
      const cluster = versions[url];
      if (cluster === undefined) return Promise.reject(new Error('connection refused'));
      return Promise.resolve({ server: '3.5.30', cluster });
    },
  };
  return { calls, asked };
}

const options = () => ({ clock: steppedClock().clock, log: silentLog, requestMs: 7000 });

test('a member that others know as started may not begin anew', async () => {
  const cluster = planned({ me: URLS[2], a: URLS[1], b: URLS[0] }, false);
  const id = cluster.localMemberId;
  const known = [remote(id, URLS[2], { name: 'me', clientUrls: ['http://x:1'] })];
  const { calls, asked } = peers({ [URLS[1]]: known });
  const text = `member ${id.toString(16)} has already been bootstrapped`;
  await assert.rejects(checkNotBootstrapped(cluster, calls), new Error(text));
  assert.deepEqual(asked, [
    [URLS[0], 1000],
    [URLS[1], 1000],
  ]);
});

test('a member that nobody answers, knows, or has seen started may begin', async () => {
  const cluster = planned({ me: URLS[2], a: URLS[0] }, false);
  const self = remote(cluster.localMemberId, URLS[2]);
  for (const members of [undefined, [], [remote(5n, URLS[0], { clientUrls: ['http://x:1'] })], [self]]) {
    await checkNotBootstrapped(cluster, peers({ [URLS[0]]: members }).calls);
  }
});

test('a joining member takes its ID and those of the others from the cluster', async () => {
  const cluster = planned({ me: URLS[2], a: URLS[0], b: URLS[1] }, true);
  const members = [
    remote(7n, URLS[2], { isLearner: true }),
    remote(9n, URLS[0], { name: 'one', clientUrls: ['http://x:1'] }),
    remote(8n, URLS[1]),
  ];
  const { calls, asked } = peers({ [URLS[1]]: members }, { [URLS[0]]: '3.5.0', [URLS[1]]: 'not_decided' });
  const joined = await joinCluster(cluster, calls, options());
  assert.deepEqual([joined.id, joined.localMemberId], [CLUSTER_ID, 7n]);
  assert.deepEqual(
    joined.members.map(({ id, name, isLearner, clientUrls }) => [id, name, isLearner, clientUrls]),
    [
      [7n, 'me', true, []],
      [8n, 'b', false, []],
      [9n, 'a', false, []],
    ],
  );
  assert.deepEqual(asked.slice(0, 2), [
    [URLS[0], 10_000],
    [URLS[1], 10_000],
  ]);
  assert.deepEqual(
    new Map(asked.slice(2)),
    new Map([
      [URLS[0], 7000],
      [URLS[1], 7000],
    ]),
  );
});

const refused = async (cluster: Cluster, calls: Calls, text: string): Promise<void> => {
  await assert.rejects(joinCluster(cluster, calls, options()), new Error(text));
};

test('there must be somebody to join', async () => {
  const nobody = 'could not retrieve cluster information from the given URLs';
  const { log, lines } = keptLog();
  const cluster = planned({ me: URLS[2], a: URLS[0] }, true);
  await assert.rejects(
    joinCluster(cluster, peers({}).calls, { ...options(), log }),
    new Error(`cannot fetch cluster info from peer urls: ${nobody}`),
  );
  assert.deepEqual(lines, [
    ['warn', 'failed to get cluster response', { address: `${URLS[0]}/members`, error: 'connection refused' }],
  ]);
  await refused(planned({ me: URLS[2] }, true), peers({}).calls, `cannot fetch cluster info from peer urls: ${nobody}`);
  await refused(
    cluster,
    peers({ [URLS[0]]: [] }).calls,
    'cannot fetch cluster info from peer urls: failed to get raft cluster member(s) from the given URLs',
  );
});

// As a real cluster of two and an added member answers.
const three = [
  remote(0x6247bd55d75d5decn, URLS[3]),
  remote(0x74fce8b3915ec175n, URLS[1], { name: 'm2', clientUrls: ['http://127.0.0.1:11120'] }),
  remote(0xea6dad32b5f5cd1bn, URLS[0], { name: 'm1', clientUrls: ['http://127.0.0.1:11110', 'http://x:1'] }),
];
const shown =
  '{ClusterID:a62b336993ac0c3c Members:[' +
  `&{ID:6247bd55d75d5dec RaftAttributes:{PeerURLs:[${URLS[3]}] IsLearner:false} Attributes:{Name: ClientURLs:[]}} ` +
  `&{ID:74fce8b3915ec175 RaftAttributes:{PeerURLs:[${URLS[1]}] IsLearner:false} Attributes:{Name:m2 ClientURLs:[http://127.0.0.1:11120]}} ` +
  `&{ID:ea6dad32b5f5cd1b RaftAttributes:{PeerURLs:[${URLS[0]}] IsLearner:false} Attributes:{Name:m1 ClientURLs:[http://127.0.0.1:11110 http://x:1]}}` +
  '] RemovedMemberIDs:[]}';

test('the settings must have as many members as the cluster', async () => {
  const { calls } = peers({ [URLS[0]]: three });
  const text = `error validating peerURLs ${shown}: member count is unequal`;
  await refused(planned({ me: URLS[3], m1: URLS[0] }, true), calls, text);
});

test('every member of the cluster must be in the settings', async () => {
  const cluster = planned({ me: URLS[2], m1: URLS[0], m2: URLS[1] }, true);
  const last = [URLS[0], URLS[1], URLS[2]].toSorted((a, b) => (memberId([a], 't') < memberId([b], 't') ? -1 : 1))[2];
  const text =
    `error validating peerURLs ${shown}: PeerURLs: no match found for existing member (6247bd55d75d5dec, [${URLS[3]}]), ` +
    `last resolver error (resolved urls: "${URLS[3]}" != "${last}")`;
  await refused(cluster, peers({ [URLS[0]]: three }).calls, text);
});

test('a member may be known by its host name on one side', async () => {
  const cluster = planned({ me: 'http://me.test:1', a: URLS[0] }, true);
  const members = [remote(1n, 'http://10.0.0.1:1'), remote(2n, URLS[0])];
  const { calls } = peers({ [URLS[0]]: members }, { [URLS[0]]: '3.5.0' });
  const lookup = (): Promise<string> => Promise.resolve('10.0.0.1');
  assert.equal((await joinCluster(cluster, calls, { ...options(), lookup })).localMemberId, 1n);
});

test('the cluster must have a version, and one that this release serves', async () => {
  const cluster = planned({ me: URLS[3], a: URLS[0], b: URLS[1] }, true);
  const join = (versions: Readonly<Record<string, string>>): Promise<Cluster> =>
    joinCluster(cluster, peers({ [URLS[0]]: three }, versions).calls, options());
  for (const version of ['3.0.0', '3.4.0', '3.5.0']) await join({ [URLS[0]]: version });
  const bad: readonly Readonly<Record<string, string>>[] = [
    {},
    { [URLS[0]]: 'not_decided', [URLS[1]]: 'not_decided' },
    { [URLS[0]]: '3.6.0' },
    { [URLS[0]]: '2.3.0' },
    { [URLS[0]]: '3.5.0', [URLS[1]]: '3.6.0' },
  ];
  for (const versions of bad) {
    await assert.rejects(join(versions), new Error('incompatible with current running cluster'));
  }
});
