// What a member keeps besides its keys, and how it treats its files: leases, alarms, compactions, snapshots, quota, a
// directory that is in use, wrong or full (spec/storage.md 1, 6, 8; spec/rpc.md 11, rows of 17.7).

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KV, Lease, Maintenance } from '../../proto/load.ts';
import { AlarmRequest_AlarmAction as Action, AlarmType } from '../../proto/schema.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';

const { Range, Put, DeleteRange, Txn, Compact } = KV.methods;
const { Alarm, Status, Defragment, Snapshot } = Maintenance.methods;
const since = 'final';
const LIMIT_MS = 15_000;
const NO_SPACE = { code: Code.ResourceExhausted, message: 'etcdserver: mvcc: database space exceeded' } as const;
const CORRUPT = { code: 15, message: 'etcdserver: corrupt cluster' } as const;

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > end) assert.fail(`not within ${LIMIT_MS} ms: ${what}`);
    await sleep(50);
  }
}

const dataOf = (folder: string, ...names: string[]): string => path.join(folder, 'data', 'member', ...names);

async function alarmIn(t: CaseContext, action: number, alarm: number): Promise<string[]> {
  const { header } = await t.ok(Range, { key: bytes('x') });
  const { alarms } = await t.ok(Alarm, { action, alarm, memberID: header?.member_id ?? 0n });
  return alarms.map((one) => `${one.memberID === header?.member_id} ${one.alarm}`);
}

const restarts: Case[] = [
  {
    name: 'leases and the keys on them survive kill -9',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      const client = first.grpc();
      await client.unary(Lease.methods.LeaseGrant, { ID: 77n, TTL: 500 });
      await client.unary(Put, { key: bytes('on'), lease: 77n });
      await client.unary(Put, { key: bytes('off'), lease: 77n });
      await client.unary(Put, { key: bytes('off') });
      await first.kill();
      const second = await t.start({ folder });
      const times = await second.grpc().unary(Lease.methods.LeaseTimeToLive, { ID: 77n, keys: true });
      assert.deepEqual(times.response?.keys.map(String), ['on']);
      assert.equal(times.response?.grantedTTL, 500);
      await second.grpc().unary(Lease.methods.LeaseRevoke, { ID: 77n });
      const left = await second.grpc().unary(Range, { key: bytes('o'), range_end: bytes('p'), keys_only: true });
      assert.deepEqual(
        left.response?.kvs.map((kv) => String(kv.key)),
        ['off'],
      );
    },
  },
  {
    name: 'a compaction survives kill -9, whether its work was done or not',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder, flags: { 'experimental-compaction-batch-limit': '5' } });
      const client = first.grpc();
      for (let i = 0; i < 200; i++) await client.unary(Put, { key: bytes(`k${i % 3}`), value: bytes(String(i)) });
      await client.unary(Compact, { revision: 150 });
      const before = await client.unary(Maintenance.methods.HashKV, { revision: 0 });
      await first.kill();
      const second = (await t.start({ folder })).grpc();
      const old = await second.unary(Range, { key: bytes('k0'), revision: 149 });
      assert.equal(old.message, 'etcdserver: mvcc: required revision has been compacted');
      const kept = await second.unary(Range, { key: bytes('k0'), revision: 150 });
      assert.equal(kept.response?.count, 1);
      const after = await second.unary(Maintenance.methods.HashKV, { revision: 0 });
      assert.deepEqual(after.response?.hash, before.response?.hash);
    },
  },
  {
    name: 'a member that takes many raft snapshots starts from the newest, and from an older one when that is damaged',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const flags = { 'snapshot-count': '10', 'max-snapshots': '3' };
      const first = await t.start({ folder, flags });
      for (let i = 0; i < 60; i++) await first.grpc().unary(Put, { key: bytes(`k${i % 7}`), value: bytes(String(i)) });
      const snapshots = (): string[] =>
        fs
          .readdirSync(dataOf(folder, 'snap'))
          .filter((name) => name.endsWith('.snap'))
          .sort();
      await until('five snapshot files', () => snapshots().length >= 5);
      await first.stop();
      const newest = path.join(dataOf(folder, 'snap'), snapshots().at(-1) ?? '');
      fs.truncateSync(newest, 30);
      const second = await t.start({ folder, flags });
      const { response } = await second
        .grpc()
        .unary(Range, { key: bytes('k'), range_end: bytes('l'), count_only: true });
      assert.deepEqual([response?.count, response?.header?.revision], [7, 61]);
      assert.equal(fs.existsSync(`${newest}.broken`), true);
    },
  },
];

