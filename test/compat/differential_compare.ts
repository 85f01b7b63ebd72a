// What two servers answered to one request, made comparable: IDs and terms that must differ are masked, and differences
// that are known have a name each.

import { Cluster, KV, Lease, Maintenance, type MethodDefinition } from '../../proto/load.ts';
import type { Answer } from '../harness/grpc_client.ts';
import { dangerOf } from './differential_bytes.ts';
import { isSameButTies } from './differential_ties.ts';
import type { GeneratedRequest } from './differential_requests.ts';

/** An answer as people and machines can read it. */
export interface PlainAnswer {
  readonly code: number;
  readonly message: string;
  readonly response?: unknown;
}

/** A difference between real lines, or between the real server and a decision of the project. */
interface KnownDifference {
  readonly name: string;
  /** Only of this line; absent: of all. */
  readonly line?: '3.4' | '3.5';
  readonly applies: (request: GeneratedRequest, real: PlainAnswer, ours: PlainAnswer) => boolean;
}

const KNOWN: readonly KnownDifference[] = [
  {
    name: 'a range_end that is there and empty is a single key for us (spec/rpc.md 2.9)',
    applies: ({ path, bytes }, real, ours) =>
      dangerOf(path, bytes) === 'empty range end' && real.code === 0 && ours.code === 0,
  },
  {
    name: 'pairs with equal sort values: the real sort does not keep their order (spec/rpc.md 6.3)',
    applies: ({ path, bytes }, real, ours) => isSameButTies(path, bytes, { real, ours }),
  },
  {
    name: '3.5 remembers the hashes of its last compactions (spec/rpc.md 11.3)',
    line: '3.5',
    applies: ({ path, bytes }, real, ours) => {
      if (path !== Maintenance.methods.HashKV.path || real.code !== 0) return false;
      if (ours.code !== 0) return ours.message.endsWith('has been compacted');
      const { revision } = Maintenance.methods.HashKV.request.decode(bytes);
      return revision > 0 && revision === (ours.response as { compact_revision: number }).compact_revision;
    },
  },
  {
    name: '3.4 says ResourceExhausted to a path without two parts',
    line: '3.4',
    applies: (_request, real, ours) =>
      real.message.startsWith('malformed method name') && real.message === ours.message && real.code === 8,
  },
  {
    name: '3.4 cannot hash at exactly the compact revision (row 75)',
    line: '3.4',
    applies: ({ path }, real, ours) =>
      path === Maintenance.methods.HashKV.path && real.message.endsWith('has been compacted') && ours.code === 0,
  },
];

const METHODS: ReadonlyMap<string, MethodDefinition<unknown, unknown>> = new Map(
  [KV, Lease, Cluster, Maintenance]
    .flatMap(({ methods }) => Object.values(methods))
    .map((method) => [method.path, method]),
);

/** The definition of the method at `path`. */
export function methodAt(path: string): MethodDefinition<unknown, unknown> | undefined {
  return METHODS.get(path);
}

/** Decodes and masks. */
export function plainAnswer(path: string, answer: Answer<Uint8Array>): PlainAnswer {
  const { code, message, response } = answer;
  if (response === undefined) return { code, message };
  const decoded = methodAt(path)?.response.decode(response);
  return { code, message, response: masked(path, plain(decoded) as Record<string, unknown>) };
}

/** The name of the known difference that explains the two answers; `none` when they are equal; undefined = a finding. */
export function explain(options: {
  request: GeneratedRequest;
  real: PlainAnswer;
  ours: PlainAnswer;
  line: '3.4' | '3.5' | undefined;
}): string | undefined {
  const { request, real, ours, line } = options;
  if (JSON.stringify(real) === JSON.stringify(ours)) return 'none';
  return KNOWN.find((known) => (known.line === undefined || known.line === line) && known.applies(request, real, ours))
    ?.name;
}

/** A value of a message as JSON: numbers of 64 bits and bytes become texts. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function masked(path: string, response: Record<string, unknown>): unknown {
  const { header } = response;
  const result = { ...response };
  if (typeof header === 'object' && header !== null) {
    result['header'] = { ...header, cluster_id: '', member_id: '', raft_term: 0 };
  }
  // Seconds pass while the test runs, and the two servers are asked one after the other.
  if (path === Lease.methods.LeaseTimeToLive.path) {
    result['TTL'] = Number(response['TTL']) < 0 ? response['TTL'] : 'left';
    result['keys'] = [...(response['keys'] as string[])].sort();
  }
  return result;
}
