// The client library against our own server's gRPC transport would test two things at once: here its server is one of
// grpc-js that answers as it is told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { Auth, grpcServiceDefinition, KV, Maintenance, type ServiceDefinition } from '../../../proto/load.ts';
import { Client, type ClientOptions } from '../../../final/client/client.ts';
import { parseEndpoint } from '../../../final/client/endpoint.ts';
import { ClientError } from '../../../final/client/errors.ts';
import type { FailedAttempt } from '../../../final/client/rpc.ts';
import { freePort } from '../../harness/ports.ts';

type Answer = (call: ServerUnaryCall<unknown, unknown>) => { code: number; details: string } | object;

/** Starts a server whose answers `answer` gives, calls `use` with its endpoint, and stops it. */
async function withServer(answer: Answer, use: (endpoint: string) => Promise<void>): Promise<void> {
  const server = new Server();
  const handler = (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>): void => {
    const given = answer(call);
    if ('code' in given) reply(given);
    else reply(null, given);
  };
  for (const service of [KV, Auth] as unknown as ServiceDefinition[]) {
    server.addService(grpcServiceDefinition(service), new Proxy({}, { get: () => handler }));
  }
  const port = await freePort();
  await new Promise((resolve) => server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), resolve));
  try {
    await use(`127.0.0.1:${port}`);
  } finally {
    server.forceShutdown();
  }
}

async function withClient(
  options: Partial<ClientOptions>,
  use: (client: Client, failed: FailedAttempt[]) => Promise<void>,
): Promise<void> {
  const failed: FailedAttempt[] = [];
  const client = await Client.connect({
    endpoints: [],
    dialTimeoutMs: 2_000,
    keepaliveTimeMs: 2_000,
    keepaliveTimeoutMs: 6_000,
    onFailedAttempt: (attempt) => failed.push(attempt),
    ...options,
  });
  try {
    await use(client, failed);
  } finally {
    client.close();
  }
}

const key = Buffer.from('k');
const noLeader = { code: 14, details: 'etcdserver: no leader' };

describe('endpoints', () => {
  const read: [text: string, target: string, tls: string][] = [
    ['a:1', 'dns:a:1', 'configured'],
    ['http://a:1/path', 'dns:a:1', 'never'],
    ['HTTPS://[::1]:2', 'dns:[::1]:2', 'always'],
    ['unix:///run/s.sock', 'unix:/run/s.sock', 'configured'],
    ['unixs://localhost:0', 'unix:localhost:0', 'always'],
  ];
  for (const [text, target, tls] of read) {
    test(text, () => {
      const endpoint = parseEndpoint(text);
      assert.deepEqual([endpoint.target, endpoint.tls], [target, tls]);
    });
  }
  test('ftp://a:1', () => assert.throws(() => parseEndpoint('ftp://a:1'), RangeError));
});

describe('calls', () => {
  test('a read is tried again while the server is unavailable, a write is not', async () => {
    let calls = 0;
    await withServer(
      () => ((calls += 1) % 3 === 0 ? { count: 4 } : noLeader),
      (endpoint) =>
        withClient({ endpoints: [endpoint] }, async (client, failed) => {
          assert.equal((await client.range({ key })).count, 4);
          assert.deepEqual(
            failed.map(({ attempt, error }) => [attempt, error.status]),
            [
              [0, 'rpc error: code = Unavailable desc = etcdserver: no leader'],
              [1, 'rpc error: code = Unavailable desc = etcdserver: no leader'],
            ],
          );
          await assert.rejects(client.put({ key }), { message: 'etcdserver: no leader', code: 14 });
          assert.equal(calls, 4);
        }),
    );
  });

  test('a call ends in time', async () => {
    await withServer(
      () => noLeader,
      (endpoint) =>
        withClient({ endpoints: [endpoint] }, async (client) => {
          const start = performance.now();
          await assert.rejects(client.range({ key }, { timeoutMs: 200 }), { message: 'context deadline exceeded' });
          assert.ok(performance.now() - start < 2_000);
        }),
    );
  });

  test('nothing listens: the deadline passes', async () => {
    await withClient({ endpoints: [`127.0.0.1:${await freePort()}`] }, async (client, failed) => {
      await assert.rejects(client.put({ key }, { timeoutMs: 100 }), { message: 'context deadline exceeded' });
      assert.match(failed[0]?.error.details ?? '', /all SubConns are in TransientFailure/);
    });
  });

  test('one of several endpoints is enough', async () => {
    await withServer(
      () => ({ count: 1 }),
      (endpoint) =>
        freePort().then((dead) =>
          withClient({ endpoints: [`127.0.0.1:${dead}`, endpoint] }, async (client) => {
            assert.equal((await client.range({ key }, { timeoutMs: 5_000 })).count, 1);
          }),
        ),
    );
  });

  test('a request beyond the limit is not sent', async () => {
    await withServer(
      () => ({}),
      (endpoint) =>
        withClient({ endpoints: [endpoint] }, async (client) => {
          const details = 'trying to send message larger than max (2200010 vs. 2097152)';
          const value = new Uint8Array(2_200_002);
          await assert.rejects(client.put({ key, value }), new ClientError(8, details));
        }),
    );
  });
});

