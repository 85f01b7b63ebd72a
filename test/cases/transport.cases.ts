// gRPC below its messages: headers, frames and texts of what is wrong (spec/rpc.md 3.4, 13, rows of 17.8). The real 3.4 is
// older here than the target line, so some of it holds from 3.5 on only.

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import zlib from 'node:zlib';
import { codecs, Election, KV, Lease, Maintenance, Watch } from '../../proto/load.ts';
import { grpcFrame, grpcHeaders, type Http2Answer, http2Exchange } from '../harness/http2_client.ts';
import { within } from '../harness/process.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';

const since = 'final';
const { Put } = KV.methods;
const RANGE = KV.methods.Range.path;
const NOTHING = new Uint8Array(0);

/** A Range of one key, with the five bytes in front. */
const request = grpcFrame(codecs['etcdserverpb.RangeRequest'].encode({ key: bytes('transport') }));

function exchange(t: CaseContext, headers: Record<string, string>, body: Uint8Array = request): Promise<Http2Answer> {
  return http2Exchange({ port: t.server.clientPort, headers, body });
}

/** HTTP status, gRPC status and text, wherever they came. */
function statusOf({ headers, trailers }: Http2Answer): [http: unknown, code: number, text: string] {
  const { 'grpc-status': code, 'grpc-message': text } = { ...headers, ...trailers };
  return [headers?.[':status'], Number(code), decodeURIComponent(String(text))];
}

/** Names and values alone. */
function plain(headers: object | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers ?? {}));
}

/** A case that one answer after the other has a status. */
function statuses(
  name: string,
  rows: (t: CaseContext) => readonly (readonly [answer: Promise<Http2Answer>, ...status: [number, number, string]])[],
  only?: '3.5',
): Case {
  return {
    name,
    since,
    ...(only === undefined ? {} : { only }),
    run: async (t) => {
      for (const [answer, ...expected] of rows(t)) assert.deepEqual(statusOf(await answer), expected);
    },
  };
}

const call = (path: string) => grpcHeaders(path);
const { Unimplemented, Internal, Unknown, ResourceExhausted, InvalidArgument, DeadlineExceeded } = Code;

const paths: Case[] = [
  statuses('an unknown method of a known service, and an unknown service, are named', (t) => [
    [exchange(t, call('/etcdserverpb.KV/Nope')), 200, Unimplemented, 'unknown method Nope for service etcdserverpb.KV'],
    [exchange(t, call('/etcdserverpb.KV/')), 200, Unimplemented, 'unknown method  for service etcdserverpb.KV'],
    [
      exchange(t, call('/etcdserverpb.KV/range')),
      200,
      Unimplemented,
      'unknown method range for service etcdserverpb.KV',
    ],
    [exchange(t, call('/foo.Bar/X')), 200, Unimplemented, 'unknown service foo.Bar'],
    [exchange(t, call('/a/b/c')), 200, Unimplemented, 'unknown service a/b'],
    [exchange(t, call(`${RANGE}/`)), 200, Unimplemented, 'unknown service etcdserverpb.KV/Range'],
  ]),
  statuses(
    'a path without two parts is malformed',
    (t) => [
      [exchange(t, call('/bad')), 200, Unimplemented, 'malformed method name: "/bad"'],
      [exchange(t, call('/')), 200, Unimplemented, 'malformed method name: "/"'],
    ],
    '3.5',
  ),
  {
    name: 'a text with quotes and percent signs comes percent-encoded',
    since,
    run: async (t) => {
      const { headers } = await exchange(t, call('/etcdserverpb.KV/a%25"b'));
      assert.equal(headers?.['grpc-message'], 'unknown method a%2525"b for service etcdserverpb.KV');
    },
  },
];

