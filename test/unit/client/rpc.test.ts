// Tokens, signals and the end of a client, against a server that answers by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Watch } from '../../../proto/load.ts';
import type { WatchRequest } from '../../../proto/schema.ts';
import { pause } from '../../../final/client/pause.ts';
import { Rpc, type RpcOptions } from '../../../final/client/rpc.ts';
import { FakeServer, type Refusal } from './fake_server.ts';

const timeout = 20_000;
const key = Buffer.from('k');

async function withServer(use: (server: FakeServer<WatchRequest>) => Promise<void>): Promise<void> {
  const server = await FakeServer.start<WatchRequest>();
  try {
    await use(server);
  } finally {
    server.close();
  }
}

async function withRpc(use: (server: FakeServer<WatchRequest>, rpc: Rpc) => Promise<void>): Promise<void> {
  await withServer(async (server) => {
    const options: RpcOptions = {
      endpoints: [`127.0.0.1:${server.port}`],
      dialTimeoutMs: 2_000,
      keepaliveTimeMs: 10_000,
      keepaliveTimeoutMs: 5_000,
      user: 'u',
      password: 'p',
    };
    const rpc = new Rpc(options);
    try {
      await use(server, rpc);
    } finally {
      rpc.close();
    }
  });
}

/** The token that a call goes with now. */
async function tokenOf(server: FakeServer<WatchRequest>, rpc: Rpc): Promise<unknown> {
  const call = await rpc.stream(Watch.methods.Watch);
  const token = (await server.calls.take()).metadata('token');
  call.cancel();
  return token;
}

test('a token stays until there is a new one, and all who want one wait for the same', { timeout }, async () => {
  await withRpc(async (server, rpc) => {
    await rpc.authenticate();
    const answers: ((answer: string | Refusal) => void)[] = [];
    server.onToken = () => new Promise((resolve) => void answers.push(resolve));
    const failing = [rpc.authenticate(), rpc.authenticate()].map((one) => assert.rejects(one, { code: 14 }));
    while (answers.length === 0) await delay(5);
    assert.equal(await tokenOf(server, rpc), 't1');
    answers.shift()?.({ code: 14, details: 'gone' });
    await Promise.all(failing);
    assert.equal(server.tokens, 2);
    assert.equal(await tokenOf(server, rpc), 't1', 'it was lost with the attempt');
    const renewing = rpc.authenticate();
    while (answers.length === 0) await delay(5);
    answers.shift()?.('fresh');
    await renewing;
    assert.equal(await tokenOf(server, rpc), 'fresh');
    server.onToken = async () => ({ code: 9, details: 'etcdserver: authentication is not enabled' });
    await rpc.authenticate();
    assert.equal(await tokenOf(server, rpc), undefined);
  });
});

test('one signal can end any number of calls, watches and pauses, without a warning', { timeout }, async () => {
  await withServer(async (server) => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', onWarning);
    const client = await server.client();
    const stop = new AbortController();
    const { signal } = stop;
    const many = Array.from({ length: 15 }, (_, at) => [
      client.watch({ key }, { signal }).next(),
      client.leaseKeepAlive(BigInt(at), { signal })[Symbol.asyncIterator]().next(),
      client.leaseKeepAliveOnce(BigInt(at), { signal }),
      client.range({ key }, { signal }),
      pause(60_000, signal).then(() => signal.throwIfAborted()),
    ]).flat();
    const ends = many.map((one) => assert.rejects(one));
    await delay(100);
    stop.abort(new Error('enough'));
    await Promise.all(ends);
    await delay(20);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });
});

test('what is under way when a client is closed, and what comes after, is cancelled', { timeout }, async () => {
  for (const ticks of [0, 1, 4, 8, 'all'] as const) {
    await withServer(async (server) => {
      const client = await server.client();
      await assert.rejects(client.range({ key }), { code: 12 });
      const canceled = { name: 'ClientError', code: 1, message: 'context canceled' };
      const grant = assert.rejects(client.leaseGrant(5), canceled);
      const once = assert.rejects(client.leaseKeepAliveOnce(1n), canceled);
      const watch = assert.rejects(client.watch({ key }).next(), canceled);
      if (ticks === 'all') await delay(100);
      else for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      const put = client.put({ key });
      client.close();
      await assert.rejects(put, canceled);
      await Promise.all([grant, once, watch]);
      await assert.rejects(client.range({ key }), canceled);
      await assert.rejects(client.watch({ key }).next(), canceled);
      await assert.rejects(client.snapshot(), canceled);
    });
  }
});
