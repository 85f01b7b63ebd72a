// The cluster that a start describes: IDs, and every way to describe it wrongly. The texts are those of etcd 3.4.23 and
// 3.5.30, which were asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addedMemberId,
  bootstrapCluster,
  type BootstrapSettings,
  clusterId,
  memberId,
  parseInitialCluster,
  urlsToResolve,
} from '../../../final/server/cluster.ts';
import { resolveUrls, urlDifference } from '../../../final/server/peer_urls.ts';
import { silentLog, steppedClock } from './fixture.ts';

const P = 'http://127.0.0.1:10771';
const Q = 'http://127.0.0.1:10772';
const R = 'http://127.0.0.1:10773';

function settings(initialCluster: string, rest: Partial<BootstrapSettings> = {}): BootstrapSettings {
  return { name: 'a', initialCluster, token: 'etcd-cluster', advertisePeerUrls: [P], ...rest };
}

const hex = (id: bigint): string => id.toString(16);

test('IDs are those that etcd gives to the same settings', () => {
  const one = bootstrapCluster({
    name: 'default',
    initialCluster: 'default=http://localhost:2380',
    token: 'etcd-cluster',
    advertisePeerUrls: ['http://localhost:2380'],
  });
  assert.deepEqual([hex(one.localMemberId), hex(one.id)], ['8e9e05c52164694d', 'cdf818194e3a8c32']);
  const urls = [32_383, 32_384, 32_385].map((port) => `http://127.0.0.1:${port}`);
  const three = bootstrapCluster({
    name: 'm2',
    initialCluster: urls.map((url, i) => `m${i + 1}=${url}`).join(','),
    token: 'tok1',
    advertisePeerUrls: [urls[1] ?? ''],
  });
  assert.equal(hex(three.id), '13b0dde9e4126dee');
  assert.equal(hex(three.localMemberId), '5a5000ed525abcc0');
  assert.deepEqual(
    three.members.map(({ id, name, peerUrls }) => [hex(id), name, peerUrls]),
    [
      ['540060c348585d87', 'm1', [urls[0]]],
      ['5a5000ed525abcc0', 'm2', [urls[1]]],
      ['89b6ef925d7a4f1c', 'm3', [urls[2]]],
    ],
  );
  assert.equal(three.voters.length, 3);
  assert.deepEqual(three.learners, []);
});

test('the ID of an added member has the second of its addition in it', () => {
  assert.equal(hex(addedMemberId(['http://127.0.0.1:32390'], 1_795_339_405_999)), '94abaa111830d61b');
  assert.equal(memberId([Q, P], 't'), memberId([P, Q], 't'));
  assert.equal(clusterId([2n, 1n]), clusterId([1n, 2n]));
});

test('a name may be repeated, empty parts are passed over, blanks around URLs too, and URLs are sorted', () => {
  const parsed = parseInitialCluster(`,a= ${Q} ,b=${R},,a=${P},=unix://x`);
  assert.deepEqual(
    [...parsed],
    [
      ['a', [P, Q]],
      ['b', [R]],
      ['', ['unix://x']],
    ],
  );
});

