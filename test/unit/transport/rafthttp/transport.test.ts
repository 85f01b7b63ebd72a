// Two members of our own over real sockets: the ways that messages take, and what happens when a way is lost.

import assert from 'node:assert/strict';
import net from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EtcdError } from '../../../../final/core/errors.ts';
import type { DatabaseReader } from '../../../../final/server/peer_transport.ts';
import { readWhole } from '../../../../final/storage/fs.ts';
import { removeSnapDbsBelow, SnapDbWriter, snapDbPath } from '../../../../final/storage/snap/snap_db.ts';
import {
  fetchMembers,
  fetchVersion,
  hashKV,
  leaseTimes,
  promote,
  renewLease,
} from '../../../../final/transport/etcdhttp/peer_client.ts';
import {
  PEER_QUEUE_MESSAGES,
  PEER_RECEIVED_MESSAGES,
  PEER_RECEIVED_PROPOSALS,
  PEER_SNAPSHOT_SENDS,
  PIPELINE_QUEUE_MESSAGES,
  PIPELINE_REQUESTS,
} from '../../../../final/transport/limits.ts';
import { RaftMessageType as Type } from '../../../../proto/schema.ts';
import { freePort } from '../../../harness/ports.ts';
import { CLUSTER_ID, message, SNAP_DIRECTORY, TestMember, until } from './fixture.ts';

const A = 0xan;
const B = 0xbn;

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

async function member(id: bigint): Promise<TestMember> {
  const one = await TestMember.start(id);
  started.push(one);
  return one;
}

/** Two members that have all four streams between them. */
async function pair(): Promise<readonly [TestMember, TestMember]> {
  const [a, b] = [await member(A), await member(B)];
  a.transport.addPeer(B, [b.url]);
  b.transport.addPeer(A, [a.url]);
  await streams(a, 2);
  await streams(b, 2);
  return [a, b];
}

/** Waits until both kinds of streams were attached and read `times / 2` times. */
const streams = (one: TestMember, times: number): Promise<void> =>
  until('streams', () => {
    const established = one.log.lines.filter((line) => line.includes('established'));
    return established.filter((line) => line.includes('stream-writer-type')).length >= times;
  });

const append = (index: number) =>
  message(Type.MsgApp, {
    to: B,
    from: A,
    term: 2,
    logTerm: 2,
    index,
    entries: [{ Type: 0, Term: 2, Index: index + 1, Data: Buffer.from(`entry ${index + 1}`) }],
    commit: index,
  });
const beat = (commit: number) => message(Type.MsgHeartbeat, { to: B, from: A, term: 2, commit });

