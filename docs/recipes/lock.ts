// Distributed lock: five workers add one to a counter in turns, and write under the protection of their token.

import { Mutex } from '../../final/client/concurrency/mutex.ts';
import { Session } from '../../final/client/concurrency/session.ts';
import { Compare_CompareTarget } from '../../proto/schema.ts';
import { bytes, connect, text } from './connect.ts';

const NAME = bytes('api-lock');
const COUNTER = bytes('api-counter');
const LEASE_SECONDS = 5;

const client = await connect();
await client.put({ key: COUNTER, value: bytes('0') });

async function addOne(): Promise<void> {
  const session = await Session.open({ store: client, ttl: LEASE_SECONDS });
  const mutex = new Mutex(session, NAME);
  try {
    await mutex.lock({ signal: session.done });
    const [own] = (await client.range({ key: mutex.key })).kvs;
    const token = own?.create_revision ?? 0;
    const [counter] = (await client.range({ key: COUNTER })).kvs;
    const next = Number(text(counter?.value)) + 1;
    // Written only if the key of the lock is still the same one: a lock that was lost meanwhile does no harm.
    const { succeeded } = await client.txn({
      compare: [{ key: mutex.key, target: Compare_CompareTarget.CREATE, create_revision: token }],
      success: [{ request_put: { key: COUNTER, value: bytes(String(next)) } }],
    });
    if (!succeeded) throw new Error('the lock was lost');
    await mutex.unlock();
  } finally {
    // Whatever went wrong, the lock goes with the lease.
    await session.close();
  }
}

await Promise.all(Array.from({ length: 5 }, addOne));
console.log('counter:', text((await client.range({ key: COUNTER })).kvs[0]?.value));

// Whoever does not want to wait asks, and is told.
const [one, other] = [await Session.open({ store: client }), await Session.open({ store: client })];
await new Mutex(one, NAME).lock();
await new Mutex(other, NAME).tryLock().catch((error: Error) => console.log('second:', error.message));
await Promise.all([one.close(), other.close()]);
client.close();
