// --write-out=json: one line for programs, with the names that etcdctl 3.4 has.

import { goJson, type Json, messageJson } from './go_json.ts';
import type { ResponseHeader, WatchResponse } from '../../proto/schema.ts';
import type { Printer, PrinterOptions } from './printer.ts';

/** @returns the printer */
export function jsonPrinter({ io }: PrinterOptions): Printer {
  const print = (value: Json): void => io.stdout.write(`${goJson(value)}\n`);
  return {
    format: 'json',
    put: (response) => print(messageJson('etcdserverpb.PutResponse', response)),
    get: (response) => print(messageJson('etcdserverpb.RangeResponse', response)),
    del: (response) => print(messageJson('etcdserverpb.DeleteRangeResponse', response)),
    txn: (response) => print(messageJson('etcdserverpb.TxnResponse', response)),
    memberList: (response) => print(messageJson('etcdserverpb.MemberListResponse', response)),
    memberAdd: (response) => print(messageJson('etcdserverpb.MemberAddResponse', response)),
    memberRemove: (response) => print(messageJson('etcdserverpb.MemberRemoveResponse', response)),
    memberUpdate: (response) => print(messageJson('etcdserverpb.MemberUpdateResponse', response)),
    memberPromote: (response) => print(messageJson('etcdserverpb.MemberPromoteResponse', response)),
    moveLeader: () => print({}),
    endpointHealth: (results) =>
      print(
        results.map(({ endpoint, healthy, took, error }) => {
          return { endpoint, health: healthy, took, ...(error === '' ? {} : { error }) };
        }),
      ),
    endpointStatus: (results) =>
      print(
        results.map(({ endpoint, status }) => {
          return { Endpoint: endpoint, Status: messageJson('etcdserverpb.StatusResponse', status) };
        }),
      ),
    endpointHashKV: (results) =>
      print(
        results.map(({ endpoint, hash }) => {
          return { Endpoint: endpoint, HashKV: messageJson('etcdserverpb.HashKVResponse', hash) };
        }),
      ),
    alarm: (response) => print(messageJson('etcdserverpb.AlarmResponse', response)),
    leaseGrant: ({ header, ID, TTL, error }) => print({ ...headerJson(header), ID, TTL, Error: error }),
    leaseKeepAlive: ({ header, ID, TTL }) => print({ ...headerJson(header), ID, TTL }),
    leaseRevoke: (response) => print(messageJson('etcdserverpb.LeaseRevokeResponse', response)),
    leaseTimeToLive: ({ header, ID, TTL, grantedTTL, keys }) =>
      print({
        ...headerJson(header),
        id: ID,
        ttl: TTL,
        'granted-ttl': grantedTTL,
        keys: keys.length === 0 ? null : keys,
      }),
    leaseList: ({ header, leases }) => print({ ...headerJson(header), leases: leases.map(({ ID }) => ({ id: ID })) }),
    watch: (response) => print(watchJson(response)),
    dbStatus: ({ hash, revision, totalKey, totalSize }) => print({ hash, revision, totalKey, totalSize }),
    dbHashKV: ({ hash, revision, compactRevision }) => print({ hash, hashRevision: revision, compactRevision }),
  };
}

function watchJson({ header, events, compact_revision, canceled, created }: WatchResponse): Json {
  return {
    Header: headerJson(header),
    Events: header === undefined ? null : events.map((event) => messageJson('mvccpb.Event', event)),
    CompactRevision: compact_revision,
    Canceled: canceled,
    Created: created,
  };
}

/** Answers on leases have the fields of the header among their own. */
function headerJson(header: ResponseHeader | undefined): { readonly [key: string]: Json } {
  if (header === undefined) return {};
  return messageJson('etcdserverpb.ResponseHeader', header) as { readonly [key: string]: Json };
}
