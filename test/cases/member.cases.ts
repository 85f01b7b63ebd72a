// What a single member says of itself, of its leases and of the users that it does not have (spec/rpc.md 8, 9, 10, 11, 13,
// rows of 17.5 to 17.8), and what it says of the rest of the API.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Auth, Cluster, Health, KV, Lease, Maintenance } from '../../proto/load.ts';
import { bytes, type Case, type CaseGroup, Code } from './case.ts';
import { eventually } from './starting.ts';

const since = 'final';
const { Put, Range, DeleteRange } = KV.methods;
const { LeaseGrant, LeaseRevoke, LeaseKeepAlive, LeaseTimeToLive, LeaseLeases } = Lease.methods;
const { Status, Alarm, HashKV } = Maintenance.methods;
const LEASE_NOT_FOUND = { code: Code.NotFound, message: 'etcdserver: requested lease not found' } as const;

const member: Case[] = [
  {
    name: 'Status names version, leader, term and index; the index grows with each write',
    since,
    run: async (t) => {
      const { header } = await t.ok(Put, { key: t.key('k') });
      const before = await t.ok(Status, {});
      assert.match(before.version, /^3\.[45]\.\d+$/);
      assert.deepEqual(before.header, header);
      assert.deepEqual(
        [before.leader, before.raftTerm, before.isLearner, before.errors],
        [header?.member_id, header?.raft_term, false, []],
      );
      assert.ok(before.raftIndex > 0 && before.raftAppliedIndex <= before.raftIndex);
      await t.ok(Put, { key: t.key('k') });
      const after = await t.ok(Status, {});
      assert.equal(after.raftIndex, before.raftIndex + 1);
    },
  },
  {
    name: 'MemberList names the member with its URLs, under a header without a revision (row 157)',
    since,
    run: async (t) => {
      const { header } = await t.ok(Put, { key: t.key('k') });
      const list = await t.ok(Cluster.methods.MemberList, {});
      assert.deepEqual(list.header, { ...header, revision: 0 });
      const { clientUrl, peerUrl } = t.server;
      assert.deepEqual(
        list.members.map((one) => ({ ...one })),
        [{ ID: header?.member_id, name: 'n1', peerURLs: [peerUrl], clientURLs: [clientUrl], isLearner: false }],
      );
      assert.deepEqual(await t.ok(Cluster.methods.MemberList, { linearizable: true }), list);
    },
  },
  {
    name: 'the health service serves the server as a whole and nothing else (row 198)',
    since,
    run: async (t) => {
      assert.equal((await t.ok(Health.methods.Check, {})).status, 1);
      const unknown = { code: Code.NotFound, message: 'unknown service' } as const;
      await t.refused(Health.methods.Check, { service: 'etcdserverpb.KV' }, unknown);
      await t.refused(Health.methods.Check, { service: 'etcdserverpb.Health' }, unknown);
    },
  },
  {
    name: 'watching the health of the server gives its status and stays open',
    since,
    run: async (t) => {
      const seen = async (service: string): Promise<unknown> => {
        const { code, responses } = await t.client.serverStream(Health.methods.Watch, { service }, { deadlineMs: 300 });
        // At the deadline the server may be the first to end the stream, and says Canceled then.
        assert.ok(code === Code.DeadlineExceeded || code === Code.Canceled, `ended with ${code}`);
        return responses.map(({ status }) => status);
      };
      assert.deepEqual([await seen(''), await seen('etcdserverpb.KV')], [[1], [3]]);
    },
  },
  {
    name: 'there are no alarms, and clearing one that is not there is no error',
    since,
    run: async (t) => {
      assert.deepEqual((await t.ok(Alarm, {})).alarms, []);
      assert.deepEqual((await t.ok(Alarm, { alarm: 1 })).alarms, []);
      assert.deepEqual((await t.ok(Alarm, { action: 2, memberID: 5n, alarm: 1 })).alarms, []);
    },
  },
  {
    name: 'the answer to an alarm request has a header, from 3.5 on',
    since,
    only: '3.5',
    run: async (t) => {
      const { header } = await t.ok(Put, { key: t.key('k') });
      assert.deepEqual((await t.ok(Alarm, {})).header, header);
    },
  },
  {
    name: 'activating no alarm does nothing (row 147)',
    since,
    only: '3.5',
    run: async (t) => assert.deepEqual((await t.ok(Alarm, { action: 1 })).alarms, []),
  },
];