const headerCases: Case[] = [
  {
    name: 'an answer has headers, a message and trailers, and nothing more than they need',
    since,
    run: async (t) => {
      const { headers, trailers, data } = await exchange(t, call(RANGE));
      assert.deepEqual(plain(headers), { ':status': 200, 'content-type': 'application/grpc' });
      assert.deepEqual(plain(trailers), { 'grpc-status': '0', 'grpc-message': '' });
      assert.deepEqual([data[0], data.readUInt32BE(1)], [0, data.length - 5]);
    },
  },
  {
    name: 'an error is one block of headers, without trailers',
    since,
    run: async (t) => {
      const answer = await exchange(t, call(RANGE), grpcFrame(NOTHING));
      assert.deepEqual(plain(answer.headers), {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': '3',
        'grpc-message': 'etcdserver: key is not provided',
      });
      assert.deepEqual([answer.trailers, answer.data.length], [undefined, 0]);
    },
  },
  {
    name: 'the content types of gRPC are accepted and echoed',
    since,
    run: async (t) => {
      for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc+json']) {
        const answer = await exchange(t, { ...call(RANGE), 'content-type': type });
        assert.deepEqual([...statusOf(answer), answer.headers?.['content-type']], [200, 0, '', type]);
      }
    },
  },
  {
    name: 'te: trailers is not insisted on, and unknown metadata does no harm',
    since,
    run: async (t) => {
      const { te, ...rest } = call(RANGE);
      assert.equal(te, 'trailers');
      const metadata = { hasleader: 'true', 'client-api-version': '3.5', 'x-anything': 'y', 'x-anything-bin': 'AAEC' };
      assert.deepEqual(statusOf(await exchange(t, rest)), [200, 0, '']);
      assert.deepEqual(statusOf(await exchange(t, { ...rest, ...metadata })), [200, 0, '']);
    },
  },
  {
    name: 'another content type is no gRPC: 415, or a reset in 3.4; GET /version over HTTP/2 too (row 197)',
    since,
    run: async (t) => {
      for (const headers of [
        { ...call(RANGE), 'content-type': 'application/json' },
        { ...call(RANGE), 'content-type': 'application/grpcx' },
        { ...call(RANGE), 'content-type': 'application/grpc-web' },
        { ':method': 'GET', ':path': '/version' },
      ]) {
        const answer = await http2Exchange({ port: t.server.clientPort, headers, body: NOTHING });
        if (t.target.line === '3.4') assert.match(answer.error ?? '', /PROTOCOL_ERROR/);
        else {
          const type = 'content-type' in headers ? headers['content-type'] : '';
          const text = `invalid gRPC request content-type "${type}"`;
          assert.deepEqual(statusOf(answer), [415, InvalidArgument, text]);
        }
        assert.equal(answer.data.length, 0);
      }
    },
  },
  statuses(
    'another HTTP method than POST is 405',
    (t) =>
      ['PUT', 'DELETE', 'GET'].map((method) => [
        exchange(t, { ...call(RANGE), ':method': method }),
        405,
        Internal,
        `Received a HEADERS frame with :method "${method}" which should be POST`,
      ]),
    '3.5',
  ),
  {
    name: 'a message that is compressed with gzip is read, or refused as Unimplemented',
    since,
    run: async (t) => {
      const packed = zlib.gzipSync(request.subarray(5));
      const headers = { ...call(RANGE), 'grpc-encoding': 'gzip' };
      const [status, code, text] = statusOf(await exchange(t, headers, grpcFrame(packed, { compressed: true })));
      // The real 3.5.30 happens to be linked with a decompressor; clients of etcd do not compress.
      if (t.target.line === '3.5') assert.deepEqual([status, code], [200, 0]);
      else {
        const refused = 'grpc: Decompressor is not installed for grpc-encoding "gzip"';
        assert.deepEqual([status, code, text], [200, Unimplemented, refused]);
      }
    },
  },
  statuses('an unknown compression is Unimplemented', (t) => [
    [
      exchange(t, { ...call(RANGE), 'grpc-encoding': 'zip99' }),
      200,
      Unimplemented,
      'grpc: Decompressor is not installed for grpc-encoding "zip99"',
    ],
  ]),
  {
    name: 'headers of 8 KiB are accepted, and oversize ones harm nobody else',
    since,
    run: async (t) => {
      assert.deepEqual(statusOf(await exchange(t, { ...call(RANGE), 'x-big': 'a'.repeat(8192) })), [200, 0, '']);
      await t.ok(Put, { key: t.key('before') });
      const sizes = [100_000, 1_000_000].map((size) => ({ ...call(RANGE), 'x-big': 'a'.repeat(size) }));
      await Promise.all(sizes.map((headers) => exchange(t, headers).catch(() => undefined)));
      await t.ok(Put, { key: t.key('after') });
      assert.deepEqual(statusOf(await exchange(t, call(RANGE))), [200, 0, '']);
    },
  },
];

