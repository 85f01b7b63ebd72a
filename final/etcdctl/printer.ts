// What a printer can print: one method for each kind of answer. The formats are in printer_simple.ts and its siblings; a
// format that cannot print something says so when it is asked to, which is after the request was done, as on etcd.

import type { KeyValueHash } from '../core/mvcc/hash.ts';
import type { SnapshotStatus } from '../etcdutl/snapshot_status.ts';
import type {
  AlarmResponse,
  DeleteRangeResponse,
  HashKVResponse,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
  PutResponse,
  RangeResponse,
  StatusResponse,
  TxnResponse,
  WatchResponse,
} from '../../proto/schema.ts';
import { Exit, ExitError, type Io } from './command.ts';
import type { Borders } from './render_table.ts';

/** Formats of --write-out. */
export const formats = ['simple', 'json', 'fields', 'protobuf', 'table'] as const;

export type Format = (typeof formats)[number];

export interface EndpointHealth {
  readonly endpoint: string;
  readonly healthy: boolean;
  /** As Go prints a duration. */
  readonly took: string;
  /** Empty when there was none. */
  readonly error: string;
}

export interface EndpointStatus {
  readonly endpoint: string;
  readonly status: StatusResponse;
}

export interface EndpointHash {
  readonly endpoint: string;
  readonly hash: HashKVResponse;
}

/** Methods throw ExitError 4 for what the format cannot show. */
export interface Printer {
  readonly format: Format;
  put(response: PutResponse): void;
  /** @param valuesOnly leaves the keys out; only the simple format looks at it */
  get(response: RangeResponse, valuesOnly?: boolean): void;
  del(response: DeleteRangeResponse): void;
  txn(response: TxnResponse): void;
  memberList(response: MemberListResponse): void;
  memberAdd(response: MemberAddResponse): void;
  /** @param id of the member, which this answer and the next ones do not name */
  memberRemove(response: MemberRemoveResponse, id: bigint): void;
  memberUpdate(response: MemberUpdateResponse, id: bigint): void;
  memberPromote(response: MemberPromoteResponse, id: bigint): void;
  /** @param from the leader that was, and the one that is; the answer says nothing */
  moveLeader(from: bigint, to: bigint): void;
  endpointHealth(results: readonly EndpointHealth[]): void;
  endpointStatus(results: readonly EndpointStatus[]): void;
  endpointHashKV(results: readonly EndpointHash[]): void;
  alarm(response: AlarmResponse): void;
  leaseGrant(response: LeaseGrantResponse): void;
  leaseKeepAlive(response: LeaseKeepAliveResponse): void;
  /** @param id of the lease, which the answer does not name */
  leaseRevoke(response: LeaseRevokeResponse, id: bigint): void;
  /** @param withKeys whether its keys were asked for; only the simple format looks at it */
  leaseTimeToLive(response: LeaseTimeToLiveResponse, withKeys: boolean): void;
  leaseList(response: LeaseLeasesResponse): void;
  /** One answer of a watch; without a header for one that no server sent. */
  watch(response: WatchResponse): void;
  dbStatus(status: SnapshotStatus): void;
  /** Of etcdutl. */
  dbHashKV(hash: KeyValueHash): void;
}

export interface PrinterOptions {
  readonly io: Io;
  /** Keys and values in hexadecimal; only the simple format does it. */
  readonly hex: boolean;
  /** Borders of tables; the default is that of etcdctl 3.4. */
  readonly borders?: Borders;
}

/** Refuses everything: the start of a printer for a format that shows only some answers. */
export function refusingPrinter(format: Format): Printer {
  const refuse = (): never => {
    throw new ExitError(Exit.BadFeature, `${format} not supported as output format`);
  };
  return {
    format,
    put: refuse,
    get: refuse,
    del: refuse,
    txn: refuse,
    memberList: refuse,
    memberAdd: refuse,
    memberRemove: refuse,
    memberUpdate: refuse,
    memberPromote: refuse,
    moveLeader: refuse,
    endpointHealth: refuse,
    endpointStatus: refuse,
    endpointHashKV: refuse,
    alarm: refuse,
    leaseGrant: refuse,
    leaseKeepAlive: refuse,
    leaseRevoke: refuse,
    leaseTimeToLive: refuse,
    leaseList: refuse,
    watch: refuse,
    dbStatus: refuse,
    dbHashKV: refuse,
  };
}

/** @returns the lines, each with a line end */
export function lines(parts: readonly (string | Uint8Array)[]): Buffer {
  const end = Buffer.from('\n');
  return Buffer.concat(parts.flatMap((part) => [typeof part === 'string' ? Buffer.from(part) : part, end]));
}
