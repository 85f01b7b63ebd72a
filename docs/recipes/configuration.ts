// Configuration management: a setting is changed by many at once without a lost update, and a program follows the changes.

import { runStm } from '../../final/client/concurrency/stm.ts';
import { prefixRange } from '../../final/client/prefix.ts';
import { bytes, connect, text } from './connect.ts';

const PREFIX = 'cfg/api/';
const LIMIT = bytes(`${PREFIX}limit`);
const CHANGES = 5;

const client = await connect();
const { header } = await client.put({ key: LIMIT, value: bytes('10') });

// The program: it reads every change, in order.
async function follow(): Promise<string[]> {
  const seen: string[] = [];
  const request = { ...prefixRange(bytes(PREFIX)), start_revision: (header?.revision ?? 0) + 1 };
  for await (const { events } of client.watch(request)) {
    for (const { kv } of events) seen.push(text(kv?.value));
    if (seen.length >= CHANGES) break;
  }
  return seen;
}

// An operator: raises the limit by one. When somebody else is faster, the function runs again on the new value.
async function raise(): Promise<void> {
  await runStm(client, async (stm) => {
    const limit = Number(text(await stm.get(LIMIT)));
    stm.put(LIMIT, bytes(String(limit + 1)));
  });
}

const following = follow();
await Promise.all(Array.from({ length: CHANGES }, raise));
console.log('seen:', (await following).join(' '));

// The value of before is still there.
const old = await client.range({ key: LIMIT, revision: header?.revision ?? 0 });
console.log('at first:', text(old.kvs[0]?.value));
client.close();