describe('messages between two members', () => {
  it('arrive in order, appends and others each on a stream of their own', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 1000; i += 10) {
      a.transport.send(Array.from({ length: 10 }, (_, n) => [append(i + n), beat(i + n)]).flat());
    }
    await until('2000 messages', () => b.handler.messages.length === 2000);
    const { messages } = b.handler;
    const indexes = messages.filter(({ type }) => type === Type.MsgApp).map(({ entries }) => entries[0]?.Index);
    assert.deepEqual(
      indexes,
      Array.from({ length: 1000 }, (_, i) => i + 1),
    );
    const commits = messages.filter(({ type }) => type === Type.MsgHeartbeat).map(({ commit }) => commit);
    assert.deepEqual(
      commits,
      Array.from({ length: 1000 }, (_, i) => i),
    );
    assert.deepEqual([a.handler.unreachable, b.handler.unreachable], [[], []]);
    const last = messages.findLast(({ type }) => type === Type.MsgApp);
    assert.deepEqual([last?.from, last?.to, last?.term, last?.logTerm], [A, B, 2, 2]);
  });

  it('go to nobody when they are for nobody, or for an unknown member', async () => {
    const [a, b] = await pair();
    a.transport.send([message(Type.MsgApp, { to: 0n, from: A }), message(Type.MsgApp, { to: 99n, from: A }), beat(1)]);
    await until('one message', () => b.handler.messages.length === 1);
    assert.deepEqual(a.handler.unreachable, []);
  });

  it('of a megabyte and of a thousand entries pass', async () => {
    const [a, b] = await pair();
    const large = { Type: 0, Term: 2, Index: 1, Data: Buffer.alloc(5_000_000, 7) };
    const many = Array.from({ length: 1000 }, (_, i) => ({
      Type: 0,
      Term: 2,
      Index: 2 + i,
      Data: Buffer.alloc(1500, i),
    }));
    const base = { to: B, from: A, term: 2, logTerm: 2, commit: 0 };
    a.transport.send([
      message(Type.MsgApp, { ...base, index: 0, entries: [large] }),
      message(Type.MsgApp, { ...base, index: 1, entries: many }),
    ]);
    await until('two messages', () => b.handler.messages.length === 2);
    assert.ok(large.Data.equals(b.handler.messages[0]?.entries[0]?.Data ?? Buffer.alloc(0)));
    assert.ok(Buffer.alloc(1500, 999).equals(b.handler.messages[1]?.entries[999]?.Data ?? Buffer.alloc(0)));
  });

  it('go by POST while no stream stands, also to a member that only wrote to us', async () => {
    const [a, b] = [await member(A), await member(B)];
    a.transport.addPeer(B, [b.url]);
    a.transport.send([beat(1)]);
    await until('a message', () => b.handler.messages.length === 1);
    // B knows A by what it said of itself, and so can answer.
    b.transport.send([message(Type.MsgHeartbeatResp, { to: A, from: B, term: 2 })]);
    await until('an answer', () => a.handler.messages.length === 1);
    assert.equal(a.transport.activeSince(B) !== undefined, true);
    assert.deepEqual(b.transport.peerIds, []);
  });

  it('of a member that was removed are refused, and it is told so', async () => {
    const [a, b] = await pair();
    b.handler.removed.add(A);
    a.transport.send([beat(1)]);
    await until('a refusal', () => b.log.lines.some((line) => line.includes('removed member')));
    b.transport.removePeer(A);
    await until('the removal', () => a.handler.removals === 1);
    assert.deepEqual(b.handler.messages, []);
    assert.equal(b.transport.activeSince(A), undefined);
    assert.equal(b.transport.addRemote(A, [a.url]), undefined);
    await delay(250);
    assert.equal(a.handler.removals, 1);
  });
});

describe('a way that is lost', () => {
  it('is taken again by both sides', async () => {
    const [a, b] = await pair();
    a.cut();
    b.cut();
    await streams(a, 4);
    await streams(b, 4);
    a.transport.send([append(1), beat(1)]);
    b.transport.send([message(Type.MsgAppResp, { to: A, from: B, term: 2 })]);
    await until('messages both ways', () => b.handler.messages.length === 2 && a.handler.messages.length === 1);
    assert.ok(a.transport.activeSince(B) !== undefined);
  });

  it('is reported, and the peer is not active until it is back', async () => {
    const [a, b] = await pair();
    b.transport.removePeer(A);
    await b.unplug();
    await until('a sees it', () => a.transport.activeSince(B) === undefined);
    a.transport.send([beat(1)]);
    await until('a report', () => a.handler.unreachable.includes(B));
    await b.listen();
    b.transport.addPeer(A, [a.url]);
    await until('a is back', () => a.transport.activeSince(B) !== undefined);
    await streams(a, 4);
    a.transport.send([beat(2)]);
    await until('a message', () => b.handler.messages.some(({ commit }) => commit === 2));
  });

  it('leads to the next URL of the peer', async () => {
    const [a, b] = [await member(A), await member(B)];
    b.transport.addPeer(A, [a.url]);
    a.transport.addPeer(B, [`http://127.0.0.1:${await freePort()}`, b.url]);
    await streams(a, 2);
    await streams(b, 2);
    a.transport.updatePeer(B, [`http://127.0.0.1:${await freePort()}`]);
    b.cut();
    await until(
      'a sees it',
      () => a.transport.activeSince(B) === undefined || b.transport.activeSince(A) === undefined,
    );
    a.transport.updatePeer(B, [b.url]);
    await streams(b, 4);
  });

  it('may be a URL that makes no sense', async () => {
    const a = await member(A);
    a.transport.addPeer(B, ['https://127.0.0.1:1']);
    a.transport.send([beat(1)]);
    await until('a report', () => a.handler.unreachable.includes(B));
  });
});