const timeouts: Case[] = [
  statuses(
    'a timeout that is none is 400',
    (t) => {
      const refused = (timeout: string, problem: string) =>
        [
          exchange(t, { ...call(RANGE), 'grpc-timeout': timeout }),
          400,
          Internal,
          `malformed grpc-timeout: ${problem}`,
        ] as const;
      return [
        refused('zz', 'transport: timeout unit is not recognized: "zz"'),
        refused('1x', 'transport: timeout unit is not recognized: "1x"'),
        refused('m', 'transport: timeout string is too short: "m"'),
        refused('123456789S', 'transport: timeout string is too long: "123456789S"'),
        refused('-1S', 'strconv.ParseUint: parsing "-1": invalid syntax'),
      ];
    },
    '3.5',
  ),
  statuses('every unit of a timeout is known', (t) =>
    ['9999999u', '99999999n', '9999m', '10S', '1M', '1H', '99999999H'].map((timeout) => [
      exchange(t, { ...call(RANGE), 'grpc-timeout': timeout }),
      200,
      0,
      '',
    ]),
  ),
  statuses(
    'a timeout of nothing is over at once',
    (t) => [
      [exchange(t, { ...call(RANGE), 'grpc-timeout': '0n' }), 200, DeadlineExceeded, 'context deadline exceeded'],
    ],
    '3.5',
  ),
];

const EOF = 'grpc: error unmarshalling request: ';
const KEEP_ALIVE = Lease.methods.LeaseKeepAlive.path;

/** Streaming calls, and whether their clients send one message only. */
const STREAMS: readonly (readonly [path: string, isOneRequest: boolean])[] = [
  [Watch.methods.Watch.path, false],
  [KEEP_ALIVE, false],
  [Election.methods.Observe.path, true],
  [Maintenance.methods.Snapshot.path, true],
];

