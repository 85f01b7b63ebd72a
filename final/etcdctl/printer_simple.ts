// --write-out=simple: what people read. Keys and values are written as they are, so scripts can take them byte for byte.

import type {
  Event,
  KeyValue,
  LeaseTimeToLiveResponse,
  ResponseHeader,
  ResponseOp,
  TxnResponse,
} from '../../proto/schema.ts';
import {
  alarmLine,
  dbHashCells,
  dbStatusCells,
  eventName,
  healthLine,
  leaseText,
  memberCells,
  statusCells,
} from './cells.ts';
import { lines, type Printer, type PrinterOptions } from './printer.ts';

type Line = string | Uint8Array;

/** @returns the printer; health goes to stderr, as on etcdctl 3.4 */
export function simplePrinter({ io, hex }: PrinterOptions): Printer {
  const print = (parts: readonly Line[]): void => io.stdout.write(lines(parts));
  return {
    format: 'simple',
    put: (response) => print(['OK', ...pair(response.prev_kv, hex)]),
    get: ({ kvs }, valuesOnly = false) =>
      print(kvs.flatMap((kv) => (valuesOnly ? pair(kv, hex).slice(1) : pair(kv, hex)))),
    del: ({ deleted, prev_kvs }) => print([deleted.toString(), ...prev_kvs.flatMap((kv) => pair(kv, hex))]),
    txn: (response) => print(txnLines(response, hex)),
    memberList: ({ members }) => print(members.map((member) => memberCells(member).join(', '))),
    memberAdd: ({ header, member }) => print([changeLine(member?.ID ?? 0n, 'added to', header)]),
    memberRemove: ({ header }, id) => print([changeLine(id, 'removed from', header)]),
    memberUpdate: ({ header }, id) => print([changeLine(id, 'updated in', header)]),
    memberPromote: ({ header }, id) => print([changeLine(id, 'promoted in', header)]),
    moveLeader: (from, to) => print([`Leadership transferred from ${from.toString(16)} to ${to.toString(16)}`]),
    endpointHealth: (results) => io.stderr.write(lines(results.map(healthLine))),
    endpointStatus: (results) => print(results.map((result) => statusCells(result).join(', '))),
    endpointHashKV: (results) => print(results.map(({ endpoint, hash }) => `${endpoint}, ${hash.hash}`)),
    alarm: ({ alarms }) => print(alarms.map(alarmLine)),
    leaseGrant: ({ ID, TTL }) => print([`lease ${leaseText(ID)} granted with TTL(${TTL}s)`]),
    leaseKeepAlive: ({ ID, TTL }) => print([`lease ${leaseText(ID)} keepalived with TTL(${TTL})`]),
    leaseRevoke: (_response, id) => print([`lease ${leaseText(id)} revoked`]),
    leaseTimeToLive: (response, withKeys) => print([timeToLiveLine(response, withKeys)]),
    leaseList: ({ leases }) => print([`found ${leases.length} leases`, ...leases.map(({ ID }) => leaseText(ID))]),
    watch: ({ events }) => print(events.flatMap((event) => eventLines(event, hex))),
    dbStatus: (status) => print([dbStatusCells(status).join(', ')]),
    dbHashKV: (hash) => print([dbHashCells(hash).join(', ')]),
  };
}

function changeLine(id: bigint, what: string, header: ResponseHeader | undefined): string {
  const padded = (value: bigint): string => value.toString(16).padStart(16);
  return `Member ${padded(id)} ${what} cluster ${padded(header?.cluster_id ?? 0n)}`;
}

function pair(kv: KeyValue | undefined, hex: boolean): [] | [Line, Line] {
  if (kv === undefined) return [];
  return hex ? [inHex(kv.key), inHex(kv.value)] : [kv.key, kv.value];
}

function eventLines(event: Event, hex: boolean): Line[] {
  return [eventName(event), ...pair(event.prev_kv, hex), ...pair(event.kv, hex)];
}

function timeToLiveLine({ ID, TTL, grantedTTL, keys }: LeaseTimeToLiveResponse, withKeys: boolean): Uint8Array {
  // Of a lease that is gone there is no granted time.
  if (grantedTTL === 0 && TTL === -1) return Buffer.from(`lease ${leaseText(ID)} already expired`);
  const times = `lease ${leaseText(ID)} granted with TTL(${grantedTTL}s), remaining(${TTL}s)`;
  if (!withKeys) return Buffer.from(times);
  const shown = keys.flatMap((key, at) => (at === 0 ? [key] : [Buffer.from(' '), key]));
  return Buffer.concat([Buffer.from(`${times}, attached keys([`), ...shown, Buffer.from('])')]);
}

function inHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function txnLines({ succeeded, responses }: TxnResponse, hex: boolean): Line[] {
  return [succeeded ? 'SUCCESS' : 'FAILURE', ...responses.flatMap((response) => ['', ...opLines(response, hex)])];
}

function opLines(op: ResponseOp, hex: boolean): Line[] {
  const { response_range: range, response_put: put, response_delete_range: deleted, response_txn: txn } = op;
  if (range !== undefined) return range.kvs.flatMap((kv) => pair(kv, hex));
  if (put !== undefined) return ['OK', ...pair(put.prev_kv, hex)];
  if (deleted !== undefined) {
    return [deleted.deleted.toString(), ...deleted.prev_kvs.flatMap((kv) => pair(kv, hex))];
  }
  return txn === undefined ? [] : txnLines(txn, hex);
}
