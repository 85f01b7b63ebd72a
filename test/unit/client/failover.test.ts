// The client library when connections break and members die, against real etcds.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../final/client/client.ts';
import { prefixRange } from '../../../final/client/prefix.ts';
import { Cluster } from '../../harness/cluster.ts';
import { Clients, needsReal, real, withReal } from './real_clients.ts';
import { TcpProxy } from './tcp_proxy.ts';

const prefix = Buffer.from('k');

/** Puts numbered keys until told to stop, one after the other; each that was acknowledged is in `acknowledged`. */
async function write(client: Client, acknowledged: string[], stop: AbortSignal): Promise<void> {
  for (let at = 0; !stop.aborted; at += 1) {
    const key = `k${at.toString().padStart(6, '0')}`;
    await client.put({ key: Buffer.from(key) }, { timeoutMs: 10_000 }).then(
      () => acknowledged.push(key),
      () => undefined,
    );
    await delay(2);
  }
}

/** Reads events into `seen` as `revision key` until the signal is aborted. */
async function collect(client: Client, seen: string[], signal: AbortSignal): Promise<void> {
  try {
    for await (const { events } of client.watch({ ...prefixRange(prefix), start_revision: 1 }, { signal })) {
      for (const { kv } of events) seen.push(`${kv?.mod_revision} ${Buffer.from(kv?.key ?? []).toString()}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What a watcher from the beginning had to see: all keys, in the order of their revisions. */
async function history(client: Client): Promise<string[]> {
  const { kvs } = await client.range(prefixRange(prefix));
  const sorted = kvs.sort((a, b) => a.mod_revision - b.mod_revision);
  return sorted.map(({ key, mod_revision }) => `${mod_revision} ${Buffer.from(key).toString()}`);
}

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isTrue()) {
    assert.ok(performance.now() < end, 'it took too long');
    await delay(20);
  }
}

describe('connections that break', needsReal, () => {
  test('a watch loses no event and repeats none', async () => {
    await withReal(async (server, clients) => {
      const proxy = await TcpProxy.start(server.clientPort);
      try {
        const direct = await clients.connect([server.endpoint]);
        const watching = await clients.connect([proxy.endpoint]);
        const [writes, watch] = [new AbortController(), new AbortController()];
        const [acknowledged, seen]: [string[], string[]] = [[], []];
        const writing = write(direct, acknowledged, writes.signal);
        const collecting = collect(watching, seen, watch.signal);
        for (let cut = 1; cut <= 6; cut += 1) {
          const before = seen.length;
          await until(() => seen.length > before + 20);
          proxy.cut();
        }
        writes.abort();
        await writing;
        await until(() => seen.length >= acknowledged.length);
        watch.abort();
        await collecting;
        assert.deepEqual(seen, await history(direct));
      } finally {
        proxy.close();
      }
    });
  });

  test('a lease is kept alive', async () => {
    await withReal(async (server, clients) => {
      const proxy = await TcpProxy.start(server.clientPort);
      try {
        const client = await clients.connect([proxy.endpoint]);
        const { ID } = await client.leaseGrant(2);
        let answers = 0;
        const keeping = (async () => {
          for await (const { TTL } of client.leaseKeepAlive(ID)) answers += TTL / 2;
        })();
        for (let cut = 1; cut <= 4; cut += 1) {
          const before = answers;
          await until(() => answers > before);
          proxy.cut();
        }
        await delay(2_500);
        assert.ok((await client.leaseTimeToLive({ ID })).TTL >= 0, 'the lease was lost');
        await client.leaseRevoke(ID);
        await keeping;
      } finally {
        proxy.close();
      }
    });
  });

  test('reads are done again; what is aborted ends with the reason', async () => {
    await withReal(async (server, clients) => {
      const proxy = await TcpProxy.start(server.clientPort);
      const client = await clients.connect([proxy.endpoint]);
      let done = 0;
      const reading = (async () => {
        for (; done < 100; done += 1) await client.range({ key: prefix }, { timeoutMs: 10_000 });
      })();
      for (let cut = 0; cut < 5; cut += 1) {
        await until(() => done > cut * 10);
        proxy.cut();
      }
      await reading;
      proxy.close();
      const stop = new AbortController();
      const waiting = client.range({ key: prefix }, { signal: stop.signal });
      setTimeout(() => stop.abort(new Error('enough')), 50);
      await assert.rejects(waiting, { message: 'enough' });
    });
  });
});

describe('members that die', needsReal, () => {
  test('calls, watches and leases go on with the others', async () => {
    assert.ok(real !== undefined);
    const cluster = await Cluster.start([real, real, real]);
    const clients = new Clients();
    try {
      const endpoints = cluster.members.map(({ clientPort }) => `127.0.0.1:${clientPort}`);
      const [writer, watching] = [await clients.connect(endpoints), await clients.connect(endpoints)];
      const [writes, watch] = [new AbortController(), new AbortController()];
      const [acknowledged, seen]: [string[], string[]] = [[], []];
      const writing = write(writer, acknowledged, writes.signal);
      const collecting = collect(watching, seen, watch.signal);
      const { ID } = await writer.leaseGrant(5);
      let isKept = true;
      void (async () => {
        for await (const _ of watching.leaseKeepAlive(ID)) if (watch.signal.aborted) return;
        isKept = false;
      })();
      for (const member of cluster.members) {
        const before = [seen.length, acknowledged.length] as const;
        await until(() => seen.length > before[0] + 20 && acknowledged.length > before[1] + 20);
        await cluster.kill(member);
        const atKill = [seen.length, acknowledged.length] as const;
        await until(() => seen.length > atKill[0] + 20 && acknowledged.length > atKill[1] + 20);
        await cluster.restart(member);
      }
      writes.abort();
      await writing;
      const expected = await history(writer);
      await until(() => seen.length >= expected.length);
      assert.ok(isKept, 'the lease was lost');
      watch.abort();
      await collecting;
      assert.deepEqual(seen, expected);
      const there = new Set(expected.map((line) => line.split(' ')[1]));
      assert.deepEqual(
        acknowledged.filter((key) => !there.has(key)),
        [],
      );
    } finally {
      clients.close();
      await cluster.close();
    }
  });
});
