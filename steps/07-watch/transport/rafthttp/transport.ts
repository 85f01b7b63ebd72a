// Carries raft's messages between members over HTTP/1. Mirrors etcd's rafthttp/transport.go.

import type { RaftMessage } from '../../../../proto/schema.ts';
import type { Cluster } from '../../server/cluster.ts';
import type { PeerTransport } from '../../server/peer_transport.ts';
import { Pipeline } from './pipeline.ts';

export class RaftHttpTransport implements PeerTransport {
  readonly #peers = new Map<bigint, Pipeline>();

  /** Knows all other members of `cluster`. */
  constructor({ id: clusterId, localMemberId: id, members }: Cluster) {
    const peerUrls = members.find((member) => member.id === id)?.peerUrls ?? [];
    for (const peer of members) {
      if (peer.id !== id) this.#peers.set(peer.id, new Pipeline({ id, clusterId, peerUrls }, peer.peerUrls));
    }
  }

  send(messages: readonly RaftMessage[]): void {
    for (const message of messages) this.#peers.get(message.to)?.send(message);
  }

  /** Ends all connections. */
  stop(): void {
    for (const peer of this.#peers.values()) peer.stop();
  }
}
