// The codecs against protobufjs, which reads the same .proto files: each decodes what the other encodes, and where the
// encoding is canonical the bytes are equal.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { loadRoot, messagesOf } from '../../../proto/generate.ts';
import { codecs } from '../../../proto/load.ts';
import type { Messages } from '../../../proto/schema.ts';
import { DecodeError, MAX_DEPTH } from '../../../proto/wire.ts';

const types = messagesOf(loadRoot());
const MAX_NESTING = 3;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

// A plain object of random fields for protobufjs: 64-bit integers as decimal strings.
function arbitraryOf(type: protobuf.Type, nesting: number): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const oneofs = new Map<string, Record<string, fc.Arbitrary<unknown>>>();
  const required: string[] = [];
  for (const field of type.fieldsArray) {
    const one = scalarOf(field, nesting);
    if (one === undefined) continue;
    if (field.partOf) {
      const members = oneofs.get(field.partOf.name) ?? {};
      members[field.name] = one;
      oneofs.set(field.partOf.name, members);
    } else fields[field.name] = field.repeated ? fc.array(one, { maxLength: 3 }) : one;
    if (field.required) required.push(field.name);
  }
  const plain = fc.record(fields, { requiredKeys: required });
  const choices = [...oneofs.values()].map((members) => {
    const each = Object.entries(members).map(([name, one]) => one.map((value) => ({ [name]: value })));
    return fc.oneof(fc.constant({}), ...each);
  });
  return fc.tuple(plain, ...choices).map((parts) => Object.assign({}, ...parts));
}

function scalarOf(field: protobuf.Field, nesting: number): fc.Arbitrary<unknown> | undefined {
  if (field.resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.values(field.resolvedType.values));
  if (field.resolvedType instanceof protobuf.Type) {
    return nesting >= MAX_NESTING && !field.required ? undefined : arbitraryOf(field.resolvedType, nesting + 1);
  }
  const isIdentity = field.options?.['(etcdsteps.identity)'] === true;
  const bound = isIdentity ? 2n ** 63n - 1n : 2n ** 53n - 1n;
  switch (field.type) {
    case 'bytes':
      return fc.uint8Array({ maxLength: 200 });
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 20 });
    case 'bool':
      return fc.boolean();
    case 'uint32':
      return fc.nat({ max: 0xffffffff });
    case 'int64':
      return fc.bigInt({ min: -bound, max: bound }).map(String);
    case 'uint64':
      return fc.bigInt({ min: 0n, max: isIdentity ? 2n ** 64n - 1n : bound }).map(String);
    default:
      throw new Error(`no arbitrary for ${field.type}`);
  }
}

for (const type of types) {
  const name = type.fullName.slice(1) as keyof Messages;
  test(`${name} goes both ways between our codec and protobufjs`, () => {
    fc.assert(
      fc.property(arbitraryOf(type, 0), (object) => {
        const theirs = type.encode(type.fromObject(object)).finish();
        const decoded = codecs[name].decode(theirs);
        const ours = codecs[name].encode(decoded);
        // An optional zero, which proto3 leaves out, is the only thing that may differ; so the meaning is compared too.
        const back = type.toObject(type.decode(ours), { longs: String, bytes: String, defaults: true });
        assert.deepEqual(back, type.toObject(type.decode(theirs), { longs: String, bytes: String, defaults: true }));
        assert.equal(hex(codecs[name].encode(codecs[name].decode(ours) as never)), hex(ours));
      }),
      { numRuns: 60 },
    );
  });
}

test('bytes are those of the real etcd and etcdctl', () => {
  const put = codecs['etcdserverpb.InternalRaftRequest'].encode({
    header: { ID: 0x5d87a2028efe9204n },
    put: { key: bytesOf('666f6f'), value: bytesOf('626172') },
  });
  assert.equal(hex(put), '220a0a03666f6f1203626172a2060a0884a4faf7a8c0e8c35d');
  const header = bytesOf(
    '0a 19 08 e0 e7 ce f4 aa 9b ae a8 dc 01 10 c8 a5 a0 dc d7 82 a0 bc 66 18 10 20 02 10 01 1a 06 12 04 0a 02 18 10',
  );
  const txn = codecs['etcdserverpb.TxnResponse'].decode(header);
  assert.deepEqual(txn.header, {
    cluster_id: 15875391935852295136n,
    member_id: 7383792418829112008n,
    revision: 16,
    raft_term: 2,
  });
  assert.equal(txn.responses[0]?.response_put?.header?.revision, 16);
  assert.equal(hex(codecs['etcdserverpb.TxnResponse'].encode(txn)), hex(header));
});

