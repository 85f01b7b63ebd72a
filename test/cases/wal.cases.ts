// Durability: what was acknowledged survives a kill and a full disk, a torn end of the log is cut off, damage is refused (spec/storage.md 4).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Decoder } from '../../final/storage/wal/decoder.ts';
import { KV } from '../../proto/load.ts';
import { mountDisk, resizeDisk, unmountDisk } from '../harness/small_disk.ts';
import type { Server } from '../harness/server.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, text } from './case.ts';

const { Range, Put, DeleteRange } = KV.methods;
const since = '04-wal';
const EXIT_LIMIT_MS = 10_000;
const ENTRY = 2;
// Inside a record, behind its length field.
const TORN_BEHIND = 20;

const logOf = (folder: string): string => path.join(folder, 'data/member/wal/0000000000000000-0000000000000000.wal');

async function put(server: Server, key: string, value: string): Promise<number> {
  const { response, message } = await server.grpc().unary(Put, { key: bytes(key), value: bytes(value) });
  assert.ok(response, message);
  return response.header?.revision ?? 0;
}

/** `key=value` of everything, and the revision. */
async function everything(server: Server): Promise<{ pairs: string[]; revision: number; term: number }> {
  const { response, message } = await server
    .grpc()
    .unary(Range, { key: Uint8Array.of(0), range_end: Uint8Array.of(0) });
  assert.ok(response?.header, message);
  const pairs = response.kvs.map((kv) => `${text(kv.key)}=${text(kv.value)}`);
  return { pairs, revision: response.header.revision, term: response.header.raft_term };
}

/** A server with three keys that was killed; what it left is in the folder. */
async function killed(t: CaseContext): Promise<string> {
  const folder = t.folder();
  const server = await t.start({ folder });
  for (const name of ['a', 'b', 'c']) await put(server, name, name.toUpperCase());
  await server.kill();
  // A database would make up for a log that ends too early: without it the log has to tell everything.
  fs.rmSync(path.join(folder, 'data/member/snap/db'), { force: true });
  return folder;
}

/** Offset of the last entry in a log, and where its record ends. */
function lastEntry(log: string): { start: number; end: number } {
  const decoder = new Decoder([fs.readFileSync(log)]);
  let found = { start: 0, end: 0 };
  for (
    let start = 0, record = decoder.next();
    record !== undefined;
    start = decoder.lastValidOffset, record = decoder.next()
  ) {
    if (record.type === ENTRY) found = { start, end: decoder.lastValidOffset };
  }
  return found;
}

const cases: Case[] = [
  {
    name: 'what was acknowledged is there after kill -9, and revisions go on behind it',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      await put(first, 'a', '1');
      const last = await put(first, 'b', '2');
      await first.kill();
      const second = await t.start({ folder });
      assert.deepEqual((await everything(second)).pairs, ['a=1', 'b=2']);
      assert.equal(await put(second, 'c', '3'), last + 1);
    },
  },
  {
    name: 'a deleted key stays deleted after kill -9, and a change of several keys is one revision still',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      for (const name of ['a', 'b', 'c']) await put(first, name, name);
      const answer = await first.grpc().unary(DeleteRange, { key: bytes('a'), range_end: bytes('c') });
      assert.equal(answer.response?.deleted, 2);
      await first.kill();
      const { pairs, revision } = await everything(await t.start({ folder }));
      assert.deepEqual([pairs, revision], [['c=c'], answer.response.header?.revision]);
    },
  },
  {
    name: 'each start of a member begins a raft term',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      const { term } = await everything(first);
      assert.equal(term, 2);
      await first.stop();
      assert.equal((await everything(await t.start({ folder }))).term, 3);
    },
  },
  {
    name: 'a record that was torn at the end of the log is cut off: the server starts with what was before it',
    since,
    server: 'none',
    run: async (t) => {
      const folder = await killed(t);
      fs.truncateSync(logOf(folder), lastEntry(logOf(folder)).start + TORN_BEHIND);
      const server = await t.start({ folder });
      assert.deepEqual((await everything(server)).pairs, ['a=A', 'b=B']);
      await put(server, 'd', 'D');
      await server.kill();
      assert.deepEqual((await everything(await t.start({ folder }))).pairs, ['a=A', 'b=B', 'd=D']);
    },
  },
  {
    name: 'a flipped bit in the log is refused: the server ends with status 1 and leaves the file as it is',
    since,
    server: 'none',
    run: async (t) => {
      const folder = await killed(t);
      const log = fs.readFileSync(logOf(folder));
      const at = lastEntry(logOf(folder)).end - TORN_BEHIND;
      log.writeUInt8(log.readUInt8(at) ^ 1, at);
      fs.writeFileSync(logOf(folder), log);
      const server = await t.launch({ folder });
      assert.equal((await server.ended(EXIT_LIMIT_MS)).code, 1);
      assert.match(server.stderr, /walpb: crc mismatch/);
      assert.deepEqual(fs.readFileSync(logOf(folder)), log);
    },
  },
  {
    name: 'a server whose disk is full ends, and has everything that it acknowledged when there is room again',
    since,
    server: 'none',
    needs: 'mount',
    notOnReal: 'a log segment there takes its 64 MB beforehand, so a small disk does not let it start',
    run: async (t) => {
      const folder = t.folder();
      const disk = path.join(folder, 'data');
      fs.mkdirSync(disk);
      mountDisk(disk, '1m');
      try {
        const first = await t.start({ folder });
        const acknowledged = await fill(first);
        assert.equal((await first.ended(EXIT_LIMIT_MS)).code, 1);
        assert.match(first.stderr, /ENOSPC|no space left on device/);
        resizeDisk(disk, '40m');
        const second = await t.start({ folder });
        const { response } = await second
          .grpc()
          .unary(Range, { key: bytes('k'), range_end: bytes('l'), count_only: true });
        assert.ok((response?.count ?? 0) >= acknowledged, `${acknowledged} acknowledged, ${response?.count} there`);
        await second.kill();
      } finally {
        unmountDisk(disk);
      }
    },
  },
];

/** Puts until the server is gone; returns how many puts it acknowledged. */
async function fill(server: Server): Promise<number> {
  const client = server.grpc();
  const value = Buffer.alloc(20_000, 'v');
  for (let i = 0; ; i++) {
    const { code } = await client.unary(Put, { key: bytes(`k${i}`), value }, { deadlineMs: 5000 });
    if (code !== 0) return i;
  }
}

export const walCases: CaseGroup = { name: 'wal', cases };