const alarms: Case[] = [
  {
    name: 'an alarm is raised once, listed by type, and ended for the member that has it (row 148)',
    since,
    server: 'fresh',
    run: async (t) => {
      const nospace = [`true ${AlarmType.NOSPACE}`];
      assert.deepEqual(await alarmIn(t, Action.ACTIVATE, AlarmType.NOSPACE), nospace);
      assert.deepEqual(await alarmIn(t, Action.ACTIVATE, AlarmType.NOSPACE), nospace);
      assert.deepEqual(await alarmIn(t, Action.GET, AlarmType.NONE), nospace);
      assert.deepEqual(await alarmIn(t, Action.GET, AlarmType.CORRUPT), []);
      const other = await t.ok(Alarm, { action: Action.DEACTIVATE, memberID: 1n, alarm: AlarmType.NOSPACE });
      assert.deepEqual(other.alarms, []);
      assert.deepEqual(await alarmIn(t, Action.DEACTIVATE, AlarmType.NOSPACE), nospace);
      assert.deepEqual(await alarmIn(t, Action.DEACTIVATE, AlarmType.NOSPACE), []);
    },
  },
  {
    name: 'raising no alarm at all is answered with an empty list (row 147)',
    since,
    only: '3.5',
    server: 'fresh',
    run: async (t) => assert.deepEqual(await alarmIn(t, Action.ACTIVATE, AlarmType.NONE), []),
  },
  {
    name: 'under NOSPACE what needs room is refused, and everything else goes on (rows 149, 150)',
    since,
    server: 'fresh',
    run: async (t) => {
      const key = bytes('a');
      await t.ok(Put, { key });
      await alarmIn(t, Action.ACTIVATE, AlarmType.NOSPACE);
      const request_put = { key };
      await t.refused(Put, { key }, NO_SPACE);
      await t.refused(Txn, { success: [{ request_put }] }, NO_SPACE);
      await t.refused(Txn, { failure: [{ request_put }] }, NO_SPACE);
      await t.refused(Lease.methods.LeaseGrant, { TTL: 60 }, NO_SPACE);
      assert.equal((await t.ok(Range, { key })).count, 1);
      await t.ok(Txn, { success: [{ request_range: { key } }] });
      await t.ok(Txn, { success: [{ request_delete_range: { key: bytes('b') } }] });
      assert.equal((await t.ok(DeleteRange, { key })).deleted, 1);
      await t.ok(Compact, { revision: 2 });
      const { errors, header } = await t.ok(Status, {});
      assert.deepEqual(errors, [`memberID:${header?.member_id} alarm:NOSPACE `]);
    },
  },
  {
    name: 'under CORRUPT nothing is changed, and reads go on (rows 152, 153)',
    since,
    server: 'fresh',
    run: async (t) => {
      const key = bytes('a');
      await t.ok(Put, { key });
      await t.ok(Lease.methods.LeaseGrant, { ID: 9n, TTL: 60 });
      await alarmIn(t, Action.ACTIVATE, AlarmType.CORRUPT);
      await t.refused(Put, { key }, CORRUPT);
      await t.refused(DeleteRange, { key }, CORRUPT);
      await t.refused(Txn, { success: [{ request_put: { key } }] }, CORRUPT);
      await t.refused(Compact, { revision: 2 }, CORRUPT);
      await t.refused(Lease.methods.LeaseGrant, { TTL: 60 }, CORRUPT);
      await t.refused(Lease.methods.LeaseRevoke, { ID: 9n }, CORRUPT);
      assert.equal((await t.ok(Range, { key })).count, 1);
      assert.equal((await t.ok(Range, { key, serializable: true })).count, 1);
      await t.ok(Txn, { success: [{ request_range: { key } }] });
    },
  },
  {
    name: 'a full quota raises NOSPACE by itself; it stays over compaction, defragmentation and a restart until it is ended (row 151)',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const flags = { 'quota-backend-bytes': '200000' };
      const first = await t.start({ folder, flags });
      const client = first.grpc();
      const value = Buffer.alloc(8000, 'v');
      let last = await client.unary(Put, { key: bytes('k'), value });
      for (let i = 0; i < 100 && last.code === 0; i++) last = await client.unary(Put, { key: bytes('k'), value });
      assert.deepEqual([last.code, last.message], [NO_SPACE.code, NO_SPACE.message]);
      const { revision = 0, member_id: memberID = 0n } =
        (await client.unary(Range, { key: bytes('k') })).response?.header ?? {};
      await client.unary(Compact, { revision, physical: true });
      await client.unary(Defragment, {});
      assert.equal((await client.unary(Put, { key: bytes('k') })).message, NO_SPACE.message);
      await first.stop();
      const second = (await t.start({ folder, flags })).grpc();
      assert.equal((await second.unary(Put, { key: bytes('k') })).message, NO_SPACE.message);
      await second.unary(Alarm, { action: Action.DEACTIVATE, memberID, alarm: AlarmType.NOSPACE });
      assert.equal((await second.unary(Put, { key: bytes('k') })).code, 0);
    },
  },
];

