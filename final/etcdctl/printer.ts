// What a printer can print: one method for each kind of answer. The formats are in printer_simple.ts and its siblings; a
// format that cannot print something says so when it is asked to, which is after the request was done, as on etcd.

import type {
  DeleteRangeResponse,
  HashKVResponse,
  MemberListResponse,
  PutResponse,
  RangeResponse,
  StatusResponse,
  TxnResponse,
} from '../../proto/schema.ts';

export interface EndpointHealth {
  readonly endpoint: string;
  readonly health: boolean;
  /** As Go prints a duration. */
  readonly took: string;
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

export interface Printer {
  put(response: PutResponse): void;
  get(response: RangeResponse): void;
  del(response: DeleteRangeResponse): void;
  txn(response: TxnResponse): void;
  memberList(response: MemberListResponse): void;
  endpointHealth(results: readonly EndpointHealth[]): void;
  endpointStatus(results: readonly EndpointStatus[]): void;
  endpointHashKV(results: readonly EndpointHash[]): void;
}
