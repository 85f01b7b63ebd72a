// --write-out=fields: one field a line, `"Name" : value`, with texts quoted as Go does. Names and order are etcdctl's.

import type {
  AlarmMember,
  DeleteRangeResponse,
  Event,
  KeyValue,
  LeaseTimeToLiveResponse,
  Member,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  ResponseOp,
  TxnResponse,
} from '../../proto/schema.ts';
import { alarmName, eventName } from './cells.ts';
import { quote } from './go_quote.ts';
import {
  type EndpointHash,
  type EndpointHealth,
  type EndpointStatus,
  lines,
  type Printer,
  type PrinterOptions,
  refusingPrinter,
} from './printer.ts';

/** @returns the printer */
export function fieldsPrinter({ io }: PrinterOptions): Printer {
  const print = (parts: readonly string[]): void => io.stdout.write(lines(parts));
  return {
    ...refusingPrinter('fields'),
    put: (response) => print(putLines(response)),
    get: (response) => print(rangeLines(response)),
    del: (response) => print(deleteLines(response)),
    txn: (response) => print(txnLines(response)),
    memberList: ({ header, members }) => print([...headerLines(header), ...members.flatMap(memberLines)]),
    endpointHealth: (results) => print(results.flatMap(healthLines)),
    endpointStatus: (results) => print(results.flatMap(statusLines)),
    endpointHashKV: (results) => print(results.flatMap(hashLines)),
    alarm: ({ header, alarms }) => print([...headerLines(header), ...alarms.flatMap(alarmLines)]),
    leaseGrant: ({ header, ID, TTL }) => print([...headerLines(header), field('ID', ID), field('TTL', TTL)]),
    leaseKeepAlive: ({ header, ID, TTL }) => print([...headerLines(header), field('ID', ID), field('TTL', TTL)]),
    leaseRevoke: ({ header }) => print(headerLines(header)),
    leaseTimeToLive: (response) => print(timeToLiveLines(response)),
    leaseList: ({ header, leases }) => print([...headerLines(header), ...leases.map(({ ID }) => field('ID', ID))]),
    watch: ({ header, events }) => print([...headerLines(header), ...events.flatMap(eventLines)]),
    dbStatus: ({ hash, revision, totalKey, totalSize }) =>
      print([field('Hash', hash), field('Revision', revision), field('Keys', totalKey), field('Size', totalSize)]),
    dbHashKV: ({ hash, revision, compactRevision }) =>
      print([field('Hash', hash), field('Hash revision', revision), field('Compact revision', compactRevision)]),
  };
}

function field(name: string, value: string | number | bigint | boolean): string {
  return `"${name}" : ${value}`;
}

/** A server that sends no header is read as one that sends zeros. */
function headerLines(header: ResponseHeader | undefined): string[] {
  return [
    field('ClusterID', header?.cluster_id ?? 0),
    field('MemberID', header?.member_id ?? 0),
    field('Revision', header?.revision ?? 0),
    field('RaftTerm', header?.raft_term ?? 0),
  ];
}

function pairLines(kv: KeyValue, prefix: '' | 'Prev'): string[] {
  return [
    field(`${prefix}Key`, quote(kv.key)),
    field(`${prefix}CreateRevision`, kv.create_revision),
    field(`${prefix}ModRevision`, kv.mod_revision),
    field(`${prefix}Version`, kv.version),
    field(`${prefix}Value`, quote(kv.value)),
    field(`${prefix}Lease`, kv.lease),
  ];
}

function putLines({ header, prev_kv: previous }: PutResponse): string[] {
  return [...headerLines(header), ...(previous === undefined ? [] : pairLines(previous, 'Prev'))];
}

function rangeLines({ header, kvs, more, count }: RangeResponse): string[] {
  return [
    ...headerLines(header),
    ...kvs.flatMap((kv) => pairLines(kv, '')),
    field('More', more),
    field('Count', count),
  ];
}

function deleteLines({ header, deleted, prev_kvs: previous }: DeleteRangeResponse): string[] {
  return [...headerLines(header), field('Deleted', deleted), ...previous.flatMap((kv) => pairLines(kv, 'Prev'))];
}

function txnLines({ header, succeeded, responses }: TxnResponse): string[] {
  return [...headerLines(header), field('Succeeded', succeeded), ...responses.flatMap(opLines)];
}

function opLines(op: ResponseOp): string[] {
  const { response_range: range, response_put: put, response_delete_range: deleted, response_txn: txn } = op;
  if (range !== undefined) return rangeLines(range);
  if (put !== undefined) return putLines(put);
  if (deleted !== undefined) return deleteLines(deleted);
  return txn === undefined ? [] : txnLines(txn);
}

function eventLines(event: Event): string[] {
  const { kv, prev_kv: previous } = event;
  return [
    field('Type', eventName(event)),
    ...(previous === undefined ? [] : pairLines(previous, 'Prev')),
    ...(kv === undefined ? [] : pairLines(kv, '')),
  ];
}

function memberLines(member: Member): string[] {
  return [
    field('ID', member.ID),
    field('Name', quote(member.name)),
    ...member.peerURLs.map((url) => field('PeerURL', quote(url))),
    ...member.clientURLs.map((url) => field('ClientURL', quote(url))),
    field('IsLearner', member.isLearner),
    '',
  ];
}

function alarmLines({ memberID, alarm }: AlarmMember): string[] {
  return [field('MemberID', memberID), field('AlarmType', alarmName(alarm)), ''];
}

function timeToLiveLines({ header, ID, TTL, grantedTTL, keys }: LeaseTimeToLiveResponse): string[] {
  return [
    ...headerLines(header),
    field('ID', ID),
    field('TTL', TTL),
    field('GrantedTTL', grantedTTL),
    ...keys.map((key) => field('Key', quote(key))),
  ];
}

function healthLines({ endpoint, healthy, took, error }: EndpointHealth): string[] {
  return [field('Endpoint', quote(endpoint)), field('Health', healthy), field('Took', took), field('Error', error), ''];
}

function statusLines({ endpoint, status }: EndpointStatus): string[] {
  return [
    ...headerLines(status.header),
    field('Version', quote(status.version)),
    field('DBSize', status.dbSize),
    field('Leader', status.leader),
    field('IsLearner', status.isLearner),
    field('RaftIndex', status.raftIndex),
    field('RaftTerm', status.raftTerm),
    field('RaftAppliedIndex', status.raftAppliedIndex),
    field('Errors', `[${status.errors.join(' ')}]`),
    field('Endpoint', quote(endpoint)),
    '',
  ];
}

function hashLines({ endpoint, hash }: EndpointHash): string[] {
  return [...headerLines(hash.header), field('Endpoint', quote(endpoint)), field('Hash', hash.hash), ''];
}
