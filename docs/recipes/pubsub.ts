// Publish and subscribe: three subscribers, a publisher, and one who comes late and reads everything from the beginning.

import type { Client } from '../../final/client/client.ts';
import { watchError } from '../../final/client/watch_response.ts';
import { bytes, connect, text } from './connect.ts';

const TOPIC = bytes('news/api');
const MESSAGES = ['a', 'b', 'c'];

// A subscriber of its own connection, from a revision on. It notes the revision behind the last message that it has worked
// off: from there it would go on after a crash.
async function subscribe(client: Client, from: number): Promise<{ heard: string[]; next: number }> {
  const heard: string[] = [];
  let next = from;
  for await (const response of client.watch({ key: TOPIC, start_revision: from })) {
    const error = watchError(response);
    if (error !== undefined) throw error;
    for (const { kv } of response.events) {
      heard.push(text(kv?.value));
      next = (kv?.mod_revision ?? 0) + 1;
    }
    if (heard.length >= MESSAGES.length) break;
  }
  return { heard, next };
}

const publisher = await connect();
const { header } = await publisher.range({ key: TOPIC });
const from = (header?.revision ?? 0) + 1;

const clients = await Promise.all([connect(), connect(), connect()]);
const subscribers = clients.map((client) => subscribe(client, from));
for (const message of MESSAGES) await publisher.put({ key: TOPIC, value: bytes(message) });
for (const { heard } of await Promise.all(subscribers)) console.log('heard:', heard.join(' '));

const late = await subscribe(publisher, from);
console.log('late:', late.heard.join(' '));

// What is compacted is lost, and a subscriber that needs it is told so.
await publisher.compact({ revision: late.next - 1 });
await subscribe(publisher, from).catch((error: Error) => console.log('too late:', error.message));
for (const client of [publisher, ...clients]) client.close();
