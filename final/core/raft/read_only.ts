// Reads that wait for a quorum to confirm that the leader still is one. Mirrors etcd's raft/read_only.go.
//
// A request is known by its context, bytes that its maker chose. The leader records how far it was committed when the
// request came, and sends heartbeats with the context; when a quorum has echoed it, no newer leader can have committed
// anything before the request came. So all requests before it are confirmed as well.

import type { RaftMessage } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';

/** `safe` asks a quorum for each read; `lease-based` trusts the clocks, so that the lease of the leader is enough. */
export type ReadOnlyOption = 'safe' | 'lease-based';

/** An answer to a read request of this member: state applied up to `index` is fresh enough. */
export interface ReadState {
  readonly index: number;
  readonly requestCtx: Uint8Array;
}

/** A request that waits. */
export interface ReadIndexStatus {
  readonly request: RaftMessage;
  /** How far the leader was committed when the request came. */
  readonly index: number;
  /** Who has echoed the context; every value is true. */
  readonly acks: Map<bigint, boolean>;
}

export class ReadOnly {
  // By context, in the order in which they came.
  readonly #pending = new Map<string, ReadIndexStatus>();
  #last: Uint8Array | undefined;

  /** Records a request that came while the leader was committed up to `index`. One with a known context is dropped. */
  addRequest(index: number, request: RaftMessage): void {
    const context = contextOf(request);
    const key = keyOf(context);
    if (this.#pending.has(key)) return;
    this.#pending.set(key, { request, index, acks: new Map() });
    this.#last = context;
  }

  /** Takes note that `id` echoed `context`. Returns who has; nobody when no such request waits. */
  receiveAck(id: bigint, context: Uint8Array): ReadonlyMap<bigint, boolean> {
    const status = this.#pending.get(keyOf(context));
    if (status === undefined) return NO_ACKS;
    status.acks.set(id, true);
    return status.acks;
  }

  /** Removes and returns the request of `context` and all before it. */
  advance(context: Uint8Array): ReadIndexStatus[] {
    const key = keyOf(context);
    if (!this.#pending.has(key)) return [];
    const confirmed: ReadIndexStatus[] = [];
    for (const [each, status] of this.#pending) {
      confirmed.push(status);
      this.#pending.delete(each);
      if (each === key) break;
    }
    assert(confirmed.length > 0, 'a read request that waits is not among those that wait');
    return confirmed;
  }

  /** The context of the newest request that waits, which confirms all when it is confirmed. */
  lastPendingContext(): Uint8Array | undefined {
    return this.#pending.size === 0 || this.#last?.length === 0 ? undefined : this.#last;
  }
}

const NO_ACKS: ReadonlyMap<bigint, boolean> = new Map();
const NO_CONTEXT = new Uint8Array();

/** The context of a read request: the data of its only entry. */
export function contextOf(request: RaftMessage): Uint8Array {
  return request.entries[0]?.Data ?? NO_CONTEXT;
}

function keyOf(context: Uint8Array): string {
  let key = '';
  for (const byte of context) key += String.fromCharCode(byte);
  return key;
}
