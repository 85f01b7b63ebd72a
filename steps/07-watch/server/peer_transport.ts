// What carries messages between members, as the server sees it: transport/rafthttp. It may lose, delay and repeat messages:
// raft expects no more.

import type { RaftMessage } from '../../../proto/schema.ts';
import type { Cluster } from './cluster.ts';

/** The carrier of messages. */
export interface PeerTransport {
  /** Hands over messages in order. Nothing here waits or throws. */
  send(messages: readonly RaftMessage[]): void;
}

/** What the carrier calls. */
export interface PeerHandler {
  readonly cluster: Cluster;
  /** Takes a message that came in. */
  process(message: RaftMessage): void;
}
