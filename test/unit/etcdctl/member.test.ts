// etcdctl member add, remove, update, promote and move-leader on a client that answers from memory. Texts and statuses are
// those of etcdctl 3.4.23, which ran the same command lines against clusters of three.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codecs } from '../../../proto/load.ts';
import type { Client } from '../../../final/client/client.ts';
import { main } from '../../../final/etcdctl/main.ts';
import { newPrinter } from '../../../final/etcdctl/printers.ts';
import { fakeIo } from './fake_io.ts';

const CLUSTER = 0x1e37a8f899c33582n;
const OWN = 0x5abcn;
const NEW = 0xb4b5eae0a8d608b1n;

const header = (member_id: bigint) => ({ cluster_id: CLUSTER, member_id, revision: 0, raft_term: 2 });
const members = [
  { ID: OWN, name: 'm1', peerURLs: ['http://a:1', 'http://b:1'], clientURLs: ['http://a:2'], isLearner: false },
  { ID: NEW, name: '', peerURLs: ['http://c:1'], clientURLs: [], isLearner: true },
];

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Calls that were made, in order. */
  readonly calls: readonly unknown[];
}

/** Member lists come from `listedBy` in turn, as from several endpoints. The leader is asked at `ep2`. */
async function run(argv: readonly string[], listedBy: readonly bigint[] = [OWN]): Promise<Ran> {
  const fake = fakeIo();
  const calls: unknown[] = [];
  let lists = 0;
  const note = <T>(name: string, answer: T) => {
    return (request?: unknown): Promise<T> => {
      calls.push([name, request]);
      return Promise.resolve(answer);
    };
  };
  const answer = { header: header(OWN), members };
  const client = {
    memberList: () => Promise.resolve({ header: header(listedBy[lists++] ?? 0n), members }),
    range: note('range', { header: header(7n) }),
    memberAdd: note('add', { header: header(OWN), member: members[1], members }),
    memberRemove: note('remove', answer),
    memberUpdate: note('update', answer),
    memberPromote: note('promote', answer),
    status: (endpoint: string) => Promise.resolve({ header: header(endpoint === 'ep2' ? OWN : 1n), leader: OWN }),
    moveLeader: note('move', {}),
    close: () => undefined,
  } as unknown as Client;
  const services = { connect: () => Promise.resolve(client), printers: () => Promise.resolve(newPrinter) };
  const status = await main({ argv, env: {}, io: fake.io, services });
  return { status, stdout: fake.stdout().toString('latin1'), stderr: fake.stderr(), calls };
}

const settings = `
ETCD_NAME="n\\"4"
ETCD_INITIAL_CLUSTER="m1=http://a:1,m1=http://b:1,n\\"4=http://c:1"
ETCD_INITIAL_ADVERTISE_PEER_URLS="http://c:1"
ETCD_INITIAL_CLUSTER_STATE="existing"
`;

describe('member add', () => {
  const add = ['member', 'add', 'n"4', '--peer-urls=http://c:1'];

  test('prints what has to be said to the new member', async () => {
    const { status, stdout, stderr, calls } = await run([...add, '--learner']);
    const done = 'Member b4b5eae0a8d608b1 added to cluster 1e37a8f899c33582\n';
    assert.deepEqual([status, stdout, stderr], [0, done + settings, '']);
    assert.deepEqual(calls, [['add', { peerURLs: ['http://c:1'], isLearner: true }]]);
  });

  test('asks for the list again while another member than before has answered', async () => {
    const { status, stdout, calls } = await run(add, [5n, 6n, 7n]);
    assert.equal(status, 0);
    assert.ok(stdout.endsWith(settings));
    assert.deepEqual(
      calls.map((call) => (call as [string])[0]),
      ['add', 'range', 'range'],
    );
  });

  test('prints the answer alone in other formats', async () => {
    const json = await run([...add, '-w', 'json']);
    assert.ok(json.stdout.includes(`"member":{"ID":${NEW},"peerURLs":["http://c:1"],"isLearner":true}`));
    assert.ok(!json.stdout.includes('ETCD_NAME'));
    const protobuf = await run([...add, '-w', 'protobuf']);
    const decoded = codecs['etcdserverpb.MemberAddResponse'].decode(Buffer.from(protobuf.stdout, 'latin1'));
    assert.equal(decoded.member?.ID, NEW);
    for (const format of ['fields', 'table']) {
      const { status, stdout, stderr, calls } = await run([...add, '-w', format]);
      assert.deepEqual([status, stdout, stderr], [4, '', `Error: ${format} not supported as output format\n`]);
      assert.equal(calls.length, 1);
    }
  });
});

