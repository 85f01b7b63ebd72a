// Distributed naming: a name goes to exactly one of many who want it, and numbers are given once.

import { Compare_CompareTarget } from '../../proto/schema.ts';
import { bytes, connect, text } from './connect.ts';

const client = await connect();

// True for the one who gets the name; the others are told who has it.
async function claim(name: string, owner: string): Promise<{ isMine: boolean; owner: string }> {
  const key = bytes(`names/${name}`);
  const { succeeded, responses } = await client.txn({
    compare: [{ key, target: Compare_CompareTarget.CREATE, create_revision: 0 }],
    success: [{ request_put: { key, value: bytes(owner) } }],
    failure: [{ request_range: { key } }],
  });
  return { isMine: succeeded, owner: succeeded ? owner : text(responses[0]?.response_range?.kvs[0]?.value) };
}

const claims = await Promise.all(Array.from({ length: 10 }, (_, i) => claim('api', `node${i}`)));
const winner = claims.find(({ isMine }) => isMine)?.owner;
console.log('winners:', claims.filter(({ isMine }) => isMine).length);
console.log(
  'all name the same one:',
  claims.every(({ owner }) => owner === winner),
);

// The revision of a write belongs to that write alone.
async function uniqueNumber(): Promise<number> {
  const { header } = await client.put({ key: bytes('numbers/api'), value: bytes('') });
  return header?.revision ?? 0;
}

const numbers = await Promise.all(Array.from({ length: 8 }, uniqueNumber));
console.log('different numbers:', new Set(numbers).size);
client.close();