const messages: Case[] = [
  statuses('bytes that are no message are Internal, with the text of the decoder', (t) => {
    const refused = (message: readonly number[], text: string) =>
      [exchange(t, call(RANGE), grpcFrame(Uint8Array.from(message))), 200, Internal, EOF + text] as const;
    return [
      refused([0x0a, 5, 1], 'unexpected EOF'),
      refused([0x0a], 'unexpected EOF'),
      refused([0x08, 5], 'proto: wrong wireType = 0 for field Key'),
      refused([0x0c], 'proto: RangeRequest: wiretype end group for non-group'),
      refused([0x00, 5], 'proto: RangeRequest: illegal tag 0 (wire type 0)'),
      refused([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 'proto: integer overflow'),
    ];
  }),
  statuses('frames that are cut off are EOF', (t) => [
    [exchange(t, call(RANGE), NOTHING), 200, Unknown, 'EOF'],
    [exchange(t, call(RANGE), request.subarray(0, 5)), 200, Unknown, 'unexpected EOF'],
    [exchange(t, call(RANGE), request.subarray(0, request.length - 1)), 200, Unknown, 'unexpected EOF'],
  ]),
  statuses(
    'a stream has texts of its own for bytes that are no message',
    (t) =>
      STREAMS.map(([path]) => [
        exchange(t, call(path), grpcFrame(Uint8Array.of(0xff))),
        200,
        Internal,
        'grpc: failed to unmarshal the received message: unexpected EOF',
      ]),
    '3.5',
  ),
  statuses('a stream that ends inside a message is Internal', (t) =>
    STREAMS.flatMap(([path]) =>
      [request.subarray(0, 5), request.subarray(0, request.length - 1)].map(
        (body) => [exchange(t, call(path), body), 200, Internal, 'unexpected EOF'] as const,
      ),
    ),
  ),
  statuses(
    'a stream that ends inside the prefix of a message ends as if that was not there',
    (t) => [
      [exchange(t, call(KEEP_ALIVE), NOTHING), 200, 0, ''],
      [exchange(t, call(KEEP_ALIVE), request.subarray(0, 1)), 200, 0, ''],
      [exchange(t, call(KEEP_ALIVE), request.subarray(0, 4)), 200, 0, ''],
    ],
    '3.5',
  ),
  statuses(
    'a call in which the client sends one message needs one, and no more',
    (t) => {
      const one = grpcFrame(NOTHING);
      const refused = (path: string, body: Uint8Array, text: string) =>
        [exchange(t, call(path), body), 200, Internal, `cardinality violation: received ${text}`] as const;
      return STREAMS.filter(([, isOneRequest]) => isOneRequest).flatMap(([path]) => [
        refused(path, NOTHING, 'no request message from non-client-streaming RPC'),
        refused(path, request.subarray(0, 4), 'no request message from non-client-streaming RPC'),
        refused(path, Buffer.concat([one, one]), 'multiple request messages for non-client-streaming RPC'),
        [exchange(t, call(path), Buffer.concat([one, request.subarray(0, 5)])), 200, Internal, 'unexpected EOF'],
      ]);
    },
    '3.5',
  ),
  statuses('a length beyond the limit is refused before its message comes', (t) => {
    const tooLarge = (length: number) =>
      [
        exchange(t, call(RANGE), grpcFrame(NOTHING, { length })),
        200,
        ResourceExhausted,
        `grpc: received message larger than max (${length} vs. 2097152)`,
      ] as const;
    return [tooLarge(2_097_153), tooLarge(0x7f_ff_ff_ff), tooLarge(0xff_ff_ff_ff)];
  }),
  statuses('flags of a frame that make no sense are Internal', (t) => [
    [
      exchange(t, call(RANGE), Buffer.concat([Uint8Array.of(2), request.subarray(1)])),
      200,
      Internal,
      'grpc: received unexpected payload format 2',
    ],
    [
      exchange(t, call(RANGE), Buffer.concat([Uint8Array.of(1), request.subarray(1)])),
      200,
      Internal,
      'grpc: compressed flag set with identity or empty encoding',
    ],
  ]),
  statuses('of a unary call the first message counts', (t) => [
    [exchange(t, call(RANGE), Buffer.concat([request, grpcFrame(NOTHING)])), 200, 0, ''],
    [exchange(t, call(RANGE), Buffer.concat([request, bytes('rubbish')])), 200, 0, ''],
    [exchange(t, call(RANGE), Buffer.concat([grpcFrame(NOTHING), request])), 200, 3, 'etcdserver: key is not provided'],
  ]),
  {
    name: 'a message may come in as many pieces as it has bytes',
    since: '03-kv',
    run: async (t) => {
      const session = http2.connect(t.server.clientUrl);
      session.on('error', () => undefined);
      const stream = session.request(call(RANGE));
      const done = new Promise<unknown>((resolve) => {
        stream.once('trailers', (trailers) => resolve(trailers['grpc-status']));
      });
      stream.resume();
      for (const byte of request) {
        stream.write(Uint8Array.of(byte));
        await delay(1);
      }
      stream.end();
      assert.equal(await within(5000, done), '0');
      session.destroy();
    },
  },
  {
    name: 'a hundred calls at once on one connection get their own answers',
    since: '03-kv',
    run: async (t) => {
      const names = Array.from({ length: 100 }, (_, index) => `k${index}`);
      await Promise.all(names.map((name) => t.ok(Put, { key: t.key(name), value: bytes(name) })));
      const answers = await Promise.all(names.map((name) => t.ok(KV.methods.Range, { key: t.key(name) })));
      assert.deepEqual(
        answers.flatMap(({ kvs }) => t.pairs(kvs)),
        names.map((name) => `${name}=${name}`),
      );
    },
  },
  {
    name: 'answers of several MiB come whole',
    since: '03-kv',
    run: async (t) => {
      const value = Buffer.alloc(1_000_000, 'v');
      for (const name of ['a', 'b', 'c', 'd', 'e']) await t.ok(Put, { key: t.key(name), value });
      const { kvs } = await t.ok(KV.methods.Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(
        kvs.map((kv) => value.equals(kv.value)),
        Array.from({ length: 5 }, () => true),
      );
    },
  },
];

const pings: Case[] = [
  {
    name: 'a client that pings too often is sent away with too_many_pings at the 4th ping (row 173)',
    since,
    run: async (t) => {
      const session = http2.connect(t.server.clientUrl);
      session.on('error', () => undefined);
      const gone = new Promise<string>((resolve) => {
        session.once('goaway', (code, _last, data) => resolve(`${code} ${Buffer.from(data ?? []).toString()}`));
      });
      let answered = 0;
      await new Promise<void>((resolve) => {
        session.once('connect', () => resolve());
      });
      for (let sent = 0; sent < 6 && !session.closed && !session.destroyed; sent += 1) {
        session.ping(() => (answered += 1));
        await delay(100);
      }
      assert.equal(await within(5000, gone), '11 too_many_pings');
      assert.ok(answered >= 3, `${answered} pings were answered`);
      session.destroy();
    },
  },
  {
    name: 'a client that pings now and then is kept',
    since,
    server: 'fresh',
    flags: { 'grpc-keepalive-min-time': '50ms' },
    run: async (t) => {
      const session = http2.connect(t.server.clientUrl);
      session.on('error', () => undefined);
      const sentAway = new Promise<string>((resolve) => {
        session.once('goaway', (code) => resolve(`sent away with ${code}`));
      });
      // A call without an end keeps the shorter bound in force.
      const stream = session.request(call('/etcdserverpb.Lease/LeaseKeepAlive'));
      stream.on('error', () => undefined);
      for (let sent = 0; sent < 6; sent += 1) {
        await delay(100);
        session.ping(() => undefined);
      }
      assert.equal(await within(200, sentAway), undefined);
      session.destroy();
    },
  },
];

/** The cases of gRPC as a protocol. */
export const transportCases: CaseGroup = {
  name: 'transport',
  cases: [...paths, ...headerCases, ...timeouts, ...messages, ...pings],
};
