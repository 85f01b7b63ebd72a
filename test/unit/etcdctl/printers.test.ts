import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Codec, codecs, type Init } from '../../../proto/load.ts';
import type {
  DeleteRangeResponse,
  MemberListResponse,
  RangeResponse,
  StatusResponse,
  TxnResponse,
} from '../../../proto/schema.ts';
import { humanBytes, leaseText } from '../../../final/etcdctl/cells.ts';
import { ExitError } from '../../../final/etcdctl/command.ts';
import { goJson } from '../../../final/etcdctl/go_json.ts';
import { type Format, formats, type Printer } from '../../../final/etcdctl/printer.ts';
import { newPrinter } from '../../../final/etcdctl/printers.ts';
import { breakLines, renderTable, screenWidth } from '../../../final/etcdctl/render_table.ts';
import { fakeIo } from './fake_io.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const header = { cluster_id: 2n ** 64n - 1n, member_id: 5n, revision: 9, raft_term: 2 };
const pair = {
  key: bytes('k"é'),
  create_revision: 2,
  mod_revision: 3,
  version: 2,
  value: Buffer.of(0xff, 0x0a),
  lease: 7n,
};

/** A message with all its fields, as it comes from a server. */
function received<T>(codec: Codec<T>, message: Init<T>): T {
  return codec.decode(codec.encode(message));
}

const range: RangeResponse = received(codecs['etcdserverpb.RangeResponse'], { header, kvs: [pair], count: 1 });
const deleted: DeleteRangeResponse = received(codecs['etcdserverpb.DeleteRangeResponse'], {
  header,
  deleted: 1,
  prev_kvs: [pair],
});
const txn: TxnResponse = received(codecs['etcdserverpb.TxnResponse'], {
  header,
  succeeded: true,
  responses: [{ response_put: { header: { revision: 9 } } }, { response_range: range }, { response_delete_range: {} }],
});
const members: MemberListResponse = received(codecs['etcdserverpb.MemberListResponse'], {
  header,
  members: [
    { ID: 5n, name: 'n<1>', peerURLs: ['http://a', 'http://b'], clientURLs: ['http://c'] },
    { ID: 0xabcn, isLearner: true },
  ],
});
const status: StatusResponse = received(codecs['etcdserverpb.StatusResponse'], {
  header,
  version: '3.4.23',
  dbSize: 20_480,
  leader: 5n,
  raftTerm: 2,
  raftIndex: 7,
  raftAppliedIndex: 6,
  errors: ['memberID:5 alarm:NOSPACE ', 'b'],
});

function printed(format: Format, print: (printer: Printer) => void, hex = false): { stdout: string; stderr: string } {
  const fake = fakeIo();
  print(newPrinter(format, { io: fake.io, hex }));
  return { stdout: fake.stdout().toString('latin1'), stderr: fake.stderr() };
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('simple', () => {
  test('keys and values are written byte for byte', () => {
    assert.equal(printed('simple', (to) => to.get(range)).stdout, `${latin1('k"é')}\n\xff\n\n`);
    assert.equal(printed('simple', (to) => to.get(range, true)).stdout, '\xff\n\n');
    assert.equal(printed('simple', (to) => to.get(range), true).stdout, '\\x6b\\x22\\xc3\\xa9\n\\xff\\x0a\n');
  });

  test('a txn sets its answers apart by empty lines', () => {
    const expected = `SUCCESS\n\nOK\n\n${latin1('k"é')}\n\xff\n\n\n0\n`;
    assert.equal(printed('simple', (to) => to.txn(txn)).stdout, expected);
  });

  test('members, and health on stderr', () => {
    const list = '5, started, n<1>, http://a,http://b, http://c, false\nabc, unstarted, , , , true\n';
    assert.equal(printed('simple', (to) => to.memberList(members)).stdout, list);
    const health = [
      { endpoint: 'a:1', healthy: true, took: '1ms', error: '' },
      { endpoint: 'b:2', healthy: false, took: '5s', error: 'context deadline exceeded' },
    ];
    const { stdout, stderr } = printed('simple', (to) => to.endpointHealth(health));
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^a:1 is healthy: successfully committed proposal: took = 1ms\nb:2 is unhealthy: failed to commit/,
    );
  });
});

