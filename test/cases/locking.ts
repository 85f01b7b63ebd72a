// Short forms for the cases of the Lock and Election services.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { KV, Lease } from '../../proto/load.ts';
import type { KeyValue } from '../../proto/schema.ts';
import type { Answer } from '../harness/grpc_client.ts';
import { type CaseContext, Code } from './case.ts';

const WAIT_LIMIT_MS = 10_000;

/** Grants a lease that outlives the case. */
export async function leaseOf(t: CaseContext, TTL = 600): Promise<bigint> {
  return (await t.ok(Lease.methods.LeaseGrant, { TTL })).ID;
}

/** What stands behind the last `/` of a key of the services. */
export const hex = (lease: bigint): string => lease.toString(16);

/** The keys of a lock or an election, the oldest in front. */
export async function waiters(t: CaseContext, name: string): Promise<KeyValue[]> {
  const key = t.key(`${name}/`);
  const { kvs } = await t.ok(KV.methods.Range, { key, range_end: t.key(`${name}0`) });
  return kvs.toSorted((a, b) => a.create_revision - b.create_revision);
}

/** Waits until a lock or an election has so many keys: one holder, the rest waiting. */
export async function queued(t: CaseContext, name: string, count: number): Promise<void> {
  const end = performance.now() + WAIT_LIMIT_MS;
  let found = (await waiters(t, name)).length;
  while (found !== count) {
    if (performance.now() > end) assert.fail(`${name} has ${found} keys instead of ${count}`);
    await delay(20);
    found = (await waiters(t, name)).length;
  }
}

/** Whether a call is still waiting: it is given a moment to end. */
export async function isWaiting(call: Promise<unknown>): Promise<boolean> {
  const over = call.then(() => false);
  return Promise.race([over, delay(150, true)]);
}

/**
 * Asserts that a call ended by its deadline. Client and server watch the same clock: where the server is first, 3.5 resets the
 * stream, which the client takes for a cancel, and 3.4 answers the text without its code.
 */
export function assertGaveUp({ code, message }: Answer<unknown>): void {
  const isFromOld = code === Code.Unknown && message === 'context deadline exceeded';
  assert.ok(isFromOld || code === Code.DeadlineExceeded || code === Code.Canceled, `${code} "${message}"`);
}
