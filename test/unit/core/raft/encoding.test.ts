// Our bytes of configuration changes and our sizes of entries are those of the project's protobuf codec.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeConfChange, encodeConfChange } from '../../../../final/core/raft/confchange/encoding.ts';
import { entrySize } from '../../../../final/core/raft/entries.ts';
import { RaftError } from '../../../../final/core/raft/errors.ts';
import { codecs } from '../../../../proto/load.ts';
import { RaftEntryType } from '../../../../proto/schema.ts';

const IDS = [0n, 1n, 127n, 128n, 0x540060c348585d87n, 2n ** 64n - 1n];
const CONTEXTS = [undefined, new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(300)];

test('changes of one member go both ways', () => {
  for (const node_id of IDS) {
    for (const context of CONTEXTS) {
      const change = { id: 7n, type: 3, node_id, context };
      const { Type, Data } = encodeConfChange(change);
      assert.equal(Type, RaftEntryType.EntryConfChange);
      assert.deepEqual([...Data], [...codecs['raftpb.ConfChange'].encode(change)]);
      assert.deepEqual(decodeConfChange({ Type, Data }), change);
    }
  }
});

test('changes of several members go both ways', () => {
  for (const context of CONTEXTS) {
    for (const count of [0, 1, IDS.length]) {
      const changes = IDS.slice(0, count).map((node_id, i) => ({ type: i % 4, node_id }));
      const change = { transition: 2, changes, context };
      const { Type, Data } = encodeConfChange(change);
      assert.equal(Type, RaftEntryType.EntryConfChangeV2);
      assert.deepEqual([...Data], [...codecs['raftpb.ConfChangeV2'].encode(change)]);
      assert.deepEqual(decodeConfChange({ Type, Data }), change);
    }
  }
});

test('the change of etcd that leaves a joint configuration has no bytes', () => {
  const change = decodeConfChange({ Type: RaftEntryType.EntryConfChangeV2, Data: undefined });
  assert.deepEqual(change, { transition: 0, changes: [], context: undefined });
});

test('malformed changes are refused', () => {
  const isRefused = (error: unknown): boolean => error instanceof RaftError && error.kind === 'ConfChange';
  // A varint without end, a string that is too long, and a wire type that does not occur.
  for (const bytes of [[8, 128], [34, 5, 1], [13, 0, 0, 0, 0], Array.from({ length: 12 }, () => 255)]) {
    const entry = { Type: RaftEntryType.EntryConfChange, Data: Uint8Array.from(bytes) };
    assert.throws(() => decodeConfChange(entry), isRefused);
  }
});

test('sizes of entries', () => {
  for (const number of [0, 1, 127, 128, 16383, 16384, 2 ** 21, 2 ** 32, 2 ** 50]) {
    for (const size of [undefined, 0, 1, 127, 128, 16384]) {
      const Data = size === undefined ? undefined : new Uint8Array(size);
      const entry = { Type: 1, Term: number, Index: number + 1, Data };
      assert.equal(entrySize(entry), codecs['raftpb.Entry'].encode(entry).length);
    }
  }
});
