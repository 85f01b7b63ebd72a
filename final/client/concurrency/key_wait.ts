// Waits until older keys are gone: how those who want a lock or an office queue. Each watches only the key right before its
// own, so that a key that goes wakes one of them and not all. Mirrors etcd's concurrency/key.go.

import { Event_EventType } from '../../../proto/schema.ts';
import { lastCreated } from './candidates.ts';
import { ConcurrencyError } from './errors.ts';
import type { KeyStore, WaitOptions } from './store.ts';

/**
 * Waits until no key that begins with `prefix` was created at `maxCreateRevision` or before.
 *
 * @throws what the store throws, the reason of the signal, and ConcurrencyError when the watch ends for no known reason
 */
export async function waitDeletes(
  store: KeyStore,
  keys: { readonly prefix: Uint8Array; readonly maxCreateRevision: number },
  options: WaitOptions,
): Promise<void> {
  const request = lastCreated(keys.prefix, keys.maxCreateRevision);
  for (;;) {
    const { header, kvs } = await store.range(request, options);
    const [last] = kvs;
    if (last === undefined) return;
    await waitDelete(store, { key: last.key, revision: header?.revision ?? 0 }, options);
  }
}

/** Returns also when the events since `revision` are gone: the key must be read again then, which the caller does anyway. */
async function waitDelete(
  store: KeyStore,
  { key, revision }: { readonly key: Uint8Array; readonly revision: number },
  { signal }: WaitOptions,
): Promise<void> {
  for await (const response of store.watch({ key, start_revision: revision }, { signal })) {
    if (response.events.some(({ type }) => type === Event_EventType.DELETE)) return;
    if (response.compact_revision !== 0) return;
    if (response.canceled) break;
  }
  signal?.throwIfAborted();
  throw new ConcurrencyError('watcherLost');
}
