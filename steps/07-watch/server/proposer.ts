// Proposals: from a request to an entry of the log. What is proposed here is waited for until it is applied or its time is
// over. Mirrors the proposing half of etcd's v3_server.go.

import { EtcdError } from '../core/errors.ts';
import { NONE } from '../core/raft/messages.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import type { IdGenerator } from './id_generator.ts';
import { encodeProposal, type Proposal } from './propose.ts';

// How long a proposal may take: 5 s and two election timeouts.
const REQUEST_TIMEOUT_MS = 7000;
// Proposals that are not applied yet; one more is refused.
const MAX_PENDING_PROPOSALS = 5000;
// Proposals go to the leader together, until their payload has reached this.
const MAX_BATCH_BYTES = 1024 * 1024;

export interface Waiter {
  /** When it was proposed, in ms of the steady clock. */
  readonly begin: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ProposerOptions {
  readonly node: RawNode;
  readonly ids: IdGenerator;
  /** Has `collect` called soon. */
  readonly wake: () => void;
}

export class Proposer {
  readonly #options: ProposerOptions;
  // By request ID, the oldest first.
  readonly #waiters = new Map<bigint, Waiter>();
  // Not handed to raft yet.
  readonly #queue = new Map<bigint, Uint8Array>();

  constructor(options: ProposerOptions) {
    this.#options = options;
  }

  /** Puts a request through the log. Resolves to what applying it gave. Errors: RequestTooManyRequests, Timeout, Stopped. */
  async propose(proposal: Proposal): Promise<unknown> {
    if (this.#waiters.size >= MAX_PENDING_PROPOSALS) throw new EtcdError('RequestTooManyRequests');
    const id = this.#options.ids.next();
    this.#queue.set(id, encodeProposal(proposal, id));
    this.#options.wake();
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { begin: performance.now(), resolve, reject });
    });
  }

  /** Hands what waits to raft, if there is a leader; at most a batch. */
  collect(): void {
    const { node } = this.#options;
    if (this.#queue.size === 0 || node.raft.lead === NONE) return;
    const batch: Uint8Array[] = [];
    let bytes = 0;
    for (const [id, data] of this.#queue) {
      if (bytes >= MAX_BATCH_BYTES) break;
      this.#queue.delete(id);
      batch.push(data);
      bytes += data.length;
    }
    node.propose(batch);
  }

  /** Takes out who waits for a request, to be told how it ended; undefined for one of another member, or of before. */
  take(id: bigint): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  /** Ends what has waited too long. It may still be applied. */
  tick(): void {
    for (const [id, { begin }] of this.#waiters) {
      if (performance.now() - begin < REQUEST_TIMEOUT_MS) return;
      this.#queue.delete(id);
      this.take(id)?.reject(new EtcdError('Timeout'));
    }
  }

  stop(): void {
    for (const id of this.#waiters.keys()) this.take(id)?.reject(new EtcdError('Stopped'));
  }
}
