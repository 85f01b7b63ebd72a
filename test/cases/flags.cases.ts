// Flags and environment variables: how they are parsed, checked and refused (spec/cli.md A.1, A.2). The flags of
// the first step are in listeners.cases.ts, what a start prints and logs is in start.cases.ts.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Cluster, KV } from '../../proto/load.ts';
import { freePort } from '../harness/ports.ts';
import type { StartOptions } from '../harness/server.ts';
import type { Case, CaseGroup } from './case.ts';
import { REFUSAL_LIMIT_MS, type Refusal, refusals, refusedStart } from './starting.ts';

const since = 'final';
const COMMON = { since } as const;
type Row = readonly [name: string, given: StartOptions, refusal: Refusal, only?: '3.5'];

const flag = (name: string, value: string): StartOptions => ({ flags: { [name]: value } });

/** A value that the parser refuses: status 2. */
const unparsable = (name: string, value: string, problem: string): Row => [
  `--${name}=${value} cannot be parsed`,
  flag(name, value),
  { status: 2, text: `invalid value "${value}" for flag -${name}: ${problem}` },
];

const outOfRange = (name: string, value: string): Row => [
  `--${name}=${value} is out of range`,
  flag(name, value),
  { status: 2, text: `invalid value "${value}" for flag -${name}: value out of range` },
];

/** A value that makes no sense: status 1. */
const wrong = (name: string, value: string, text: string, only?: '3.5'): Row => [
  `--${name}=${value} is refused`,
  flag(name, value),
  { status: 1, text },
  ...(only === undefined ? ([] as const) : ([only] as const)),
];

const parsing: Case[] = refusals(COMMON, [
  unparsable('snapshot-count', 'abc', 'parse error'),
  unparsable('snapshot-count', '-1', 'parse error'),
  unparsable('heartbeat-interval', '1e3', 'parse error'),
  unparsable('max-txn-ops', '', 'parse error'),
  unparsable('quota-backend-bytes', 'abc', 'parse error'),
  outOfRange('quota-backend-bytes', '9223372036854775808'),
  outOfRange('max-request-bytes', '18446744073709551616'),
  unparsable('grpc-keepalive-min-time', '5', 'parse error'),
  unparsable('grpc-keepalive-interval', '5 s', 'parse error'),
  unparsable('initial-cluster-state', 'foo', 'invalid value'),
  unparsable('discovery-fallback', 'foo', 'invalid value'),
  unparsable('cors', 'foo', 'URL scheme must be http, https, unix, or unixs: foo'),
  unparsable('cors', '', 'URL scheme must be http, https, unix, or unixs: '),
  unparsable('initial-advertise-peer-urls', 'foo', 'URL scheme must be http, https, unix, or unixs: foo'),
  [
    'a bool flag takes only the words that Go knows',
    flag('pre-vote', 'maybe'),
    { status: 2, text: 'invalid boolean value "maybe" for -pre-vote: parse error' },
  ],
  [
    'the value of a bool flag needs an equals sign',
    { arguments: ['--pre-vote', 'true'] },
    { status: 1, text: "'true' is not a valid flag" },
  ],
  [
    'what is behind -- is no flag',
    { arguments: ['--', '--version'] },
    { status: 1, text: "'--version' is not a valid flag" },
  ],
  [
    'a uint32 is refused with the words of Go',
    flag('max-concurrent-streams', '-1'),
    { status: 2, text: 'for flag -max-concurrent-streams: strconv.ParseUint: parsing "-1": invalid syntax' },
    '3.5',
  ],
  [
    'a uint32 has 32 bits',
    flag('max-concurrent-streams', '4294967296'),
    {
      status: 2,
      text: 'for flag -max-concurrent-streams: strconv.ParseUint: parsing "4294967296": value out of range',
    },
    '3.5',
  ],
]);

