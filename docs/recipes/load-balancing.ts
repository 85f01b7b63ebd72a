// Load balancing: a list of servers that is kept up to date by a watch, and asked without a call to etcd.

import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../final/client/client.ts';
import { prefixRange } from '../../final/client/prefix.ts';
import { watchError } from '../../final/client/watch_response.ts';
import { Event_EventType } from '../../proto/schema.ts';
import { bytes, connect, text } from './connect.ts';

const PREFIX = 'lb/api/';

/** The servers below a prefix, taken in turn. */
class Servers {
  readonly #addresses = new Map<string, string>();
  #turn = 0;

  /** The next one. A real client begins at a random place, and skips those that failed lately. */
  pick(): string {
    const addresses = [...this.#addresses.values()];
    this.#turn += 1;
    return addresses[(this.#turn - 1) % addresses.length] ?? 'nobody';
  }

  /** Follows the list until the signal is aborted, then throws its reason. What a compaction hid is read as a new list. */
  async follow(client: Client, signal: AbortSignal): Promise<void> {
    const range = prefixRange(bytes(PREFIX));
    const { header, kvs } = await client.range(range, { signal });
    this.#addresses.clear();
    for (const kv of kvs) this.#addresses.set(text(kv.key), text(kv.value));
    const request = { ...range, start_revision: (header?.revision ?? 0) + 1 };
    for await (const answer of client.watch(request, { signal })) {
      const error = watchError(answer);
      if (answer.compact_revision !== 0) return this.follow(client, signal);
      if (error !== undefined) throw error;
      for (const { type, kv } of answer.events) {
        if (type === Event_EventType.DELETE) this.#addresses.delete(text(kv?.key));
        else this.#addresses.set(text(kv?.key), text(kv?.value));
      }
    }
  }

  async hasSize(size: number): Promise<void> {
    while (this.#addresses.size !== size) await delay(10);
  }
}

const client = await connect();
for (const i of [1, 2, 3]) await client.put({ key: bytes(PREFIX + i), value: bytes(`10.0.0.${i}:80`) });

const stop = new AbortController();
const servers = new Servers();
const following = servers.follow(client, stop.signal);
await Promise.race([following, servers.hasSize(3)]);
console.log('six requests:', [1, 2, 3, 4, 5, 6].map(() => servers.pick()).join(' '));
await client.deleteRange({ key: bytes(`${PREFIX}2`) });
await Promise.race([following, servers.hasSize(2)]);
console.log('four more:', [1, 2, 3, 4].map(() => servers.pick()).join(' '));
stop.abort();
await following.catch(() => undefined);
client.close();
