// The requests that the benchmark sends. All act on one key of a store of PRELOADED_KEYS keys, so that every request of a
// load is the same bytes, and every one can succeed.

import { KV, type MethodDefinition } from '../../proto/load.ts';
import {
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  type ResponseHeader,
} from '../../proto/schema.ts';

/** Size of the value that is put and read. */
export const VALUE_BYTES = 256;
/** Keys that the store holds before the first load: an index and a tree of more than one level. */
export const PRELOADED_KEYS = 10_000;

/** One kind of request. */
export interface Workload {
  readonly title: string;
  /** `/etcdserverpb.KV/Put` */
  readonly path: string;
  /** The message, encoded. */
  readonly request: Uint8Array;
  /** Whether each request makes one revision. */
  readonly isChange: boolean;
  /** The header of a response. Throws an Error when the response is not what a successful request gets. */
  readonly check: (response: Uint8Array) => ResponseHeader;
}

const VALUE = Buffer.alloc(VALUE_BYTES, 'v');
const KEY = preloadedKey(PRELOADED_KEYS / 2);
const PUT = { key: KEY, value: VALUE };
const VERSION_ABOVE_0 = { key: KEY, target: Target.VERSION, result: Result.GREATER, version: 0 };

/** Every workload by its name on the command line. */
export const WORKLOADS: ReadonlyMap<string, Workload> = new Map([
  ['put', workload('put', KV.methods.Put, { request: PUT, isChange: true })],
  ['range-serializable', range('range, serializable', true)],
  ['range-linearizable', range('range, linearizable', false)],
  [
    'txn',
    workload('txn, compare + put', KV.methods.Txn, {
      request: { compare: [VERSION_ABOVE_0], success: [{ request_put: PUT }] },
      isChange: true,
      check: (response) => response.succeeded && response.responses.length === 1,
    }),
  ],
]);

/** Key number `i` of those that the store holds from the beginning. */
export function preloadedKey(i: number): Uint8Array {
  return Buffer.from(`bench/${String(i).padStart(8, '0')}`);
}

/** The puts that fill a fresh store, cut into groups of `size`. */
export function preload(size: number): { readonly key: Uint8Array; readonly value: Uint8Array }[][] {
  const puts = Array.from({ length: PRELOADED_KEYS }, (_, i) => ({ key: preloadedKey(i), value: VALUE }));
  return Array.from({ length: Math.ceil(puts.length / size) }, (_, i) => puts.slice(i * size, (i + 1) * size));
}

/** A message behind its gRPC prefix: what the body of a request is. */
export function grpcBody(message: Uint8Array): Buffer {
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  return body;
}

function range(title: string, serializable: boolean): Workload {
  return workload(title, KV.methods.Range, {
    request: { key: KEY, serializable },
    isChange: false,
    check: (response) => response.kvs[0]?.value.length === VALUE_BYTES,
  });
}

function workload<Req, Res extends { header: ResponseHeader | undefined }>(
  title: string,
  method: MethodDefinition<Req, Res>,
  options: {
    readonly request: Parameters<MethodDefinition<Req, Res>['request']['encode']>[0];
    readonly isChange: boolean;
    readonly check?: (response: Res) => boolean;
  },
): Workload {
  return {
    title,
    path: method.path,
    request: method.request.encode(options.request),
    isChange: options.isChange,
    check: (bytes) => {
      const response = method.response.decode(bytes);
      if (response.header === undefined) throw new Error(`${title}: a response without a header`);
      if (options.check?.(response) === false) throw new Error(`${title}: the response is not that of a success`);
      return response.header;
    },
  };
}
