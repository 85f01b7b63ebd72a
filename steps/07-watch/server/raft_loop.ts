// The one order of changes around raft: what is to be remembered goes to the disk before anybody is told, what is committed
// is applied in order. Mirrors etcd's etcdserver/raft.go.
//
//   leader     send │ save and sync │ apply │ advance
//   follower        │ save and sync │ send │ apply │ advance
//
// Group commit: whatever arrives during a sync makes up the next Ready, with one write and one sync.

import type { RaftEntry } from '../../../proto/schema.ts';
import type { RawNode, Ready } from '../core/raft/rawnode.ts';
import type { Wal } from '../storage/wal/wal.ts';
import type { PeerTransport } from './peer_transport.ts';

export interface RaftLoopOptions {
  readonly node: RawNode;
  readonly wal: Wal;
  readonly transport: PeerTransport;
  /** What waits to be proposed is handed to the node. */
  readonly collect: () => void;
  /** Applies committed entries. */
  readonly apply: (entries: readonly RaftEntry[]) => void;
}

export class RaftLoop {
  readonly #options: RaftLoopOptions;
  #isAwake = false;
  #isStopped = false;

  constructor(options: RaftLoopOptions) {
    this.#options = options;
  }

  /** To be called behind everything that may have given the node work. */
  wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    // Not at once: other connections may have something too that came in with the same turn of the event loop.
    setImmediate(() => {
      this.#isAwake = false;
      this.run();
    });
  }

  /** Works until nothing is left to do. */
  run(): void {
    const { node, collect } = this.#options;
    for (collect(); node.hasReady() && !this.#isStopped; collect()) {
      const ready = node.ready();
      this.#handle(ready);
      node.advance(ready);
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  // A leader may send first: its own log counts for no more than that of any other member.
  #handle({ hardState, entries, mustSync, messages, committedEntries }: Ready): void {
    const { node, wal, transport, apply } = this.#options;
    const isLeader = node.raft.role === 'leader';
    if (isLeader) transport.send(messages);
    if (mustSync) wal.save(hardState, entries);
    if (!isLeader) transport.send(messages);
    apply(committedEntries);
  }
}