const checking: Case[] = refusals(COMMON, [
  wrong('heartbeat-interval', '0', '--heartbeat-interval must be >0 (set to 0ms)'),
  wrong('election-timeout', '0', '--election-timeout must be >0 (set to 0ms)'),
  wrong(
    'election-timeout',
    '499',
    '--election-timeout[499ms] should be at least as 5 times as --heartbeat-interval[100ms]',
  ),
  wrong('election-timeout', '50001', '--election-timeout[50001ms] is too long, and should be set less than 50000ms'),
  wrong(
    'advertise-client-urls',
    'http://:2379',
    '--advertise-client-urls "http://:2379" must be "host:port" (unexpected empty host (http://:2379))',
  ),
  wrong(
    'initial-advertise-peer-urls',
    'http://:2380',
    '--initial-advertise-peer-urls "http://:2380" must be "host:port" (unexpected empty host (http://:2380))',
  ),
  wrong(
    'advertise-client-urls',
    'unix://foo',
    '--advertise-client-urls "unix://foo" must be "host:port" (address foo: missing port in address)',
    '3.5',
  ),
  wrong(
    'experimental-enable-lease-checkpoint-persist',
    'true',
    'setting experimental-enable-lease-checkpoint-persist requires experimental-enable-lease-checkpoint',
    '3.5',
  ),
  wrong('logger', 'foo', 'unknown logger option "foo"'),
  wrong('logger', 'capnslog', '--logger=capnslog is removed in v3.5', '3.5'),
  wrong('log-outputs', 'default,stderr', 'multi logoutput for "default" is not supported yet', '3.5'),
  [
    'a file for the log that cannot be made is refused',
    flag('log-outputs', '/nowhere/log'),
    { status: 1, text: 'open sink "/nowhere/log": open /nowhere/log: no such file or directory' },
    '3.5',
  ],
  [
    'an unknown log level is refused, with status 2',
    flag('log-level', 'foo'),
    { status: 2, text: 'unrecognized level: "foo"' },
    '3.5',
  ],
  wrong('name', 'x', `couldn't find local name "x" in the initial cluster configuration`),
  wrong('initial-cluster', '', `couldn't find local name "n1" in the initial cluster configuration`),
  wrong('initial-cluster', 'n1', 'error setting up initial cluster: URL scheme must be http, https, unix, or unixs: '),
  [
    'the member must be in the initial cluster as it advertises itself',
    flag('initial-cluster', 'n1=http://127.0.0.1:1'),
    {
      status: 1,
      text: /--initial-cluster has n1=http:\/\/127\.0\.0\.1:1 but missing from --initial-advertise-peer-urls=http:\/\/127\.0\.0\.1:\d+ \(resolved urls: "http:\/\/127\.0\.0\.1:\d+" != "http:\/\/127\.0\.0\.1:1"\)/,
    },
  ],
  ['a data directory that is a file is refused', flag('data-dir', '/etc/hostname'), { status: 1, text: /data dir/ }],
]);

const duplicated: Case = {
  name: 'a URL of the initial cluster belongs to one name',
  since,
  server: 'none',
  run: async (t) => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const cluster = `a=${url},n1=${url}`;
    const server = await t.launch({
      flags: { 'listen-peer-urls': url, 'initial-advertise-peer-urls': url, 'initial-cluster': cluster },
    });
    assert.equal((await server.ended(REFUSAL_LIMIT_MS)).code, 1);
    assert.match(server.stderr, new RegExp(`initial cluster ${cluster} has duplicate url`));
  },
};

const accepted: Case[] = [
  {
    name: 'numbers may be written in other bases, durations in several units, bools in several words',
    since,
    server: 'fresh',
    flags: {
      'max-txn-ops': '0x10',
      'max-request-bytes': '0b100000000000000000000',
      'heartbeat-interval': '0144',
      'election-timeout': '1_000',
      'grpc-keepalive-min-time': '1m30.5s',
      'grpc-keepalive-interval': '0',
      'pre-vote': 'T',
    },
    only: '3.5',
    run: async (t) => {
      const ops = Array.from({ length: 17 }, (_, index) => ({ request_range: { key: t.key(`${index}`) } }));
      await t.ok(KV.methods.Txn, { success: ops.slice(1) });
      const { code, message } = await t.client.unary(KV.methods.Txn, { success: ops });
      assert.deepEqual([code, message], [3, 'etcdserver: too many operations in txn request']);
    },
  },
  {
    name: '--max-request-bytes bounds the request, and half a MiB more the message',
    since,
    server: 'fresh',
    flags: { 'max-request-bytes': '1000' },
    run: async (t) => {
      await t.ok(KV.methods.Put, { key: t.key('k'), value: Buffer.alloc(900) });
      const tooLarge = { code: 3, message: 'etcdserver: request is too large' };
      await t.refused(KV.methods.Put, { key: t.key('k'), value: Buffer.alloc(1200) }, tooLarge);
      const { code, message } = await t.client.unary(KV.methods.Put, { key: t.key('k'), value: Buffer.alloc(600_000) });
      assert.equal(code, 8);
      assert.match(message, /^grpc: received message larger than max \(6000\d\d vs\. 525288\)$/);
    },
  },
  {
    name: 'a member with a name of its own needs no initial cluster; the member list shows its name and URLs',
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start({
        flags: {
          name: 'n9',
          'advertise-client-urls': 'http://b.example:2,http://a.example:1',
          'initial-cluster': undefined,
        },
      });
      const { response } = await server.grpc().unary(Cluster.methods.MemberList, {});
      const [member] = response?.members ?? [];
      assert.deepEqual(
        [member?.name, member?.peerURLs, member?.clientURLs],
        ['n9', [server.peerUrl], ['http://a.example:1', 'http://b.example:2']],
      );
    },
  },
  {
    name: 'the member with the default name needs one, when it has another peer URL than the default',
    since,
    server: 'none',
    run: (t) =>
      refusedStart(
        t,
        { flags: { name: undefined, 'initial-cluster': undefined } },
        { status: 1, text: '--initial-cluster has default=http://localhost:2380 but missing from' },
      ),
  },
  {
    name: '--initial-cluster-token changes the IDs',
    since,
    server: 'none',
    run: async (t) => {
      const peer = `http://127.0.0.1:${await freePort()}`;
      const onPort = { 'listen-peer-urls': peer, 'initial-advertise-peer-urls': peer, 'initial-cluster': `n1=${peer}` };
      const ids = async (token: string): Promise<unknown> => {
        const server = await t.start({ flags: { ...onPort, 'initial-cluster-token': token } });
        const { response } = await server.grpc().unary(KV.methods.Range, { key: Buffer.from('k') });
        await server.kill();
        return [response?.header?.member_id, response?.header?.cluster_id];
      };
      assert.deepEqual(await ids('etcd-cluster'), await ids('etcd-cluster'));
      assert.notDeepEqual(await ids('etcd-cluster'), await ids('other'));
    },
  },
  {
    name: 'flags that were given up long ago are accepted with any value',
    since,
    server: 'none',
    run: async (t) => {
      await t.start({ arguments: ['-v', '--snapshot=5', '--force=maybe', '-peer-election-timeout'] });
    },
  },
  {
    name: '--data-dir is made, for the eyes of its owner only',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      await t.start({ folder, flags: { 'data-dir': 'a/b/c' } });
      assert.equal(fs.statSync(path.join(folder, 'a/b/c')).mode & 0o777, 0o700);
    },
  },
];

