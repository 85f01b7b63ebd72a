// What members ask each other about leases over HTTP: statuses, the header that lets several questions be on their way, and bounds.

import assert from 'node:assert/strict';
import http from 'node:http';
import type net from 'node:net';
import { test, type TestContext } from 'node:test';
import { EtcdError, type ErrorKind } from '../../../final/core/errors.ts';
import { httpPeerCalls } from '../../../final/transport/etcdhttp/peer_client.ts';
import { type LeaseApi, leaseTimesHandler, renewHandler } from '../../../final/transport/etcdhttp/lease.ts';
import { LEASE_TIMES_BYTES, PEER_ANSWER_BYTES } from '../../../final/transport/limits.ts';
import { codecs } from '../../../proto/load.ts';

const LIMIT_MS = 10_000;

async function serve(t: TestContext, handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

function leader(t: TestContext, api: Partial<LeaseApi>): Promise<string> {
  const refuse = () => Promise.reject(new Error('not asked here'));
  const full = { renewLease: refuse, leaseTimes: refuse, ...api };
  const handlers: Record<string, http.RequestListener> = {
    '/leases': renewHandler(full),
    '/leases/internal': leaseTimesHandler(full),
  };
  return serve(t, (request, response) => handlers[request.url ?? '']?.(request, response));
}

test('every answer to a renewal says that several may be on their way, and each problem has its status', async (t) => {
  const problems: (ErrorKind | undefined)[] = [
    'LeaseNotFound',
    'Timeout',
    'TimeoutWaitAppliedIndex',
    'NotPrimary',
    undefined,
  ];
  const url = await leader(t, {
    renewLease: async (id) => {
      const kind = problems[Number(id)];
      if (kind !== undefined) throw new EtcdError(kind);
      return 60;
    },
  });
  const ask = async (id: number, init: RequestInit = {}) => {
    const body = codecs['etcdserverpb.LeaseKeepAliveRequest'].encode({ ID: BigInt(id) });
    const answer = await fetch(`${url}/leases`, { method: 'POST', body, ...init });
    await answer.arrayBuffer();
    return [answer.status, answer.headers.get('x-etcd-pipelined')];
  };
  assert.deepEqual(await ask(0), [404, 'true']);
  assert.deepEqual(await ask(1), [408, 'true']);
  assert.deepEqual(await ask(2), [408, 'true']);
  assert.deepEqual(await ask(3), [400, 'true']);
  assert.deepEqual(await ask(4), [200, 'true']);
  assert.deepEqual(await ask(0, { body: '\x08' }), [400, 'true']);
  assert.deepEqual(await ask(0, { method: 'GET', body: null }), [405, 'true']);
  for (const kind of ['LeaseNotFound', 'Timeout', 'TimeoutWaitAppliedIndex', 'NotPrimary'] as const) {
    await assert.rejects(httpPeerCalls.renewLease(url, BigInt(problems.indexOf(kind)), LIMIT_MS), { kind });
  }
  assert.equal(await httpPeerCalls.renewLease(url, 4n, LIMIT_MS), 60);
});

test('a lease may have more keys than other answers may have bytes', async (t) => {
  const key = new Uint8Array(1024 * 1024).fill(7);
  const keys = Array.from({ length: PEER_ANSWER_BYTES / key.length + 1 }, () => key);
  const url = await leader(t, { leaseTimes: async () => ({ ttl: 9, grantedTtl: 10, keys }) });
  const times = await httpPeerCalls.leaseTimes(url, { id: 1n, withKeys: true }, LIMIT_MS);
  assert.equal(times.keys.length, keys.length);
});

test('there is an end to that, and it is told as such', async (t) => {
  const url = await serve(t, (request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Length': LEASE_TIMES_BYTES + 1 });
    response.write('x');
  });
  await assert.rejects(httpPeerCalls.leaseTimes(url, { id: 1n, withKeys: true }, LIMIT_MS), {
    kind: 'RequestTooLarge',
  });
});
