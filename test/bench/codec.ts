// The codecs of proto/load.ts beside those that @grpc/proto-loader makes, on the two messages of the hot path: decoding a
// PutRequest and encoding a RangeResponse. `npm run bench:codec` prints nanoseconds per message and the ratio.

import path from 'node:path';
import * as protoLoader from '@grpc/proto-loader';
import { codecs } from '../../proto/load.ts';

/** Each measurement runs this long, in ms, after half of it to warm up. */
const MEASURE_MS = 600;
const ROUNDS = 5;
const VALUE_BYTES = 256;

interface Row {
  readonly name: string;
  readonly ours: () => unknown;
  readonly loaders: () => unknown;
}

const proto = path.join(import.meta.dirname, '../../proto');
const definition = protoLoader.loadSync('etcdserverpb/rpc.proto', {
  includeDirs: [proto],
  keepCase: true,
  longs: String,
  enums: Number,
  defaults: true,
});
const service = definition['etcdserverpb.KV'] as protoLoader.ServiceDefinition;
const put = method('Put');
const range = method('Range');

const key = Buffer.from('registry/pods/default/web-1');
const value = Buffer.alloc(VALUE_BYTES, 7);
const putBytes = Buffer.from(codecs['etcdserverpb.PutRequest'].encode({ key, value, lease: 7587822556486125056n }));
const kv = { key, value, create_revision: 1201, mod_revision: 73_411, version: 5, lease: 0n };
const kvs = Array.from({ length: 10 }, () => kv);
const header = { cluster_id: 14841639068965178418n, member_id: 10276657743932975437n, revision: 73_411, raft_term: 2 };
const textual = {
  header: { ...header, cluster_id: String(header.cluster_id), member_id: String(header.member_id) },
  kvs: kvs.map((one) => ({ ...one, lease: '0' })),
  count: 10,
};

const rows: readonly Row[] = [
  {
    name: `decode PutRequest, ${VALUE_BYTES} B value`,
    ours: () => codecs['etcdserverpb.PutRequest'].decode(putBytes),
    loaders: () => put.requestDeserialize(putBytes),
  },
  {
    name: `encode RangeResponse, 10 pairs of ${VALUE_BYTES} B`,
    ours: () => codecs['etcdserverpb.RangeResponse'].encode({ header, kvs, count: 10 }),
    loaders: () => range.responseSerialize(textual),
  },
];

function method(name: string): protoLoader.MethodDefinition<object, object> {
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name} in the service`);
  return found;
}

/** Median of the nanoseconds that one call takes. */
function measure(run: () => unknown): number {
  repeat(run, MEASURE_MS / 2);
  const rounds = Array.from({ length: ROUNDS }, () => repeat(run, MEASURE_MS / ROUNDS)).sort((a, b) => a - b);
  return rounds[ROUNDS >>> 1] ?? 0;
}

function repeat(run: () => unknown, ms: number): number {
  const begin = performance.now();
  let calls = 0;
  while (performance.now() - begin < ms) {
    for (let i = 0; i < 200; i++) run();
    calls += 200;
  }
  return ((performance.now() - begin) * 1e6) / calls;
}

console.log(`${'message'.padEnd(42)}${'ours'.padStart(10)}${'proto-loader'.padStart(16)}${'ratio'.padStart(8)}`);
for (const { name, ours, loaders } of rows) {
  const [own, other] = [measure(ours), measure(loaders)];
  const cells = [`${own.toFixed(0)} ns`.padStart(10), `${other.toFixed(0)} ns`.padStart(16)];
  console.log(`${name.padEnd(42)}${cells.join('')}${(other / own).toFixed(1).padStart(8)}`);
}