const environment: Case[] = [
  {
    name: 'a variable stands in for a flag that is not given, and is told',
    since,
    server: 'none',
    run: async (t) => {
      const env = { ETCD_LOGGER: 'zap', ETCD_LOG_OUTPUTS: 'stderr', ETCD_MAX_TXN_OPS: '1', ETCD_PRE_VOTE: 'true' };
      const server = await t.start({ env });
      const ops = ['a', 'b'].map((key) => ({ request_range: { key: Buffer.from(key) } }));
      const { code } = await server.grpc().unary(KV.methods.Txn, { success: ops });
      assert.equal(code, 3);
      assert.match(server.stderr, /recognized and used environment variable/);
      assert.match(server.stderr, /ETCD_MAX_TXN_OPS/);
    },
  },
  {
    name: 'a variable that is empty or unknown does nothing, and is told',
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start({ env: { ETCD_MAX_TXN_OPS: '', ETCD_FOO: 'bar' } });
      for (const name of ['ETCD_MAX_TXN_OPS=', 'ETCD_FOO=bar']) {
        assert.match(server.stderr, new RegExp(`unrecognized environment variable[^\\n]*${name}`));
      }
    },
  },
  ...refusals(COMMON, [
    [
      'a variable and a flag for the same thing contradict each other',
      { env: { ETCD_NAME: 'n1' } },
      {
        status: 1,
        text: /conflicting environment variable[^\n]*is shadowed by corresponding command-line flag \(either unset environment variable or disable flag\)/,
      },
    ],
    [
      'an empty variable contradicts a flag as well',
      { env: { ETCD_NAME: '' } },
      { status: 1, text: /conflicting environment variable/ },
    ],
    [
      'a variable that cannot be parsed is a wrong start, not a wrong command line',
      { env: { ETCD_SNAPSHOT_COUNT: 'x' } },
      { status: 1, text: 'invalid value "x" for ETCD_SNAPSHOT_COUNT: parse error' },
    ],
    [
      'the same for bools',
      { env: { ETCD_PRE_VOTE: 'maybe' } },
      { status: 1, text: 'invalid value "maybe" for ETCD_PRE_VOTE: parse error' },
    ],
    [
      'the same for URLs',
      { env: { ETCD_LISTEN_CLIENT_URLS: 'foo' }, flags: { 'listen-client-urls': undefined } },
      {
        status: 1,
        text: 'invalid value "foo" for ETCD_LISTEN_CLIENT_URLS: URL scheme must be http, https, unix, or unixs: foo',
      },
    ],
    [
      'listening on the address of a variable needs an advertised one too',
      {
        env: { ETCD_LISTEN_CLIENT_URLS: 'http://127.0.0.1:22379' },
        flags: { 'listen-client-urls': undefined, 'advertise-client-urls': undefined },
      },
      { status: 1, text: '--advertise-client-urls is required when --listen-client-urls is set explicitly' },
    ],
  ]),
];

const notYet: Case[] = refusals(
  { since, notOnReal: 'it can' },
  [
    ['cert-file', 'cert.pem'],
    ['listen-metrics-urls', 'http://127.0.0.1:22399'],
    ['experimental-warning-apply-duration', '1s'],
    ['discovery', 'http://127.0.0.1:22399/x'],
  ].map(
    ([name = '', value = '']): Row => [
      `--${name}=${value} is refused as not yet implemented`,
      flag(name, value),
      { status: 1, text: `--${name} is not yet implemented (set to "${value}")` },
    ],
  ),
);

const notYetElse: Case[] = [
  ...refusals({ since: '01-listeners', notOnReal: 'it can' }, [
    [
      'an https URL is refused as not yet implemented',
      flag('listen-client-urls', 'https://127.0.0.1:22379'),
      { status: 1, text: 'TLS is not yet implemented: cannot listen on https://127.0.0.1:22379' },
    ],
  ]),
];

/** The cases of flags and environment. */
export const flagsCases: CaseGroup = {
  name: 'flags',
  cases: [...parsing, ...checking, duplicated, ...accepted, ...environment, ...notYet, ...notYetElse],
};