describe('a peer that does not keep up', () => {
  it('is dialed anew when it says nothing for 5 s', async () => {
    const a = await member(A);
    const dialed: net.Socket[] = [];
    const silent = net.createServer((socket) => {
      socket.on('error', () => {});
      dialed.push(socket);
      socket.write('HTTP/1.1 200 OK\r\nX-Server-Version: 3.5.30\r\nTransfer-Encoding: chunked\r\n\r\n');
    });
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    started.push({ stop: async () => void silent.close() });
    a.transport.addPeer(B, [`http://127.0.0.1:${port}`]);
    await until('a is active', () => a.transport.activeSince(B) !== undefined);
    const begin = performance.now();
    await until('the end', () => a.transport.activeSince(B) === undefined);
    const seconds = (performance.now() - begin) / 1000;
    assert.ok(seconds > 4.5 && seconds < 7, `${seconds} s`);
    await until('new streams', () => dialed.length >= 4);
    for (const socket of dialed) socket.destroy();
  });

  it('loses what does not fit into the queue of a stream, and is reported', async () => {
    const a = await member(A);
    a.transport.addPeer(B, [`http://127.0.0.1:${await freePort()}`]);
    const socket = await dialWithoutReading(a, 'message');
    await streams(a, 1);
    await until('a is active', () => a.transport.activeSince(B) !== undefined);
    const context = Buffer.alloc(8192);
    const before = a.handler.unreachable.length;
    // What the sockets of the system take, what ours takes, and then the queue.
    for (let i = 0; i < 3 * PEER_QUEUE_MESSAGES; i += 1) a.transport.send([{ ...beat(i), context }]);
    await until('a report', () => a.handler.unreachable.length > before);
    assert.equal(a.log.lines.filter((line) => line.includes('sending buffer is full')).length, 1);
    // It is cut off when it takes nothing for 5 s.
    await until('the cut', () => socket.destroyed, 10_000);
    assert.ok(a.log.lines.some((line) => line.includes('lost TCP streaming connection')));
  });

  it('loses what does not fit into the queue of POSTs', async () => {
    const [a, b] = [await member(A), await member(B)];
    let open = (): void => {};
    b.handler.gate = new Promise((resolve) => {
      open = resolve;
    });
    a.transport.addPeer(B, [b.url]);
    const taken = PIPELINE_QUEUE_MESSAGES + PIPELINE_REQUESTS;
    for (let i = 0; i < taken + 3; i += 1) a.transport.send([beat(i)]);
    await until('the reports', () => a.handler.unreachable.length === 3);
    await until('the first ones', () => b.handler.messages.length === PIPELINE_REQUESTS);
    await delay(50);
    assert.equal(b.handler.messages.length, PIPELINE_REQUESTS);
    open();
    await until('all', () => b.handler.messages.length === taken);
  });

  it('loses messages that it has not looked at, but not proposals on their account', async () => {
    const [a, b] = await pair();
    let open = (): void => {};
    b.handler.gate = new Promise((resolve) => {
      open = resolve;
    });
    const proposal = message(Type.MsgProp, {
      to: B,
      from: A,
      entries: [{ Type: 0, Term: 0, Index: 0, Data: undefined }],
    });
    for (let i = 0; i < PEER_RECEIVED_MESSAGES + 10; i += 10) {
      a.transport.send(Array.from({ length: 10 }, (_, n) => beat(i + n)));
    }
    a.transport.send([proposal]);
    await until('the proposal', () => b.handler.messages.at(-1)?.type === Type.MsgProp);
    assert.equal(b.handler.messages.length, PEER_RECEIVED_MESSAGES + 1);
    for (let i = 0; i < PEER_RECEIVED_PROPOSALS; i += 1) a.transport.send([proposal]);
    await until('drops', () => b.log.lines.filter((line) => line.includes('receiving buffer is full')).length > 10);
    open();
    await delay(20);
    a.transport.send([beat(7)]);
    await until('the next message', () => b.handler.messages.at(-1)?.type === Type.MsgHeartbeat);
  });
});