const schemes = 'URL scheme must be http, https, unix, or unixs';
const wrong: readonly [string, BootstrapSettings, string][] = [
  ['the own name is missing', settings(`b=${P}`), `couldn't find local name "a" in the initial cluster configuration`],
  ['nothing is given', settings(''), `couldn't find local name "a" in the initial cluster configuration`],
  [
    'the own URL is another',
    settings(`a=${Q}`),
    `--initial-cluster has a=${Q} but missing from --initial-advertise-peer-urls=${P} (resolved urls: "${P}" != "${Q}")`,
  ],
  [
    'there is one URL more',
    settings(`a=${P},a=${Q}`),
    `--initial-cluster has a=${Q} but missing from --initial-advertise-peer-urls=${P} (len(["${P}"]) != len(["${P}" "${Q}"]))`,
  ],
  [
    'more is advertised',
    settings(`a=${P}`, { advertisePeerUrls: [Q, P] }),
    `--initial-advertise-peer-urls has ${Q} but missing from --initial-cluster=a=${P},a=${Q}`,
  ],
  [
    'one of two URLs is another',
    settings(`a=${R},b=${Q},a=${P}`, { advertisePeerUrls: [P, Q] }),
    `--initial-cluster has a=${R} but missing from --initial-advertise-peer-urls=${P},${Q} (resolved urls: "${Q}" != "${R}")`,
  ],
  [
    'the own URL is given twice',
    settings(`a=${P},a=${P}`),
    `failed to resolve ${P} to match --initial-cluster=a=${P} (len(["${P}"]) != len(["${P}" "${P}"]))`,
  ],
  [
    'localhost is no address',
    settings('a=http://localhost:10771'),
    `--initial-cluster has a=http://localhost:10771 but missing from --initial-advertise-peer-urls=${P} (resolved urls: "${P}" != "http://localhost:10771")`,
  ],
  ['two names share a URL', settings(`b=${P},a=${P}`), `initial cluster a=${P},b=${P} has duplicate url`],
  [
    'two others share a URL',
    settings(`a=${P},b=${Q},c=${Q}`),
    `initial cluster a=${P},b=${Q},c=${Q} has duplicate url`,
  ],
  ['a name has no URL', settings(`a=${P},b`), `error setting up initial cluster: ${schemes}: `],
  ['a URL is empty', settings(`a=${P},b=`), `error setting up initial cluster: ${schemes}: `],
  ['a URL is none', settings(`a=${P},b=foo`), `error setting up initial cluster: ${schemes}: foo`],
  [
    'a URL has no port',
    settings(`a=${P},b=http://127.0.0.1`),
    'error setting up initial cluster: URL address does not have the form "host:port": http://127.0.0.1',
  ],
  [
    'a URL has a path',
    settings(`a=${P},b=${Q}/`),
    `error setting up initial cluster: URL must not contain a path: ${Q}/`,
  ],
  [
    'the own name is missing where a cluster is joined',
    settings(`b=${P}`, { isJoining: true }),
    `couldn't find local name "a" in the initial cluster configuration`,
  ],
  [
    'two names share a URL where a cluster is joined',
    settings(`a=${P},b=${P}`, { isJoining: true }),
    `initial cluster a=${P},b=${P} has duplicate url`,
  ],
];

for (const [name, given, text] of wrong) {
  test(`an initial cluster is refused when ${name}`, () => {
    assert.throws(() => bootstrapCluster(given), new Error(text));
  });
}

test('whoever joins may advertise other URLs than the cluster knows', () => {
  const cluster = bootstrapCluster(settings(`a=${Q},b=${R}`, { isJoining: true }));
  assert.equal(cluster.members.length, 2);
});

test('a host name and its address are the same place', async () => {
  const named = settings('a=http://one.test:1,b=http://two.test:1', { advertisePeerUrls: ['http://10.0.0.1:1'] });
  assert.deepEqual(urlsToResolve(named), ['http://10.0.0.1:1', 'http://one.test:1']);
  const { clock } = steppedClock();
  const addresses: Readonly<Record<string, string>> = { 'one.test': '10.0.0.1', 'six.test': '::1' };
  const asked: string[] = [];
  const lookup = (host: string): Promise<string> => {
    asked.push(host);
    const found = addresses[host];
    return found === undefined ? Promise.reject(new Error(`lookup ${host}: no such host`)) : Promise.resolve(found);
  };
  const options = { clock, log: silentLog, lookup };
  const resolved = await resolveUrls([...urlsToResolve(named), 'http://localhost:1', 'unix://x:1', 'zzz'], options);
  assert.deepEqual(asked, ['one.test']);
  assert.equal(bootstrapCluster(named, resolved).members.length, 2);
  assert.throws(() => bootstrapCluster(named), /--initial-cluster has a=http:\/\/one\.test:1 but missing/);
  const six = await resolveUrls(['http://six.test:1'], options);
  assert.equal(urlDifference(['http://six.test:1'], ['http://[::1]:1'], six), undefined);
  assert.equal(
    urlDifference(['http://six.test:1'], ['http://[::2]:1'], six),
    'resolved urls: "http://[::1]:1" != "http://[::2]:1"',
  );
});

test('a host name without an address is asked for until half a minute is over', async () => {
  const { clock, slept } = steppedClock();
  let asked = 0;
  const lookup = (): Promise<string> => {
    asked += 1;
    return Promise.reject(new Error('lookup no.test: no such host'));
  };
  const given = settings('a=http://no.test:1', { advertisePeerUrls: ['http://no.test:1'] });
  const resolved = await resolveUrls(urlsToResolve(given), { clock, log: silentLog, lookup });
  assert.deepEqual([asked, slept()], [31, 30_000]);
  assert.throws(
    () => bootstrapCluster(given, resolved),
    new Error(
      'failed to resolve http://no.test:1 to match --initial-cluster=a=http://no.test:1 (lookup no.test: no such host)',
    ),
  );
});
