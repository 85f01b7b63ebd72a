// Carries raft's messages between members over HTTP/1, as the peers of a Go cluster do. Mirrors etcd's rafthttp/transport.go.
// Each member dials two streams of every other and reads what that one writes; what no stream takes goes by POST.

import http from 'node:http';
import { parseUrl } from '../../etcdmain/urls.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { DatabaseReader, PeerHandler, PeerTransport } from '../../server/peer_transport.ts';
import type { FileSystem } from '../../storage/fs.ts';
import type { RaftMessage } from '../../../proto/schema.ts';
import type { HttpRoutes } from '../etcdhttp/base.ts';
import { MAX_REMOTES, PEER_DIAL_MS, PEER_IDLE_CONNECTIONS, PEER_REDIAL_MS, PEER_SNAPSHOT_SENDS } from '../limits.ts';
import { type PeerContext, Reports } from './context.ts';
import { hexId } from './headers.ts';
import { Peer, Remote } from './peer.ts';
import { raftRoutes } from './routes.ts';

const LOG_CALLER = 'rafthttp/transport.ts';

export interface RaftHttpOptions {
  readonly localId: bigint;
  readonly clusterId: bigint;
  readonly advertisedPeerUrls: readonly string[];
  readonly handler: PeerHandler;
  readonly fs: FileSystem;
  /** Where a received database goes. */
  readonly snapDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Election timeout, in ms. */
  readonly electionMs: number;
}

export class RaftHttpTransport implements PeerTransport {
  /** The paths below /raft of the peer port. */
  readonly routes: HttpRoutes;
  readonly #context: PeerContext;
  readonly #peers = new Map<bigint, Peer>();
  readonly #remotes = new Map<bigint, Remote>();
  readonly #stopTimer: () => void;
  #snapshots = 0;
  #isStopped = false;

  constructor(options: RaftHttpOptions) {
    const { localId: id, clusterId, advertisedPeerUrls: peerUrls, handler, fs, snapDirectory, clock } = options;
    this.#context = {
      local: { id, clusterId, peerUrls },
      handler,
      reports: new Reports(handler, clock),
      clock,
      log: options.log.at(LOG_CALLER),
      fs,
      snapDirectory,
      dialTimeoutMs: PEER_DIAL_MS + options.electionMs,
      streamAgent: new http.Agent({ keepAlive: false }),
      requestAgent: new http.Agent({ keepAlive: true, maxFreeSockets: PEER_IDLE_CONNECTIONS }),
    };
    this.routes = raftRoutes(this.#context, {
      peer: (peer) => this.#peers.get(peer),
      addRemote: (remote, urls) => this.addRemote(remote, urls),
    });
    this.#stopTimer = clock.every(PEER_REDIAL_MS, () => {
      for (const peer of this.#peers.values()) peer.tick();
    });
  }

  get peerIds(): readonly bigint[] {
    return [...this.#peers.keys()];
  }

  send(messages: readonly RaftMessage[]): void {
    for (const message of messages) {
      if (message.to === 0n) continue;
      const receiver = this.#peers.get(message.to) ?? this.#remotes.get(message.to);
      if (receiver !== undefined) receiver.send(message);
      else this.#context.log.debug('ignored message send request; unknown remote peer target', targetOf(message));
    }
    for (const peer of this.#peers.values()) peer.flush();
  }

  sendSnapshot(message: RaftMessage, database: DatabaseReader): void {
    const peer = this.#peers.get(message.to);
    if (peer === undefined || this.#snapshots === PEER_SNAPSHOT_SENDS) {
      this.#context.log.warn('dropped a database snapshot', targetOf(message));
      database.release();
      this.#context.reports.snapshot(message.to, false);
      return;
    }
    this.#snapshots += 1;
    void peer.sendSnapshot(message, database).finally(() => {
      this.#snapshots -= 1;
      database.release();
    });
  }

  /** Adds a peer that is not there; `urls` are those where it listens for peers. */
  addPeer(id: bigint, urls: readonly string[]): void {
    if (this.#isStopped || this.#peers.has(id)) return;
    this.#remotes.get(id)?.stop();
    this.#remotes.delete(id);
    this.#peers.set(id, new Peer(id, urls, this.#context));
    this.#context.log.info('added remote peer', { 'remote-peer-id': hexId(id), 'remote-peer-urls': urls });
  }

  updatePeer(id: bigint, urls: readonly string[]): void {
    this.#peers.get(id)?.update(urls);
    this.#context.log.info('updated remote peer', { 'remote-peer-id': hexId(id), 'remote-peer-urls': urls });
  }

  removePeer(id: bigint): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    peer.stop();
    this.#context.log.info('removed remote peer', { 'removed-remote-peer-id': hexId(id) });
  }

  /** Adds a member that is no peer yet, so that raft can answer it. URLs that make no sense are ignored. */
  addRemote(id: bigint, urls: readonly string[]): void {
    if (this.#isStopped || this.#peers.has(id) || this.#remotes.has(id) || id === this.#context.local.id) return;
    if (this.#context.handler.isIdRemoved(id) || this.#remotes.size >= MAX_REMOTES || !urls.every(isUrl)) return;
    this.#remotes.set(id, new Remote(id, urls, this.#context));
    this.#context.log.info('added new remote peer', { 'remote-peer-id': hexId(id), 'remote-peer-urls': urls });
  }

  activeSince(id: bigint): number | undefined {
    return this.#peers.get(id)?.activeSince;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopTimer();
    this.#context.reports.stop();
    for (const peer of this.#peers.values()) peer.stop();
    for (const remote of this.#remotes.values()) remote.stop();
    this.#peers.clear();
    this.#remotes.clear();
    this.#context.streamAgent.destroy();
    this.#context.requestAgent.destroy();
  }
}

function targetOf(message: RaftMessage): Record<string, unknown> {
  return { 'message-type': message.type, 'unknown-target-peer-id': hexId(message.to) };
}

function isUrl(text: string): boolean {
  try {
    return parseUrl(text).scheme !== 'https';
  } catch {
    return false;
  }
}