test('required fields are written even when zero, and an absent one reads as zero', () => {
  const zero = (name: keyof Messages): string => hex(codecs[name].encode({}));
  assert.equal(zero('raftpb.Message'), '08001000180020002800300040004a0a12080a0228001000180050005800');
  assert.equal(zero('raftpb.Entry'), '080010001800');
  assert.equal(zero('raftpb.HardState'), '080010001800');
  assert.equal(zero('raftpb.ConfState'), '2800');
  assert.equal(zero('raftpb.ConfChangeV2'), '0800');
  assert.equal(zero('walpb.Record'), '08001000');
  assert.equal(zero('walpb.Snapshot'), '08001000');
  assert.equal(zero('etcdserverpb.Metadata'), '08001000');
  assert.equal(hex(codecs['raftpb.Entry'].encode({ Data: new Uint8Array(0) })), '0800100018002200');
  assert.equal(hex(codecs['raftpb.ConfState'].encode({ voters: [1n, 300n] })), '080108ac022800');
  const entry = codecs['raftpb.Entry'].decode(new Uint8Array(0));
  assert.deepEqual(entry, { Type: 0, Term: 0, Index: 0, Data: undefined });
});

test('numbers: negative varints, saturation of counters, all bits of identities', () => {
  const range = codecs['etcdserverpb.RangeRequest'];
  assert.equal(hex(range.encode({ min_mod_revision: -1 })), '50ffffffffffffffffff01');
  assert.equal(range.decode(bytesOf('50ffffffffffffffffff01')).min_mod_revision, -1);
  assert.equal(range.decode(bytesOf('20ffffffffffffffff7f')).revision, 2 ** 53);
  assert.equal(range.decode(bytesOf('2080808080808080808001')).revision, -(2 ** 53));
  assert.equal(range.decode(range.encode({ revision: 2 ** 53 })).revision, 2 ** 53);
  assert.equal(range.decode(range.encode({ revision: -(2 ** 53) })).revision, -(2 ** 53));
  const lease = codecs['etcdserverpb.LeaseRevokeRequest'];
  for (const ID of [1n, -1n, -7n, 2n ** 63n - 1n, -(2n ** 63n), 7587822556486125056n]) {
    assert.equal(lease.decode(lease.encode({ ID })).ID, ID);
  }
  const member = codecs['etcdserverpb.MemberRemoveRequest'];
  assert.equal(member.decode(member.encode({ ID: 2n ** 64n - 1n })).ID, 2n ** 64n - 1n);
  assert.throws(() => range.encode({ revision: 1.5 }), RangeError);
  assert.throws(() => range.encode({ revision: Number.NaN }), RangeError);
  assert.equal(hex(range.encode({ revision: 1 })), '2001', 'an encoder that failed begins anew');
});

test('enums keep numbers that are not defined', () => {
  const range = codecs['etcdserverpb.RangeRequest'];
  assert.equal(range.decode(range.encode({ sort_order: 9 })).sort_order, 9);
  assert.equal(range.decode(range.encode({ sort_target: -1 })).sort_target, -1);
});

test('unknown fields of every wire type are passed over', () => {
  const put = codecs['etcdserverpb.PutRequest'];
  const unknown = [
    '9806 ffffffffffffffffff01',
    '9906 0102030405060708',
    '9a06 03 010203',
    '9d06 01020304',
    '9b06 0801 9b06 0801 9c06 9c06',
  ];
  for (const field of unknown) {
    assert.equal(Buffer.from(put.decode(bytesOf(`${field} 0a0161 ${field}`)).key).toString(), 'a', field);
  }
});

test('of a oneof the last member on the wire stays, a repeated singular message is merged', () => {
  const op = codecs['etcdserverpb.RequestOp'].decode(bytesOf('0a03 0a0161 1203 0a0162'));
  assert.equal(op.request_range, undefined);
  assert.equal(Buffer.from(op.request_put?.key ?? []).toString(), 'b');
  const response = codecs['etcdserverpb.PutResponse'].decode(bytesOf('0a02 1805 0a02 2002'));
  assert.deepEqual([response.header?.revision, response.header?.raft_term], [5, 2]);
});

test('repeated numbers are read packed and unpacked', () => {
  const create = codecs['etcdserverpb.WatchCreateRequest'];
  assert.deepEqual(create.decode(bytesOf('2800 2801')).filters, [0, 1]);
  assert.deepEqual(create.decode(bytesOf('2a02 0001')).filters, [0, 1]);
  assert.equal(hex(create.encode({ filters: [0, 1] })), '2a020001');
});