const leases: Case[] = [
  {
    name: 'a TTL below the least is raised to it, and a server without an ID chooses one (row 96)',
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('k') });
      for (const TTL of [0, -5, 1, 2]) {
        const granted = await t.ok(LeaseGrant, { TTL });
        assert.ok(granted.ID > 0n);
        assert.deepEqual([granted.TTL, granted.error, granted.header], [2, '', before.header]);
      }
    },
  },
  {
    name: 'a lease ID is taken once; a TTL too large is noticed before that (rows 97, 98)',
    since,
    run: async (t) => {
      await t.ok(LeaseGrant, { ID: 97n, TTL: 60 });
      await t.refused(
        LeaseGrant,
        { ID: 97n, TTL: 60 },
        { code: Code.FailedPrecondition, message: 'etcdserver: lease already exists' },
      );
      await t.ok(LeaseGrant, { ID: 98n, TTL: 9_000_000_000 });
      for (const ID of [98n, 99n]) {
        await t.refused(
          LeaseGrant,
          { ID, TTL: 9_000_000_001 },
          { code: Code.OutOfRange, message: 'etcdserver: too large lease TTL' },
        );
      }
    },
  },
  {
    name: 'a lease ID may be negative, and any 64-bit number (row 99)',
    since,
    run: async (t) => {
      for (const ID of [-9n, -(2n ** 63n), 2n ** 63n - 1n]) {
        assert.equal((await t.ok(LeaseGrant, { ID, TTL: 60 })).ID, ID);
        assert.equal((await t.ok(LeaseTimeToLive, { ID })).ID, ID);
        await t.ok(LeaseRevoke, { ID });
      }
    },
  },
  {
    name: 'the time to live is counted down from below; of an unknown lease it is -1 (rows 100, 101)',
    since,
    run: async (t) => {
      const { ID } = await t.ok(LeaseGrant, { TTL: 60 });
      const times = await t.ok(LeaseTimeToLive, { ID });
      assert.deepEqual([times.ID, times.TTL, times.grantedTTL, times.keys], [ID, 59, 60, []]);
      for (const unknown of [424_242n, 0n]) {
        const none = await t.ok(LeaseTimeToLive, { ID: unknown });
        assert.deepEqual([none.ID, none.TTL, none.grantedTTL], [unknown, -1, 0]);
      }
    },
  },
  {
    name: 'a key belongs to the lease of its last put; ignore_lease keeps it (rows 102, 103)',
    since,
    run: async (t) => {
      const first = (await t.ok(LeaseGrant, { TTL: 60 })).ID;
      const second = (await t.ok(LeaseGrant, { TTL: 60 })).ID;
      const keys = async (ID: bigint): Promise<string[]> =>
        (await t.ok(LeaseTimeToLive, { ID, keys: true })).keys.map((key) => t.nameOf(key)).sort();
      for (const name of ['b', 'a', 'c']) await t.ok(Put, { key: t.key(name), lease: first });
      assert.deepEqual(await keys(first), ['a', 'b', 'c']);
      await t.ok(Put, { key: t.key('a'), lease: second });
      await t.ok(Put, { key: t.key('b') });
      await t.ok(Put, { key: t.key('c'), value: bytes('x'), ignore_lease: true });
      assert.deepEqual([await keys(first), await keys(second)], [['c'], ['a']]);
      const { kvs } = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(
        kvs.map((kv) => kv.lease),
        [second, 0n, first],
      );
      await t.ok(DeleteRange, { key: t.key('c') });
      assert.deepEqual(await keys(first), []);
    },
  },
  {
    name: 'revoking deletes the keys in one revision, and none without live keys (rows 104, 106)',
    since,
    run: async (t) => {
      const { ID } = await t.ok(LeaseGrant, { TTL: 60 });
      for (const name of ['k2', 'k3', 'k0']) await t.ok(Put, { key: t.key(name), lease: ID });
      const before = (await t.ok(Put, { key: t.key('other') })).header?.revision ?? 0;
      assert.equal((await t.ok(LeaseRevoke, { ID })).header?.revision, before + 1);
      const { kvs } = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(t.names(kvs), ['other']);
      const empty = (await t.ok(LeaseGrant, { TTL: 60 })).ID;
      assert.equal((await t.ok(LeaseRevoke, { ID: empty })).header?.revision, before + 1);
    },
  },
  {
    name: 'revoking an unknown lease is refused (row 105)',
    since,
    run: async (t) => {
      await t.refused(LeaseRevoke, { ID: 424_242n }, LEASE_NOT_FOUND);
      await t.refused(LeaseRevoke, {}, LEASE_NOT_FOUND);
    },
  },
  {
    name: 'a keep-alive stream answers each request in order, with 0 for unknown leases, and ends well (row 107)',
    since,
    run: async (t) => {
      const { ID } = await t.ok(LeaseGrant, { TTL: 60 });
      const ids = [ID, 999_999n, 0n, ID];
      const { code, responses } = await t.client.bidi(
        LeaseKeepAlive,
        ids.map((one) => ({ ID: one })),
      );
      assert.equal(code, Code.OK);
      assert.deepEqual(
        responses.map((one) => [one.ID, one.TTL]),
        [
          [ID, 60],
          [999_999n, 0],
          [0n, 0],
          [ID, 60],
        ],
      );
    },
  },
  {
    name: 'a lease expires with its keys soon after its TTL, in one revision (row 108)',
    since,
    run: async (t) => {
      const { ID } = await t.ok(LeaseGrant, { TTL: 2 });
      await t.ok(Put, { key: t.key('a'), lease: ID });
      const last = (await t.ok(Put, { key: t.key('b'), lease: ID })).header?.revision ?? 0;
      await delay(1500);
      assert.equal((await t.ok(Range, { key: t.key('a') })).count, 1);
      const gone = await eventually(4000, async () => {
        const answer = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
        return answer.count === 0 ? answer : undefined;
      });
      assert.equal(gone.header?.revision, last + 1);
      assert.equal((await t.ok(LeaseTimeToLive, { ID })).TTL, -1);
    },
  },
  {
    name: 'the list of leases has those that live, the one that ends first in front',
    since,
    server: 'fresh',
    run: async (t) => {
      for (const [ID, TTL] of [
        [3n, 300],
        [1n, 100],
        [2n, 200],
      ] as const) {
        await t.ok(LeaseGrant, { ID, TTL });
      }
      await t.ok(LeaseRevoke, { ID: 2n });
      assert.deepEqual(
        (await t.ok(LeaseLeases, {})).leases.map(({ ID }) => ID),
        [1n, 3n],
      );
    },
  },
  {
    name: 'the least TTL follows from the election timeout',
    since,
    server: 'fresh',
    flags: { 'election-timeout': '5000' },
    run: async (t) => assert.equal((await t.ok(LeaseGrant, { TTL: 1 })).TTL, 8),
  },
];