const maintenance: Case[] = [
  {
    name: 'defragmentation answers without a header and gives room back (row 154)',
    since,
    server: 'fresh',
    run: async (t) => {
      for (let i = 0; i < 40; i++) await t.ok(Put, { key: bytes('k'), value: Buffer.alloc(10_000, i) });
      const { header } = await t.ok(Range, { key: bytes('k') });
      await t.ok(Compact, { revision: header?.revision ?? 0, physical: true });
      const before = await t.ok(Status, {});
      assert.equal((await t.ok(Defragment, {})).header, undefined);
      const after = await t.ok(Status, {});
      assert.ok(after.dbSize < before.dbSize / 2, `${before.dbSize} bytes before, ${after.dbSize} after`);
      assert.equal((await t.ok(Range, { key: bytes('k') })).kvs[0]?.value.length, 10_000);
    },
  },
  {
    name: 'a snapshot is the database in messages of 32 KiB, and then the SHA-256 of all of it (row 155)',
    since,
    server: 'fresh',
    run: async (t) => {
      for (let i = 0; i < 20; i++) await t.ok(Put, { key: bytes(`k${i}`), value: Buffer.alloc(5000, i) });
      const { responses: messages, code } = await t.client.serverStream(Snapshot, {});
      assert.equal(code, 0);
      const sum = messages.at(-1);
      const blobs = messages.slice(0, -1).map((message) => Buffer.from(message.blob));
      const database = Buffer.concat(blobs);
      assert.ok(
        blobs.slice(0, -1).every((blob) => blob.length === 32_768),
        'all but the last are full',
      );
      assert.equal(database.length % 4096, 0);
      assert.equal(database.readUInt32LE(16), 0xed0cdaed, 'it begins with a meta page');
      assert.equal(createHash('sha256').update(database).digest('hex'), Buffer.from(sum?.blob ?? []).toString('hex'));
      assert.equal(sum?.remaining_bytes, 0);
      assert.equal(messages[0]?.remaining_bytes, database.length - 32_768);
      assert.ok(messages.every((message) => message.header === undefined));
    },
  },
  {
    name: 'history older than the retention is compacted by the clock',
    since,
    server: 'fresh',
    flags: { 'auto-compaction-mode': 'periodic', 'auto-compaction-retention': '1s' },
    run: async (t) => {
      for (let i = 0; i < 5; i++) await t.ok(Put, { key: bytes('k'), value: bytes(String(i)) });
      await until('revision 2 is compacted', async () => {
        const { message } = await t.client.unary(Range, { key: bytes('k'), revision: 2 });
        await t.ok(Put, { key: bytes('other') });
        return message === 'etcdserver: mvcc: required revision has been compacted';
      });
    },
  },
];

const files: Case[] = [
  {
    name: 'a second server on a directory waits until the first one is gone',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      await first.grpc().unary(Put, { key: bytes('a') });
      const second = await t.launch({ folder });
      await sleep(1500);
      assert.equal(second.exit, undefined, 'it waits');
      assert.doesNotMatch(second.stderr, /ready to serve/);
      await first.kill();
      await second.ready();
      assert.equal((await second.grpc().unary(Range, { key: bytes('a') })).response?.count, 1);
    },
  },
  {
    name: 'a data directory that is a file, or below a file, is refused with status 1',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      fs.writeFileSync(path.join(folder, 'file'), 'x');
      for (const place of ['file', 'file/below']) {
        const server = await t.launch({ folder, flags: { 'data-dir': place } });
        assert.equal((await server.ended(LIMIT_MS)).code, 1);
        assert.match(server.stderr, /not a directory|error listing data dir/);
      }
      assert.equal(fs.readFileSync(path.join(folder, 'file'), 'utf8'), 'x');
    },
  },
  {
    name: 'the log can live in a directory of its own',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const flags = { 'wal-dir': path.join(folder, 'logs') };
      const first = await t.start({ folder, flags });
      await first.grpc().unary(Put, { key: bytes('a') });
      await first.kill();
      assert.ok(fs.readdirSync(path.join(folder, 'logs')).some((name) => name.endsWith('.wal')));
      assert.equal(fs.existsSync(dataOf(folder, 'wal')), false);
      const second = await t.start({ folder, flags });
      assert.equal((await second.grpc().unary(Range, { key: bytes('a') })).response?.count, 1);
    },
  },
  {
    name: 'a directory that others may look into is warned about and used',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      fs.mkdirSync(path.join(folder, 'data'), { mode: 0o755 });
      const server = await t.start({ folder });
      await until('a warning', () => /recommended permission is \\?"-rwx------/.test(server.stderr));
      assert.equal(fs.statSync(path.join(folder, 'data')).mode & 0o777, 0o755);
    },
  },
];

export const durableCases: CaseGroup = { name: 'durable', cases: [...restarts, ...alarms, ...maintenance, ...files] };