describe('changes of a member', () => {
  const id = 'b4b5eae0a8d608b1';
  const rows: readonly [readonly string[], string, unknown][] = [
    [['remove', id], `Member ${id} removed from cluster 1e37a8f899c33582\n`, ['remove', NEW]],
    [['remove', '5abc'], 'Member             5abc removed from cluster 1e37a8f899c33582\n', ['remove', OWN]],
    [['promote', id], `Member ${id} promoted in cluster 1e37a8f899c33582\n`, ['promote', NEW]],
    [
      ['update', id, '--peer-urls=http://x:1,http://y:1'],
      `Member ${id} updated in cluster 1e37a8f899c33582\n`,
      ['update', { ID: NEW, peerURLs: ['http://x:1', 'http://y:1'] }],
    ],
  ];
  for (const [argv, text, call] of rows) {
    test(argv.join(' '), async () => {
      const { status, stdout, stderr, calls } = await run(['member', ...argv]);
      assert.deepEqual([status, stdout, stderr, calls], [0, text, '', [call]]);
    });
  }
});

describe('move-leader', () => {
  test('asks the leader among the endpoints', async () => {
    const { status, stdout, calls } = await run(['--endpoints=ep1,ep2', 'move-leader', 'b4b5eae0a8d608b1']);
    assert.deepEqual([status, stdout], [0, 'Leadership transferred from 5abc to b4b5eae0a8d608b1\n']);
    assert.deepEqual(calls, [['move', NEW]]);
  });

  test('needs the leader among them', async () => {
    const { status, stderr, calls } = await run(['--endpoints=ep1,ep3', 'move-leader', '1']);
    assert.deepEqual([status, stderr, calls], [128, 'Error: no leader endpoint given at [ep1 ep3]\n', []]);
  });

  test('says nothing but an empty object in json', async () => {
    assert.equal((await run(['--endpoints=ep2', 'move-leader', '1', '-w', 'json'])).stdout, '{}\n');
    assert.equal((await run(['--endpoints=ep2', 'move-leader', '1', '-w', 'protobuf'])).stdout, '');
  });
});

const bad = (text: string, why = 'invalid syntax') =>
  `bad member ID arg (strconv.ParseUint: parsing "${text}": ${why}), expecting ID in Hex`;

describe('wrong arguments', () => {
  const rows: readonly [readonly string[], number, string][] = [
    [['member', 'add'], 128, 'member name not provided'],
    [['member', 'add', 'a'], 128, 'member peer urls not provided'],
    [['member', 'add', 'a', 'b'], 128, 'too many arguments'],
    [
      ['member', 'add', 'a', 'http://x:1', 'HTTP://y'],
      128,
      'too many arguments, did you mean --peer-urls=http://x:1, did you mean --peer-urls=HTTP://y',
    ],
    [['member', 'add', 'a', '--peer-urls=,'], 1, 'URL scheme must be http, https, unix, or unixs: '],
    [['member', 'add', 'a', '--peer-urls=http://x:1/y'], 1, 'URL must not contain a path: http://x:1/y'],
    [['member', 'remove'], 128, 'member ID is not provided'],
    [['member', 'remove', '1', '2'], 128, 'member ID is not provided'],
    [['member', 'remove', 'zz'], 128, bad('zz')],
    [['member', 'remove', '0x12'], 128, bad('0x12')],
    [['member', 'remove', '--', '-1'], 128, bad('-1')],
    [['member', 'remove', '11112222333344445'], 128, bad('11112222333344445', 'value out of range')],
    [['member', 'update', '1'], 128, 'member peer urls not provided'],
    [['member', 'update', '1', '--peer-urls=x'], 1, 'URL scheme must be http, https, unix, or unixs: x'],
    [['member', 'promote', ''], 128, bad('')],
    [['move-leader'], 128, 'move-leader command needs 1 argument'],
    [['move-leader', 'zz'], 128, 'strconv.ParseUint: parsing "zz": invalid syntax'],
  ];
  for (const [argv, expected, text] of rows) {
    test(`${argv.join(' ')}: ${text}`, async () => {
      const { status, stdout, stderr, calls } = await run(argv);
      assert.deepEqual([status, stdout, stderr, calls], [expected, '', `Error: ${text}\n`, []]);
    });
  }
});
