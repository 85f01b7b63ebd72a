// High availability: a writer who knows all members goes on while one of them is killed. A write without an answer may have
// been made or not, so each is such that it can be repeated: "if the key is not there, put it".

import { ClientError } from '../../final/client/errors.ts';
import { prefixRange } from '../../final/client/prefix.ts';
import { Compare_CompareTarget } from '../../proto/schema.ts';
import { bytes, connect } from './connect.ts';

const WRITES = 50;
const PAUSE_MS = 50;

const client = await connect();

async function write(name: string): Promise<void> {
  const key = bytes(`ha/${name}`);
  for (;;) {
    try {
      await client.txn(
        {
          compare: [{ key, target: Compare_CompareTarget.CREATE, create_revision: 0 }],
          success: [{ request_put: { key, value: bytes(name) } }],
        },
        { timeoutMs: 3000 },
      );
      return;
    } catch (error) {
      // Anything else is a mistake of ours.
      if (!(error instanceof ClientError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

for (let i = 0; i < WRITES; i++) {
  await write(String(i));
  if (i === 0) console.log('writing');
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

const { count } = await client.range({ ...prefixRange(bytes('ha/')), count_only: true });
console.log(`written: ${WRITES}, found: ${count}`);
client.close();
