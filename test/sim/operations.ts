// What a simulated client asks for, in two forms: as a request to a member, and as a change of the model, which is a store in
// memory that never fails.

import type { EtcdServer } from '../../final/server/server.ts';
import { EtcdError } from '../../final/core/errors.ts';
import { KVStore } from '../../final/core/mvcc/kvstore.ts';
import { MemRevisionLog } from '../../final/core/mvcc/revision_log.ts';
import { executeDeleteRange } from '../../final/core/txn/delete.ts';
import { executePut } from '../../final/core/txn/put.ts';
import { executeWriteTxn } from '../../final/core/txn/txn.ts';
import { codecs } from '../../proto/load.ts';
import type { DeleteRangeRequest, PutRequest, TxnRequest } from '../../proto/schema.ts';
import type { Random } from './random.ts';

export type Operation =
  | { readonly kind: 'put'; readonly request: PutRequest }
  | { readonly kind: 'delete'; readonly request: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly request: TxnRequest }
  /** At so many revisions before the current one. */
  | { readonly kind: 'compact'; readonly back: number };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const KEYS = Array.from({ length: 12 }, (_, i) => bytes(`key/${i}`));

/** An operation; `n` makes its values unlike all others. */
export function randomOperation(random: Random, n: number): Operation {
  const roll = random.below(20);
  if (roll < 12) return { kind: 'put', request: put(random, n) };
  if (roll < 14) {
    return { kind: 'delete', request: { key: random.pick(KEYS), range_end: random.pick(KEYS), prev_kv: false } };
  }
  if (roll < 19) return { kind: 'txn', request: txn(random, n) };
  return { kind: 'compact', back: random.below(5) };
}

function put(random: Random, n: number): PutRequest {
  const value = new Uint8Array(random.chance(0.1) ? random.below(3000) : random.below(40)).fill(n % 251);
  return { key: random.pick(KEYS), value, lease: 0n, prev_kv: false, ignore_value: false, ignore_lease: false };
}

// Several keys at once: they must never be seen half-changed.
function txn(random: Random, n: number): TxnRequest {
  const first = random.below(KEYS.length - 3);
  const success = KEYS.slice(first, first + 3).map((key) =>
    codecs['etcdserverpb.RequestOp'].decode(
      codecs['etcdserverpb.RequestOp'].encode({ request_put: { ...put(random, n), key } }),
    ),
  );
  return { compare: [], success, failure: [] };
}

/** Sends it; resolves when the member acknowledged it. */
export async function send(server: EtcdServer, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'put':
      await server.put(operation.request);
      return;
    case 'delete':
      await server.deleteRange(operation.request);
      return;
    case 'txn':
      await server.txn(operation.request);
      return;
    case 'compact': {
      const { revision } = server.header();
      await server.compact({ revision: revision - operation.back, physical: false }).catch(ignoreExpected);
    }
  }
}

// A compaction may come too late, or be for what has not been written yet.
function ignoreExpected(error: unknown): void {
  if (!(error instanceof EtcdError)) throw error;
}

/** What a store holds, so that two can be compared. */
export interface Digest {
  readonly revision: number;
  readonly hash: number;
}

/** The store that has done all operations so far. Compactions change no digest at the newest revision: they are left out. */
export class Model {
  readonly #store = new KVStore({
    log: new MemRevisionLog(),
    leases: { leaseOf: () => 0n, attach: () => {}, detach: () => {}, restore: () => {} },
    codec: codecs['mvccpb.KeyValue'],
  });

  apply(operation: Operation): void {
    if (operation.kind === 'compact') return;
    const writer = this.#store.write();
    if (operation.kind === 'put') executePut(writer, operation.request);
    else if (operation.kind === 'delete') executeDeleteRange(writer, operation.request);
    else executeWriteTxn({ writer, compactRevision: -1, leaseExists: () => false }, operation.request);
    writer.end();
  }

  digest(): Digest {
    return digestOf(this.#store.currentRevision, this.#store.read().range(ALL, EVERYTHING).kvs);
  }
}

const ALL = { kind: 'fromKey', key: '\x00' } as const;
const EVERYTHING = { revision: 0, limit: 0, countOnly: false } as const;

/** That of the key-values of a whole store. */
export function digestOf(
  revision: number,
  kvs: readonly Parameters<(typeof codecs)['mvccpb.KeyValue']['encode']>[0][],
): Digest {
  let hash = 0;
  for (const kv of kvs) {
    for (const byte of codecs['mvccpb.KeyValue'].encode(kv)) hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return { revision, hash };
}
