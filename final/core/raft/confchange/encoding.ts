// Configuration changes as the data of a log entry: protobuf (raftpb.ConfChange, raftpb.ConfChangeV2). Raft itself has to
// read and write them, and the core does without the project's codec; these two messages are all of protobuf it needs.
//
// Written as etcd does: scalars always, also when zero; an absent context not at all.

import type { RaftConfChange, RaftConfChangeSingle, RaftConfChangeV2, RaftEntry } from '../../../../proto/schema.ts';
import { RaftEntryType } from '../../../../proto/schema.ts';
import { RaftError } from '../errors.ts';

/** A change of the first kind, of one member, or of the second, of several at once. */
export type ConfChange = RaftConfChange | RaftConfChangeV2;

/** Whether a change is of the first kind. */
export function isConfChangeV1(change: ConfChange): change is RaftConfChange {
  return !('changes' in change);
}

/** The type and the data of the entry that proposes `change`. */
export function encodeConfChange(change: ConfChange): { readonly Type: number; readonly Data: Uint8Array } {
  if (isConfChangeV1(change)) return { Type: RaftEntryType.EntryConfChange, Data: encodeV1(change) };
  return { Type: RaftEntryType.EntryConfChangeV2, Data: encodeV2(change) };
}

/** The change that a conf change entry proposes. Throws RaftError `ConfChange` when its data is malformed. */
export function decodeConfChange(entry: Pick<RaftEntry, 'Type' | 'Data'>): ConfChange {
  const data = entry.Data ?? NO_DATA;
  return entry.Type === RaftEntryType.EntryConfChange ? decodeV1(data) : decodeV2(data);
}

const NO_DATA = new Uint8Array();

function encodeV1(change: RaftConfChange): Uint8Array {
  const out: number[] = [];
  writeScalar(out, 1, change.id);
  writeScalar(out, 2, BigInt(change.type));
  writeScalar(out, 3, change.node_id);
  if (change.context !== undefined) writeBytes(out, 4, change.context);
  return Uint8Array.from(out);
}

function encodeV2(change: RaftConfChangeV2): Uint8Array {
  const out: number[] = [];
  writeScalar(out, 1, BigInt(change.transition));
  for (const single of change.changes) {
    const inner: number[] = [];
    writeScalar(inner, 1, BigInt(single.type));
    writeScalar(inner, 2, single.node_id);
    writeBytes(out, 2, Uint8Array.from(inner));
  }
  if (change.context !== undefined) writeBytes(out, 3, change.context);
  return Uint8Array.from(out);
}

function decodeV1(data: Uint8Array): RaftConfChange {
  const change: RaftConfChange = { id: 0n, type: 0, node_id: 0n, context: undefined };
  for (const { field, value } of fieldsOf(data)) {
    if (typeof value !== 'bigint') {
      if (field === 4) change.context = value;
    } else if (field === 1) change.id = value;
    else if (field === 2) change.type = Number(value);
    else if (field === 3) change.node_id = value;
  }
  return change;
}

function decodeV2(data: Uint8Array): RaftConfChangeV2 {
  const change: RaftConfChangeV2 = { transition: 0, changes: [], context: undefined };
  for (const { field, value } of fieldsOf(data)) {
    if (typeof value === 'bigint') {
      if (field === 1) change.transition = Number(value);
    } else if (field === 2) change.changes.push(decodeSingle(value));
    else if (field === 3) change.context = value;
  }
  return change;
}

function decodeSingle(data: Uint8Array): RaftConfChangeSingle {
  const single: RaftConfChangeSingle = { type: 0, node_id: 0n };
  for (const { field, value } of fieldsOf(data)) {
    if (typeof value !== 'bigint') continue;
    if (field === 1) single.type = Number(value);
    else if (field === 2) single.node_id = value;
  }
  return single;
}

function writeScalar(out: number[], field: number, value: bigint): void {
  out.push(field << 3);
  writeVarint(out, value);
}

function writeBytes(out: number[], field: number, bytes: Uint8Array): void {
  out.push((field << 3) | 2);
  writeVarint(out, BigInt(bytes.length));
  for (const byte of bytes) out.push(byte);
}

function writeVarint(out: number[], value: bigint): void {
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
}

interface Field {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

// Splits a message into its fields. The two messages only have varints and byte strings; anything else is refused.
function fieldsOf(data: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = data[at++];
      if (byte === undefined) throw malformed();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw malformed();
  };
  while (at < data.length) {
    const tag = Number(varint());
    const field = Math.floor(tag / 8);
    if (tag % 8 === 0) {
      fields.push({ field, value: varint() });
    } else if (tag % 8 === 2) {
      const length = Number(varint());
      if (length > data.length - at) throw malformed();
      fields.push({ field, value: data.slice(at, at + length) });
      at += length;
    } else {
      throw malformed();
    }
  }
  return fields;
}

function malformed(): RaftError {
  return new RaftError('ConfChange', 'malformed configuration change in a log entry');
}