describe('json', () => {
  test('zeros are left out, numbers are whole, bytes are base64', () => {
    assert.equal(
      printed('json', (to) => to.get(range)).stdout,
      '{"header":{"cluster_id":18446744073709551615,"member_id":5,"revision":9,"raft_term":2},' +
        '"kvs":[{"key":"ayLDqQ==","create_revision":2,"mod_revision":3,"version":2,"value":"/wo=","lease":7}],"count":1}\n',
    );
  });

  test('a txn has the names of 3.4', () => {
    const { stdout } = printed('json', (to) => to.txn(txn));
    assert.match(
      stdout,
      /"succeeded":true,"responses":\[\{"Response":\{"ResponsePut":\{"header":\{"revision":9\}\}\}\},/,
    );
    assert.match(stdout, /\{"Response":\{"ResponseDeleteRange":\{\}\}\}\]\}\n$/);
  });

  test('texts are escaped as Go does', () => {
    assert.equal(
      goJson('<&>\u2028\b\n\u0001"\\\u007fé'),
      String.raw`"\u003c\u0026\u003e\u2028\u0008\n\u0001\"\\` + '\u007fé"',
    );
  });
});

test('fields', () => {
  assert.equal(
    Buffer.from(printed('fields', (to) => to.del(deleted)).stdout, 'latin1').toString(),
    String.raw`"ClusterID" : 18446744073709551615
"MemberID" : 5
"Revision" : 9
"RaftTerm" : 2
"Deleted" : 1
"PrevKey" : "k\"é"
"PrevCreateRevision" : 2
"PrevModRevision" : 3
"PrevVersion" : 2
"PrevValue" : "\xff\n"
"PrevLease" : 7
`,
  );
  const { stdout } = printed('fields', (to) => to.endpointStatus([{ endpoint: 'a:1', status }]));
  assert.match(stdout, /\n"Errors" : \[memberID:5 alarm:NOSPACE {2}b\]\n"Endpoint" : "a:1"\n\n$/);
});

test('protobuf gives the bytes of the message', () => {
  const { stdout } = printed('protobuf', (to) => to.txn(txn));
  assert.deepEqual(codecs['etcdserverpb.TxnResponse'].decode(Buffer.from(stdout, 'latin1')), txn);
});

describe('table', () => {
  test('cells stand to the right, the header in the middle', () => {
    assert.equal(
      printed('table', (to) => to.endpointHealth([{ endpoint: 'a:12', healthy: false, took: '1.5ms', error: '' }]))
        .stdout,
      [
        '+----------+--------+-------+-------+',
        '| ENDPOINT | HEALTH | TOOK  | ERROR |',
        '+----------+--------+-------+-------+',
        '|     a:12 |  false | 1.5ms |       |',
        '+----------+--------+-------+-------+\n',
      ].join('\n'),
    );
  });

  test('long cells are broken into lines that are about equally full', () => {
    assert.deepEqual(breakLines('a name with many words in it which is longer than thirty', 30), [
      'a name with many words in it',
      'which is longer than thirty',
    ]);
    const [a, b, c] = ['a'.repeat(15), 'b'.repeat(14), 'c'.repeat(29)];
    assert.deepEqual(breakLines(`${a} ${b} x ${c} y`, 30), [a, `${b} x`, c, 'y']);
    assert.deepEqual(breakLines(`${'w'.repeat(31)} y`, 30), ['w'.repeat(31), 'y']);
    assert.match(
      renderTable(['H'], [['one '.repeat(10).trim()]]),
      /\n\| {4}one one one one one one one \|\n\| {20}one one one \|\n/,
    );
  });

  test('width is counted in columns of the screen', () => {
    assert.equal(screenWidth('<é\t"x日本'), 8);
    assert.equal(screenWidth('e\u0301\u200b😀'), 3);
  });
});

