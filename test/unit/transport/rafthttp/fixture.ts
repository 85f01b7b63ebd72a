// A member of our own as its peers see it: the transport behind a real listener, and a server that records what it is told.

import type http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { EtcdError } from '../../../../final/core/errors.ts';
import type { LogFields, Logger } from '../../../../final/ports.ts';
import { nodeClock } from '../../../../final/ports_node.ts';
import { Cluster } from '../../../../final/server/cluster.ts';
import type { PeerHandler } from '../../../../final/server/peer_transport.ts';
import { MemFileSystem } from '../../../../final/storage/fs_mem.ts';
import { newPeerHttpServer } from '../../../../final/transport/etcdhttp/base.ts';
import { memberHandler, type PeerApi } from '../../../../final/transport/etcdhttp/peer.ts';
import { emptyMessage } from '../../../../final/transport/rafthttp/stream_codec.ts';
import { RaftHttpTransport } from '../../../../final/transport/rafthttp/transport.ts';
import type { RaftMessage } from '../../../../proto/schema.ts';
import { freePort } from '../../../harness/ports.ts';

export const CLUSTER_ID = 0x13b0dde9e4126deen;
export const SNAP_DIRECTORY = 'snap';
const ELECTION_MS = 1000;

/** A message with the fields that matter to a test. */
export function message(type: number, fields: Partial<RaftMessage>): RaftMessage {
  return { ...emptyMessage(type), ...fields };
}

/** Waits until `condition` holds. Throws an Error after `limitMs`. */
export async function until(what: string, condition: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not after ${limitMs} ms: ${what}`);
    await delay(5);
  }
}

/** The server behind a transport. */
export class Recorder implements PeerHandler {
  readonly messages: RaftMessage[] = [];
  readonly unreachable: bigint[] = [];
  readonly snapshots: (readonly [id: bigint, ok: boolean])[] = [];
  readonly removed = new Set<bigint>();
  removals = 0;
  /** What `process` waits for. */
  gate: Promise<void> = Promise.resolve();
  /** What a message does beside. */
  onMessage: (received: RaftMessage) => void = () => {};

  process(received: RaftMessage): Promise<void> {
    this.messages.push(received);
    this.onMessage(received);
    return this.gate;
  }

  isIdRemoved(id: bigint): boolean {
    return this.removed.has(id);
  }

  reportUnreachable(id: bigint): void {
    this.unreachable.push(id);
  }

  reportSnapshot(id: bigint, ok: boolean): void {
    this.snapshots.push([id, ok]);
  }

  removedByPeers(): void {
    this.removals += 1;
  }
}

/** A log that keeps its lines. */
export class Lines implements Logger {
  readonly lines: string[] = [];
  readonly debug = (): void => {};
  readonly info = (msg: string, fields?: LogFields): void => this.#add('info', msg, fields);
  readonly warn = (msg: string, fields?: LogFields): void => this.#add('warn', msg, fields);
  readonly error = (msg: string, fields?: LogFields): void => this.#add('error', msg, fields);
  readonly fatal = (msg: string, fields?: LogFields): void => this.#add('fatal', msg, fields);
  readonly at = (): Logger => this;

  #add(level: string, msg: string, fields: LogFields = {}): void {
    this.lines.push(`${level} ${msg} ${JSON.stringify(fields)}`);
  }
}

export class TestMember {
  readonly id: bigint;
  readonly url: string;
  readonly handler = new Recorder();
  readonly log = new Lines();
  readonly fs = new MemFileSystem();
  readonly cluster: Cluster;
  readonly transport: RaftHttpTransport;
  readonly #http: http.Server;
  readonly #listener: net.Server;
  readonly #port: number;
  readonly sockets = new Set<net.Socket>();

  private constructor({
    id,
    clusterId,
    port,
  }: { readonly id: bigint; readonly clusterId: bigint; readonly port: number }) {
    this.id = id;
    this.url = `http://127.0.0.1:${port}`;
    this.#port = port;
    this.fs.makeDirectory(SNAP_DIRECTORY);
    this.cluster = new Cluster({ id: clusterId, localMemberId: id });
    this.cluster.put({ id, name: 'n1', peerUrls: [this.url], clientUrls: [], isLearner: false });
    this.transport = new RaftHttpTransport({
      localId: id,
      clusterId,
      advertisedPeerUrls: [this.url],
      handler: this.handler,
      fs: this.fs,
      snapDirectory: SNAP_DIRECTORY,
      clock: nodeClock,
      log: this.log,
      electionMs: ELECTION_MS,
    });
    this.#http = newPeerHttpServer(memberHandler(testApi(this.cluster), this.transport.routes, this.log));
    this.#listener = net.createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
      this.#http.emit('connection', socket);
    });
  }

  /** Starts a member; cluster and port are any unless given. */
  static async start(id: bigint, given: { clusterId?: bigint; port?: number } = {}): Promise<TestMember> {
    const { clusterId = CLUSTER_ID, port = await freePort() } = given;
    const member = new TestMember({ id, clusterId, port });
    await member.listen();
    return member;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#listener.listen(this.#port, '127.0.0.1', resolve));
  }

  /** Takes the member off the network: no connection stays, none can be made. */
  async unplug(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    this.cut();
    await closed;
  }

  /** Cuts all connections that others have made. */
  cut(): void {
    // A reset behind an end that is on its way fails in the system, and the socket would stay for ever.
    for (const socket of this.sockets) {
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  async stop(): Promise<void> {
    this.transport.stop();
    this.#http.close();
    if (this.#listener.listening) await this.unplug();
  }
}

/** The answers of a member that leads, has one key, and has not compacted. */
export function testApi(cluster: Cluster): PeerApi {
  return {
    cluster,
    promoteMember: async (id) => {
      const member = cluster.member(id);
      if (member === undefined) throw new EtcdError('MemberNotFound');
      throw new EtcdError(member.isLearner ? 'LearnerNotReady' : 'MemberNotLearner');
    },
    hashKV: (revision) => {
      if (revision > 1) throw new EtcdError('FutureRev');
      return { hash: 1084519789, revision: 1, compactRevision: -1 };
    },
    renewLease: async (id) => {
      if (id !== 7n) throw new EtcdError('LeaseNotFound');
      return 100;
    },
    leaseTimes: async (id, withKeys) => {
      if (id !== 7n) throw new EtcdError('LeaseNotFound');
      return { ttl: 99, grantedTtl: 100, keys: withKeys ? [Buffer.from('k')] : [] };
    },
  };
}
