// --write-out=json: one line for programs, with the names that etcdctl 3.4 has.

import { goJson, type Json, messageJson } from './go_json.ts';
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
  };
}