describe('a snapshot', () => {
  const snapshot = message(Type.MsgSnap, {
    to: B,
    from: A,
    term: 2,
    snapshot: {
      data: Buffer.from('{"Root":{}}'),
      metadata: { conf_state: undefined, index: 40, term: 2 },
    },
  });

  it('of 20 MB arrives as it was, before the server hears of it', async () => {
    const [a, b] = await pair();
    const bytes = Buffer.alloc(20 * 1024 * 1024);
    for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE((i * 2654435761) >>> 0, i);
    const database = new TestDatabase(bytes);
    a.transport.sendSnapshot(snapshot, database);
    await until('the report', () => a.handler.snapshots.length === 1);
    assert.deepEqual(a.handler.snapshots, [[B, true]]);
    assert.equal(database.releases, 1);
    const [received] = b.handler.messages;
    assert.equal(received?.type, Type.MsgSnap);
    assert.equal(Buffer.from(received?.snapshot?.data ?? []).toString(), '{"Root":{}}');
    assert.equal(received?.snapshot?.metadata?.index, 40);
    assert.deepEqual(b.fs.list(SNAP_DIRECTORY), ['0000000000000028.snap.db']);
    assert.ok(bytes.equals(readWhole(b.fs, `${SNAP_DIRECTORY}/0000000000000028.snap.db`)));
  });

  it('that is refused, or goes to nobody, or is one too many has failed', async () => {
    const [a, b] = await pair();
    b.handler.gate = Promise.reject(new Error('no'));
    b.handler.gate.catch(() => {});
    const refused = new TestDatabase(Buffer.alloc(10));
    a.transport.sendSnapshot(snapshot, refused);
    await until('the report', () => a.handler.snapshots.length === 1);
    assert.deepEqual([a.handler.snapshots, a.handler.unreachable], [[[B, false]], [B]]);
    assert.ok(a.log.lines.some((line) => line.includes('failed to process raft message (no)')));

    const lost = new TestDatabase(Buffer.alloc(10));
    a.transport.sendSnapshot({ ...snapshot, to: 99n }, lost);
    await until('the second report', () => a.handler.snapshots.length === 2);
    assert.deepEqual(a.handler.snapshots[1], [99n, false]);

    b.handler.gate = new Promise(() => {});
    const many = Array.from({ length: PEER_SNAPSHOT_SENDS + 1 }, () => new TestDatabase(Buffer.alloc(10)));
    for (const one of many) a.transport.sendSnapshot(snapshot, one);
    await until('the third report', () => a.handler.snapshots.length === 3);
    assert.equal(many.at(-1)?.releases, 1);
    a.transport.removePeer(B);
    await until('all released', () => [refused, lost, ...many].every(({ releases }) => releases === 1));
    assert.deepEqual(a.handler.snapshots.length, 3);
  });

  it('that breaks off leaves nothing, and one without its database is not sent', async () => {
    const [a, b] = await pair();
    a.transport.sendSnapshot(snapshot, new TestDatabase(Buffer.alloc(1_000_000), 2_000_000));
    a.transport.send([snapshot]);
    await until('the reports', () => a.handler.snapshots.length === 2);
    assert.deepEqual(a.handler.snapshots, [
      [B, false],
      [B, false],
    ]);
    await until('the end of it', () => b.log.lines.some((line) => line.includes('failed to save KV snapshot')));
    assert.deepEqual([b.fs.list(SNAP_DIRECTORY), b.handler.messages], [[], []]);
  });

  it('on the disk stays when it comes again, and goes with those before a newer one', async () => {
    const { fs } = await member(A);
    for (const [index, text] of [
      [1, 'first'],
      [1, 'again'],
      [16, 'second'],
    ] as const) {
      const writer = new SnapDbWriter(fs, SNAP_DIRECTORY);
      assert.deepEqual(
        fs.list(SNAP_DIRECTORY).filter((name) => name.startsWith('tmp')),
        ['tmp0'],
      );
      writer.write(Buffer.from(text));
      await writer.commit(index);
    }
    assert.equal(Buffer.from(readWhole(fs, snapDbPath(SNAP_DIRECTORY, 1))).toString(), 'first');
    new SnapDbWriter(fs, SNAP_DIRECTORY).abort();
    fs.open(`${SNAP_DIRECTORY}/0000000000000001-0000000000000001.snap`, 'create').close();
    assert.deepEqual(removeSnapDbsBelow(fs, SNAP_DIRECTORY, 16), [`${SNAP_DIRECTORY}/0000000000000001.snap.db`]);
    assert.deepEqual(fs.list(SNAP_DIRECTORY), ['0000000000000001-0000000000000001.snap', '0000000000000010.snap.db']);
  });
});

describe('after stop', () => {
  it('no connection is left, and nothing is reported', async () => {
    const [a, b] = await pair();
    const database = new TestDatabase(Buffer.alloc(50_000_000));
    a.transport.sendSnapshot(message(Type.MsgSnap, { to: B, from: A }), database);
    a.transport.stop();
    a.transport.send([beat(1)]);
    b.transport.stop();
    await until('no connection', () => a.sockets.size === 0 && b.sockets.size === 0);
    await until('the release', () => database.releases === 1);
    assert.deepEqual([a.handler.unreachable, a.handler.snapshots], [[], []]);
    a.transport.addPeer(B, [b.url]);
    assert.deepEqual(a.transport.peerIds, []);
  });
});