test('what is not an encoding is refused with the text of the real decoder', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['0a05 61', /^unexpected EOF$/],
    ['0a', /^unexpected EOF$/],
    ['0801', /^proto: wrong wireType = 0 for field Key$/],
    ['2201 61', /^proto: wrong wireType = 2 for field PrevKv$/],
    ['00', /^proto: PutRequest: illegal tag 0 \(wire type 0\)$/],
    ['18ffffffffffffffffffff01', /^proto: integer overflow$/],
    ['0affffffffffffffffff01', /^proto: negative length found during unmarshaling$/],
    ['0affffffff0f', /^unexpected EOF$/],
    ['80808080 80808080 8001 00', /^proto: PutRequest: illegal tag 0 \(wire type 9223372036854775808\)$/],
    ['ffffffff ffffffff ff01', /^proto: PutRequest: illegal tag -1 \(wire type 18446744073709551615\)$/],
    ['9e06', /^proto: illegal wireType 6$/],
    ['0c', /^proto: PutRequest: wiretype end group for non-group$/],
    ['04', /^proto: PutRequest: wiretype end group for non-group$/],
    ['9c06', /^proto: PutRequest: wiretype end group for non-group$/],
  ];
  for (const [text, message] of refused) {
    assert.throws(
      () => codecs['etcdserverpb.PutRequest'].decode(bytesOf(text)),
      (error) => {
        assert.ok(error instanceof DecodeError, text);
        assert.match(error.message, message, text);
        return true;
      },
    );
  }
  const name = codecs['etcdserverpb.AuthUserGetRequest'];
  assert.equal(name.decode(bytesOf('0a01ff')).name, '\ufffd', 'bytes that are not UTF-8 pass, as on etcd');
});

test('every cut of a message decodes or is refused, and nothing outside is read', () => {
  const txn = codecs['etcdserverpb.TxnRequest'];
  const put = { key: bytesOf('6161'), value: bytesOf('62'), lease: -5n };
  const compare = [{ key: bytesOf('61'), range_end: bytesOf('62'), mod_revision: 300 }];
  const whole = txn.encode({
    compare,
    success: [{ request_put: put }, { request_txn: { success: [{ request_put: put }] } }],
  });
  const padded = new Uint8Array(whole.length + 64).fill(0xff);
  padded.set(whole, 32);
  assert.deepEqual(txn.decode(padded, 32, 32 + whole.length), txn.decode(Uint8Array.from(whole)));
  for (let length = 0; length < whole.length; length++) {
    try {
      txn.decode(padded, 32, 32 + length);
    } catch (error) {
      assert.ok(error instanceof DecodeError, `cut at ${length}: ${String(error)}`);
    }
  }
});

test('random bytes never do worse than a DecodeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const name of ['etcdserverpb.TxnRequest', 'raftpb.Message', 'etcdserverpb.WatchRequest'] as const) {
        try {
          codecs[name].decode(bytes);
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error));
        }
      }
    }),
    { numRuns: 3000 },
  );
});

test('messages nested too deep are refused', () => {
  const nest = (depth: number): Uint8Array => {
    let bytes = new Uint8Array(0);
    const prefixed = (tag: number, body: Uint8Array): Uint8Array => {
      const length: number[] = [];
      let rest = body.length;
      for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest & 0x7f) | 0x80);
      return Uint8Array.from([tag, ...length, rest, ...body]);
    };
    for (let i = 0; i < depth; i++) bytes = prefixed(0x12, prefixed(0x22, bytes)) as Uint8Array<ArrayBuffer>;
    return bytes;
  };
  assert.doesNotThrow(() => codecs['etcdserverpb.TxnRequest'].decode(nest(MAX_DEPTH / 2)));
  assert.throws(() => codecs['etcdserverpb.TxnRequest'].decode(nest(MAX_DEPTH / 2 + 1)), /nested more than/);
  const groups = Buffer.alloc(MAX_DEPTH + 1, Buffer.from('9b06', 'hex')).subarray(0, MAX_DEPTH * 2 + 2);
  assert.throws(() => codecs['etcdserverpb.PutRequest'].decode(groups), DecodeError);
});

test('schema.ts is what the .proto files give', () => {
  execFileSync(process.execPath, ['--import', 'tsx', 'proto/generate.ts', '--check'], { stdio: 'pipe' });
});