describe('authentication', () => {
  test('the token goes with every call, and is renewed when the server forgot it', async () => {
    let token = 0;
    const seen: unknown[] = [];
    await withServer(
      (call) => {
        if (call.getPath().endsWith('Authenticate')) return { token: `t${(token += 1)}` };
        seen.push(call.metadata.get('token')[0]);
        return token === 1 ? { code: 16, details: 'etcdserver: invalid auth token' } : {};
      },
      (endpoint) =>
        withClient({ endpoints: [endpoint], user: 'u', password: 'p' }, async (client) => {
          await client.put({ key });
          assert.deepEqual(seen, ['t1', 't2']);
        }),
    );
  });

  test('a server without it is used without a token; one that refuses it is not used', async () => {
    const off = { code: 9, details: 'etcdserver: authentication is not enabled' };
    await withServer(
      (call) => (call.getPath().endsWith('Authenticate') ? off : { count: 2 }),
      (endpoint) =>
        withClient({ endpoints: [endpoint], user: 'u', password: 'p' }, async (client) => {
          assert.equal((await client.range({ key })).count, 2);
        }),
    );
    const refused = { code: 3, details: 'etcdserver: authentication failed, invalid user ID or password' };
    await withServer(
      () => refused,
      async (endpoint) => {
        const unused = async (): Promise<void> => assert.fail('it connected');
        await assert.rejects(withClient({ endpoints: [endpoint], user: 'u', password: 'p' }, unused), { code: 3 });
      },
    );
  });
});

describe('snapshot', () => {
  type Snapshot = ServerWritableStream<unknown, { readonly blob: Buffer }>;

  /** Starts a server whose snapshots `send` sends, and calls `use` with a client of it. */
  async function withSnapshots(send: (call: Snapshot) => void, use: (client: Client) => Promise<void>): Promise<void> {
    const server = new Server();
    const service = grpcServiceDefinition(Maintenance);
    server.addService(service, new Proxy({}, { get: () => send }));
    const port = await freePort();
    await new Promise((resolve) => server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), resolve));
    try {
      await withClient({ endpoints: [`127.0.0.1:${port}`] }, use);
    } finally {
      server.forceShutdown();
    }
  }

  test('comes in pieces, and its end may be an error', async () => {
    const send = (call: Snapshot): void => {
      call.write({ blob: Buffer.from('ab') });
      call.write({ blob: Buffer.from('c') });
      call.emit('error', { code: 2, details: 'auth: user name is empty' });
    };
    await withSnapshots(send, async (client) => {
      const read: string[] = [];
      const reading = (async () => {
        for await (const blob of await client.snapshot()) read.push(Buffer.from(blob).toString());
      })();
      await assert.rejects(reading, new ClientError(2, 'auth: user name is empty'));
      assert.deepEqual(read, ['ab', 'c']);
    });
  });

  test('is not read ahead of its reader, and ends with it', async () => {
    const blob = Buffer.alloc(64 * 1024);
    let sent = 0;
    let ended: () => void = () => undefined;
    const isOver = new Promise<void>((resolve) => (ended = resolve));
    const send = (call: Snapshot): void => {
      const more = (): void => {
        while (!call.cancelled && call.write({ blob })) sent += blob.length;
        call.once('drain', more);
      };
      call.on('cancelled', () => ended());
      more();
    };
    await withSnapshots(send, async (client) => {
      for await (const first of await client.snapshot()) {
        assert.equal(first.length, blob.length);
        await new Promise((resolve) => void setTimeout(resolve, 200));
        break;
      }
      await isOver;
      assert.ok(sent < 64 * blob.length, `${sent} bytes were sent`);
    });
  });
});