describe('what members ask each other', () => {
  const LIMIT_MS = 1000;

  it('is answered', async () => {
    const a = await member(A);
    const other = { id: 2n ** 63n + 5n, name: 'a"}{b', peerUrls: [], clientUrls: ['http://x:1'], isLearner: true };
    a.cluster.put(other);
    assert.deepEqual(await fetchMembers(a.url, LIMIT_MS), {
      clusterId: CLUSTER_ID,
      members: [{ id: A, name: 'n1', peerUrls: [a.url], clientUrls: [], isLearner: false }, other],
    });
    assert.deepEqual(await fetchVersion(a.url, LIMIT_MS), { server: '3.5.30', cluster: 'not_decided' });
    a.cluster.setVersion('3.5.0');
    assert.deepEqual(await fetchVersion(a.url, LIMIT_MS), { server: '3.5.30', cluster: '3.5.0' });
    assert.equal(await renewLease(a.url, 7n, LIMIT_MS), 100);
    assert.deepEqual(await leaseTimes(a.url, { id: 7n, withKeys: true }, LIMIT_MS), {
      ttl: 99,
      grantedTtl: 100,
      keys: [Buffer.from('k')],
    });
    const hash = { hash: 1084519789, revision: 1, compactRevision: -1 };
    assert.deepEqual(await hashKV(a.url, { revision: 0, clusterId: CLUSTER_ID }, LIMIT_MS), hash);
  });

  it('is refused by a kind of error', async () => {
    const a = await member(A);
    const isKind = (kind: string) => (error: unknown) => error instanceof EtcdError && error.kind === kind;
    await assert.rejects(promote(a.url, 99n, LIMIT_MS), isKind('MemberNotFound'));
    await assert.rejects(promote(a.url, A, LIMIT_MS), isKind('MemberNotLearner'));
    await assert.rejects(renewLease(a.url, 8n, LIMIT_MS), isKind('LeaseNotFound'));
    await assert.rejects(leaseTimes(a.url, { id: 8n, withKeys: false }, LIMIT_MS), isKind('LeaseNotFound'));
    await assert.rejects(hashKV(a.url, { revision: 9, clusterId: CLUSTER_ID }, LIMIT_MS), isKind('FutureRev'));
    await assert.rejects(hashKV(a.url, { revision: 0, clusterId: 1n }, LIMIT_MS), /status 412: cluster ID mismatch/);
  });

  it('is given up when nobody answers in time', async () => {
    const silent = net.createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as net.AddressInfo;
    await assert.rejects(fetchVersion(`http://127.0.0.1:${port}`, 100), /no answer|i\/o timeout/);
    silent.close();
    await assert.rejects(fetchVersion(`http://127.0.0.1:${await freePort()}`, 100), /ECONNREFUSED/);
    await assert.rejects(fetchVersion('http://nothing', 100), /host:port/);
  });
});

/** A database in memory; one that says it is larger than it is fails in the middle. */
class TestDatabase implements DatabaseReader {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  releases = 0;

  constructor(bytes: Uint8Array, sizeBytes = bytes.length) {
    this.#bytes = bytes;
    this.sizeBytes = sizeBytes;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }

  release(): void {
    this.releases += 1;
  }
}

/** Opens a stream as B and never reads from it. */
async function dialWithoutReading(a: TestMember, kind: string): Promise<net.Socket> {
  const { hostname, port } = new URL(a.url);
  const socket = net.connect(Number(port), hostname);
  started.unshift({ stop: async () => void socket.destroy() });
  socket.on('error', () => {});
  socket.write(
    [
      `GET /raft/stream/${kind}/${B.toString(16)} HTTP/1.1`,
      'Host: a',
      `X-Etcd-Cluster-ID: ${CLUSTER_ID.toString(16)}`,
      'X-Server-Version: 3.5.30',
      'X-Min-Cluster-Version: 3.0.0',
      `X-Raft-To: ${A.toString(16)}`,
      '\r\n',
    ].join('\r\n'),
  );
  await new Promise((resolve) => socket.once('connect', resolve));
  // The end of the connection shows only to those who read: our side of it is watched instead.
  await until('the connection', () => a.sockets.size > 0);
  return [...a.sockets][0] as net.Socket;
}
