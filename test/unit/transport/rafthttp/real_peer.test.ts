// A member of our own beside a real one, ETCD_BIN (or etcd on the PATH) and ETCD35_BIN: it joins as a learner, gets the log
// over the streams of the real member, votes, and sends it a database.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RawNode } from '../../../../final/core/raft/rawnode.ts';
import { MemoryStorage } from '../../../../final/core/raft/storage.ts';
import { nodeClock, nodeRandom } from '../../../../final/ports_node.ts';
import {
  fetchMembers,
  fetchVersion,
  hashKV,
  leaseTimes,
  promote,
  renewLease,
} from '../../../../final/transport/etcdhttp/peer_client.ts';
import { Cluster as ClusterService, codecs, KV, Lease } from '../../../../proto/load.ts';
import { RaftEntryType, RaftMessageType as Type } from '../../../../proto/schema.ts';
import { freePort } from '../../../harness/ports.ts';
import { Server } from '../../../harness/server.ts';
import { findReal } from '../../../harness/target.ts';
import { message, TestMember, until } from './fixture.ts';

const TICK_MS = 100;
const LIMIT_MS = 3000;

for (const [variable, name] of [
  ['ETCD_BIN', 'etcd'],
  ['ETCD35_BIN', 'etcd 3.5'],
] as const) {
  const target = findReal(variable);
  describe(`beside the real ${target?.label ?? name}`, { skip: target === undefined && `set ${variable}` }, () => {
    let real: Server;
    let own: Voter;
    let realId: bigint;

    before(async () => {
      assert.ok(target !== undefined);
      real = await Server.start(target, { flags: { logger: 'zap', 'log-outputs': 'stderr' } });
      const port = await freePort();
      const { response } = await real
        .grpc()
        .unary(ClusterService.methods.MemberAdd, { peerURLs: [`http://127.0.0.1:${port}`], isLearner: true });
      assert.ok(response?.header !== undefined && response.member !== undefined);
      realId = response.header.member_id;
      const { cluster_id: clusterId } = response.header;
      own = new Voter(await TestMember.start(response.member.ID, { clusterId, port }));
      own.member.transport.addPeer(realId, [real.peerUrl]);
    });
    after(async () => {
      await own.stop();
      await real.stop();
    });

    it('the log comes over its streams', async () => {
      await until('the streams', () => established(own).length === 4);
      await until('the log', () => own.applied >= 3);
      assert.ok(own.member.transport.activeSince(realId) !== undefined);
    });

    it('what it is asked, it answers', async () => {
      const { clusterId, members } = await fetchMembers(real.peerUrl, LIMIT_MS);
      assert.equal(clusterId, own.member.cluster.id);
      assert.deepEqual(
        new Map(members.map(({ id, isLearner }) => [id, isLearner])),
        new Map([
          [realId, false],
          [own.member.id, true],
        ]),
      );
      assert.match((await fetchVersion(real.peerUrl, LIMIT_MS)).cluster, /^3\.\d\.0$/);
      await real.grpc().unary(Lease.methods.LeaseGrant, { ID: 7n, TTL: 100 });
      assert.equal(await renewLease(real.peerUrl, 7n, LIMIT_MS), 100);
      const times = await leaseTimes(real.peerUrl, { id: 7n, withKeys: true }, LIMIT_MS);
      assert.deepEqual([times.grantedTtl, times.keys], [100, []]);
      const hash = await hashKV(real.peerUrl, { revision: 0, clusterId }, LIMIT_MS);
      assert.deepEqual([hash.revision, hash.compactRevision], [1, -1]);
    });

    it('it is promoted, and from then on nothing happens without its vote', async () => {
      const members = await promote(real.peerUrl, own.member.id, LIMIT_MS);
      assert.ok(members.every(({ isLearner }) => !isLearner));
      const client = real.grpc();
      for (let i = 0; i < 20; i += 1) {
        const put = { key: Buffer.from(`k${i}`), value: Buffer.alloc(300 * i) };
        assert.equal((await client.unary(KV.methods.Put, put)).code, 0);
      }
      await until('the puts', () => own.applied >= 24);
      // A linearizable read needs its heartbeat.
      assert.equal((await client.unary(KV.methods.Range, { key: Buffer.from('k1') })).code, 0);
    });

    it('a database that it is sent lies beside its snapshots', async () => {
      const database = Buffer.alloc(300_000, 'database');
      // Of an old term: it is stored, and raft ignores the rest.
      const metadata = { conf_state: undefined, index: 4711, term: 1 } as never;
      own.member.transport.sendSnapshot(
        message(Type.MsgSnap, {
          to: realId,
          from: own.member.id,
          term: 1,
          snapshot: { data: Buffer.from('{}'), metadata },
        }),
        { sizeBytes: database.length, read: (at, length) => database.subarray(at, at + length), release: () => {} },
      );
      await until('the report', () => own.member.handler.snapshots.length === 1);
      assert.deepEqual(own.member.handler.snapshots, [[realId, true]]);
      const file = path.join(real.folder, 'data', 'member', 'snap', `${(4711).toString(16).padStart(16, '0')}.snap.db`);
      assert.ok(database.equals(readFileSync(file)));
    });

    it('neither of them complains', () => {
      const complaints = real.stderr.split('\n').filter((line) => /"level":"(error|panic|fatal)"/.test(line));
      assert.deepEqual(complaints, []);
      assert.equal(real.stderr.includes('lost TCP streaming'), false);
      assert.deepEqual(
        own.member.log.lines.filter((line) => /^(warn|error|fatal)/.test(line)),
        [],
      );
    });
  });
}

function established(own: Voter): string[] {
  return own.member.log.lines.filter((line) => line.includes('established TCP streaming connection'));
}

/** Raft with a log in memory, and nothing behind it. */
class Voter {
  readonly member: TestMember;
  readonly #storage = new MemoryStorage();
  readonly #node: RawNode;
  readonly #stopTicks: () => void;
  applied = 0;

  constructor(member: TestMember) {
    this.member = member;
    this.#node = new RawNode({
      id: member.id,
      electionTick: 10,
      heartbeatTick: 1,
      storage: this.#storage,
      maxSizePerMsg: 1024 * 1024,
      maxInflightMsgs: 512,
      checkQuorum: true,
      preVote: true,
      readOnlyOption: 'safe',
      random: nodeRandom,
    });
    member.handler.onMessage = (received) => {
      this.#node.step(received);
      this.#run();
    };
    this.#stopTicks = nodeClock.every(TICK_MS, () => {
      this.#node.tick();
      this.#run();
    });
  }

  async stop(): Promise<void> {
    this.#stopTicks();
    await this.member.stop();
  }

  #run(): void {
    while (this.#node.hasReady()) {
      const ready = this.#node.ready();
      if (ready.hardState !== undefined) this.#storage.setHardState(ready.hardState);
      this.#storage.append(ready.entries);
      this.member.transport.send(ready.messages);
      for (const entry of ready.committedEntries) {
        this.applied = entry.Index;
        if (entry.Type !== RaftEntryType.EntryConfChange) continue;
        this.#node.applyConfChange(codecs['raftpb.ConfChange'].decode(entry.Data ?? new Uint8Array(0)));
      }
      this.#node.advance(ready);
    }
  }
}
