// What carries messages between members, as the server sees it. transport/rafthttp is the real one, which speaks etcd's peer
// protocol; a simulation brings its own. It may lose, delay and repeat messages: raft expects no more,
// but a MsgProp that is repeated is proposed and applied a second time, as in etcd, so a carrier must not repeat one by itself.

import type { RaftMessage } from '../../proto/schema.ts';

/** The database as it is at one moment, to be sent with a snapshot message. */
export interface DatabaseReader {
  /** Bytes of the whole database. */
  readonly sizeBytes: number;
  /** The bytes from `offset` on, at most `length` of them. */
  read(offset: number, length: number): Uint8Array;
  /** Ends it; to be called exactly once. */
  release(): void;
}

/** The carrier of messages. Nothing here waits or throws: what cannot be sent is reported through {@link PeerHandler}. */
export interface PeerTransport {
  /** Hands over messages in order. Those for unknown members, or with `to` 0, are dropped. */
  send(messages: readonly RaftMessage[]): void;
  /** Sends a MsgSnap together with the database, and reports how it ended with `reportSnapshot`; releases the database. */
  sendSnapshot(message: RaftMessage, database: DatabaseReader): void;
  addPeer(id: bigint, urls: readonly string[]): void;
  updatePeer(id: bigint, urls: readonly string[]): void;
  removePeer(id: bigint): void;
  /** Ids of the peers that were added and not removed. */
  readonly peerIds: readonly bigint[];
  /** Since when (ms of the steady clock) the connection to `id` stands; undefined while it does not. */
  activeSince(id: bigint): number | undefined;
  /** Ends all connections. */
  stop(): void;
}

/** What the carrier calls. */
export interface PeerHandler {
  /** Takes a message that came in. Resolves when raft has seen it; rejects with an Error when it was refused. */
  process(message: RaftMessage): Promise<void>;
  /** Whether `id` was a member and was removed. */
  isIdRemoved(id: bigint): boolean;
  reportUnreachable(id: bigint): void;
  reportSnapshot(id: bigint, ok: boolean): void;
  /** The peers say that this member was removed from the cluster: it must end. */
  removedByPeers(): void;
}
