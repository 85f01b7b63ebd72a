// Leader election: two candidates, and an observer who is told of every leader.

import { Election } from '../../final/client/concurrency/election.ts';
import { Session } from '../../final/client/concurrency/session.ts';
import { Compare_CompareTarget } from '../../proto/schema.ts';
import { bytes, connect, text } from './connect.ts';

const NAME = bytes('office');
const LEASE_SECONDS = 5;

const client = await connect();
const election = new Election(client, NAME);

async function candidate(value: string) {
  const session = await Session.open({ store: client, ttl: LEASE_SECONDS });
  // A leader whose lease is lost must stop: session.done tells.
  const { candidacy } = await election.campaign(
    { lease: session.lease, value: bytes(value) },
    { signal: session.done },
  );
  return { session, candidacy };
}

const first = await candidate('n1');
console.log('leader:', text((await election.leader()).kv.value));

// An observer: told of the leader of now, of each new value, and of the next leader.
const leaders = election.observe();
async function observed(): Promise<void> {
  console.log('observed:', text((await leaders.next()).value.kv.value));
}
await observed();

const second = candidate('n2');
await election.proclaim(first.candidacy, bytes('n1, still'));
await observed();

// Whoever writes as the leader makes sure in the same moment that it still is one.
await client.txn({
  compare: [
    { key: first.candidacy.key, target: Compare_CompareTarget.CREATE, create_revision: first.candidacy.revision },
  ],
  success: [{ request_put: { key: bytes('work/result'), value: bytes('by n1') } }],
});

await election.resign(first.candidacy);
const { session } = await second;
console.log('leader:', text((await election.leader()).kv.value));
await observed();
await Promise.all([first.session.close(), session.close()]);
client.close();