const users: Case[] = [
  {
    name: 'nobody can log in where there are no users (row 109)',
    since,
    run: (t) =>
      t.refused(
        Auth.methods.Authenticate,
        { name: 'root', password: 'x' },
        { code: Code.FailedPrecondition, message: 'etcdserver: authentication is not enabled' },
      ),
  },
  {
    name: 'a token is not looked at where there are no users, from 3.5 on (row 117)',
    since: '03-kv',
    only: '3.5',
    run: async (t) => {
      const { code } = await t.client.unary(Put, { key: t.key('k') }, { metadata: { token: 'garbage' } });
      assert.equal(code, Code.OK);
    },
  },
  {
    name: 'there are no users and no roles, and auth is off',
    since,
    run: async (t) => {
      const { header } = await t.ok(Put, { key: t.key('k') });
      const { users: names, header: second } = await t.ok(Auth.methods.UserList, {});
      const { roles, header: third } = await t.ok(Auth.methods.RoleList, {});
      assert.deepEqual([names, roles, second, third], [[], [], header, header]);
    },
  },
  {
    name: 'AuthStatus says that auth is off, at revision 1',
    since,
    only: '3.5',
    run: async (t) => {
      const { enabled, authRevision } = await t.ok(Auth.methods.AuthStatus, {});
      assert.deepEqual([enabled, authRevision], [false, 1]);
    },
  },
];

