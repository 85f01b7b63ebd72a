// Service discovery: two instances register under leases of their own; a client keeps the list while one of them crashes.

import { Session } from '../../final/client/concurrency/session.ts';
import { prefixRange } from '../../final/client/prefix.ts';
import { watchError } from '../../final/client/watch_response.ts';
import { Event_EventType } from '../../proto/schema.ts';
import { bytes, connect, text } from './connect.ts';

const PREFIX = 'svc/api/';
const LEASE_SECONDS = 3;

const client = await connect();

async function register(name: string, address: string): Promise<Session> {
  const session = await Session.open({ store: client, ttl: LEASE_SECONDS });
  await client.put({ key: bytes(PREFIX + name), value: bytes(address), lease: session.lease });
  return session;
}

const a = await register('a', '10.0.0.1:80');
const b = await register('b', '10.0.0.2:80');

/** The list of now, and from then on every change: nothing falls between the two. Ends when the caller has seen enough. */
async function follow(isEnough: (addresses: readonly string[]) => boolean): Promise<void> {
  const range = prefixRange(bytes(PREFIX));
  const { header, kvs } = await client.range(range);
  const instances = new Map(kvs.map((kv) => [text(kv.key), text(kv.value)]));
  if (isEnough([...instances.values()])) return;
  for await (const answer of client.watch({ ...range, start_revision: (header?.revision ?? 0) + 1 })) {
    const error = watchError(answer);
    // The changes that were to come next are gone: a new list has what they did.
    if (answer.compact_revision !== 0) return follow(isEnough);
    if (error !== undefined) throw error;
    for (const { type, kv } of answer.events) {
      if (type === Event_EventType.DELETE) instances.delete(text(kv?.key));
      else instances.set(text(kv?.key), text(kv?.value));
      if (isEnough([...instances.values()])) return;
    }
  }
}

await follow((addresses) => {
  console.log('now:', addresses.join(' '));
  // A crash: nobody renews the lease any more.
  a.orphan();
  return addresses.length < 2;
});

await b.close();
client.close();