test('each format refuses what it cannot show', () => {
  const refused: Readonly<Record<Format, readonly (keyof Printer)[]>> = {
    simple: [],
    json: [],
    fields: [],
    protobuf: ['endpointHealth', 'endpointStatus', 'endpointHashKV', 'dbStatus', 'dbHashKV'],
    table: ['put', 'get', 'del', 'txn', 'alarm', 'leaseGrant', 'leaseRevoke', 'leaseTimeToLive', 'leaseList'],
  };
  for (const format of formats) {
    const printer = newPrinter(format, { io: fakeIo().io, hex: false });
    for (const method of refused[format]) {
      assert.throws(printer[method] as () => void, new ExitError(4, `${format} not supported as output format`));
    }
  }
});

describe('leases and alarms', () => {
  const alarms = received(codecs['etcdserverpb.AlarmResponse'], { alarms: [{ memberID: 5n, alarm: 1 }] });
  const revoked = received(codecs['etcdserverpb.LeaseRevokeResponse'], { header });
  const alive = { header, ID: 0xabn, TTL: 9, grantedTTL: 10, keys: [bytes('b'), bytes('a "')] };
  const gone = received(codecs['etcdserverpb.LeaseTimeToLiveResponse'], { ID: -1n, TTL: -1 });

  test('simple', () => {
    assert.equal(printed('simple', (to) => to.alarm(alarms)).stdout, 'memberID:5 alarm:NOSPACE \n');
    assert.equal(printed('simple', (to) => to.leaseRevoke(revoked, 5n)).stdout, 'lease 0000000000000005 revoked\n');
    const times = 'lease 00000000000000ab granted with TTL(10s), remaining(9s)';
    assert.equal(printed('simple', (to) => to.leaseTimeToLive(alive, false)).stdout, `${times}\n`);
    const withKeys = printed('simple', (to) => to.leaseTimeToLive(alive, true)).stdout;
    assert.equal(withKeys, `${times}, attached keys([b a "])\n`);
    assert.equal(
      printed('simple', (to) => to.leaseTimeToLive(gone, false)).stdout,
      'lease -000000000000001 already expired\n',
    );
  });

  test('json has the header among the fields, and no keys as null', () => {
    assert.equal(
      printed('json', (to) => to.leaseTimeToLive({ ...alive, keys: [] }, true)).stdout,
      '{"cluster_id":18446744073709551615,"member_id":5,"revision":9,"raft_term":2,"id":171,"ttl":9,"granted-ttl":10,"keys":null}\n',
    );
  });

  test('fields and protobuf', () => {
    const shown = printed('fields', (to) => to.alarm(alarms)).stdout;
    assert.match(shown, /^"ClusterID" : 0\n[^]*"MemberID" : 5\n"AlarmType" : NOSPACE\n\n$/);
    const refusal =
      /^marshal unsupported .* \(\{cluster_id:18446744073709551615 member_id:5 revision:9 raft_term:2 \}\)$/;
    assert.throws(
      () => printed('protobuf', (to) => to.leaseRevoke(revoked, 5n)),
      (error: ExitError) => refusal.test(error.message),
    );
  });
});

test('sizes are for people', () => {
  const shown = [0, 9, 10, 999, 1000, 9949, 9950, 20_480, 21_500, 24_576, 123_456_789, 2 ** 31].map(humanBytes);
  assert.deepEqual(shown, [
    '0 B',
    '9 B',
    '10 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '20 kB',
    '22 kB',
    '25 kB',
    '124 MB',
    '2.1 GB',
  ]);
});

test('the ID of a lease is a signed number of sixteen places', () => {
  // As etcdctl 3.4.23 prints them.
  for (const [id, expected] of [
    [5n, '0000000000000005'],
    [-5n, '-000000000000005'],
    [2n ** 63n - 1n, '7fffffffffffffff'],
    [-(2n ** 63n), '-8000000000000000'],
  ] as const) {
    assert.equal(leaseText(id), expected);
  }
});

test('protobuf: a watch that was refused has an empty header', () => {
  const { io, stdout } = fakeIo();
  const response = codecs['etcdserverpb.WatchResponse'].decode(Buffer.of(0x20, 0x01));
  newPrinter('protobuf', { hex: false, io }).watch(response);
  assert.equal(stdout().toString('hex'), '0a002001');
});