const notYet: Case[] = [
  {
    name: 'what final cannot do yet is Unimplemented and says so',
    since,
    notOnReal: 'it can',
    run: async (t) => {
      const calls = { Auth, Maintenance };
      const missing = [
        ['Maintenance', ['Downgrade']],
        ['Auth', ['AuthEnable', 'AuthDisable', 'UserAdd', 'UserGet', 'UserDelete', 'UserChangePassword']],
        ['Auth', ['UserGrantRole', 'UserRevokeRole', 'RoleAdd', 'RoleGet', 'RoleDelete', 'RoleGrantPermission']],
        ['Auth', ['RoleRevokePermission']],
      ] as const;
      for (const [service, methods] of missing) {
        for (const method of methods) {
          const answer = await t.client.unaryBytes(`/${calls[service].name}/${method}`, new Uint8Array(0));
          const message = `etcdserver: ${service}.${method} is not yet implemented`;
          assert.deepEqual([answer.code, answer.message], [Code.Unimplemented, message]);
        }
      }
    },
  },
];

const stock: Case[] = [
  {
    name: 'stock etcdctl shows the member, its status and its health',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const { member_id: id } = (await t.ok(HashKV, {})).header ?? { member_id: 0n };
      const list = await t.etcdctl(['member', 'list']);
      const { peerUrl, clientUrl } = t.server;
      assert.equal(list.stdout, `${id.toString(16)}, started, n1, ${peerUrl}, ${clientUrl}, false\n`);
      const status = await t.etcdctl(['endpoint', 'status', '-w', 'simple']);
      assert.match(
        status.stdout,
        new RegExp(`^${t.server.endpoint}, ${id.toString(16)}, 3\\.[45]\\.\\d+, .* true, false, 2, \\d+, \\d+, \\n$`),
      );
      const health = await t.etcdctl(['endpoint', 'health']);
      assert.match(health.stdout + health.stderr, /is healthy: successfully committed proposal/);
      const hash = await t.etcdctl(['endpoint', 'hashkv', '-w', 'simple']);
      assert.match(hash.stdout, /^127\.0\.0\.1:\d+, \d+\n$/);
    },
  },
  {
    name: 'stock etcdctl grants, shows, renews and revokes a lease',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const granted = /^lease ([0-9a-f]{16}) granted with TTL\(60s\)\n$/.exec(
        (await t.etcdctl(['lease', 'grant', '60'])).stdout,
      );
      const id = granted?.[1] ?? '';
      const key = `${t.prefix}k`;
      assert.equal((await t.etcdctl(['put', key, 'v', `--lease=${id}`])).stdout, 'OK\n');
      const times = await t.etcdctl(['lease', 'timetolive', id, '--keys']);
      assert.match(
        times.stdout,
        new RegExp(`^lease ${id} granted with TTL\\(60s\\), remaining\\(5\\ds\\), attached keys\\(\\[${key}\\]\\)\\n$`),
      );
      assert.equal(
        (await t.etcdctl(['lease', 'keep-alive', '--once', id])).stdout,
        `lease ${id} keepalived with TTL(60)\n`,
      );
      assert.match((await t.etcdctl(['lease', 'list'])).stdout, new RegExp(`^found \\d+ leases\n[^]*${id}\n`));
      assert.equal((await t.etcdctl(['lease', 'revoke', id])).stdout, `lease ${id} revoked\n`);
      assert.equal((await t.etcdctl(['get', key])).stdout, '');
    },
  },
  {
    name: 'stock etcdctl compacts, and reads the past until then',
    since,
    needs: 'etcdctl',
    server: 'fresh',
    run: async (t) => {
      for (const value of ['1', '2', '3']) await t.ok(Put, { key: bytes('k'), value: bytes(value) });
      assert.equal((await t.etcdctl(['get', 'k', '--rev=2'])).stdout, 'k\n1\n');
      assert.equal((await t.etcdctl(['compact', '3'])).stdout, 'compacted revision 3\n');
      const gone = await t.etcdctl(['get', 'k', '--rev=2']);
      assert.equal(gone.code, 1);
      assert.match(gone.stderr, /etcdserver: mvcc: required revision has been compacted/);
      assert.equal((await t.etcdctl(['get', 'k', '--rev=3'])).stdout, 'k\n2\n');
    },
  },
];

/** The cases of a single member. */
export const memberCases: CaseGroup = {
  name: 'member',
  cases: [...member, ...leases, ...users, ...notYet, ...stock],
};
