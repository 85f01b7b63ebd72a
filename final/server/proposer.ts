// Proposals on their way to raft: each waits here until there is a leader to take it, and is waited for until it is applied or
// its time is over. Mirrors the proposing half of etcd's v3_server.go.

import type { RaftMessage } from '../../proto/schema.ts';
import { RaftEntryType, RaftMessageType } from '../../proto/schema.ts';
import { EtcdError, type ErrorKind } from '../core/errors.ts';
import { RaftError } from '../core/raft/errors.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import { MAX_MESSAGE_ENTRY_BYTES } from '../limits.ts';
import type { Applied } from './apply_entries.ts';
import type { IdGenerator } from './id_generator.ts';
import { type NewProposal, Proposals, type Waiter } from './proposals.ts';
import { encodeProposal, type Proposal } from './propose.ts';

export interface ProposerOptions {
  readonly node: RawNode;
  readonly ids: IdGenerator;
  readonly maxRequestBytes: number;
  /** How long a proposal may take, in ms. */
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Has `collect` called soon. */
  readonly wake: () => void;
  /** What a proposal is told that was handed to raft and not applied in time. */
  readonly timeoutKind: (waiter: Waiter) => ErrorKind;
}

export class Proposer {
  /** Those that are not applied yet. */
  readonly proposals: Proposals;
  readonly #options: ProposerOptions;
  // Not handed to raft yet, in their order.
  #queue = new Set<Waiter>();
  #isStopped = false;

  constructor(options: ProposerOptions) {
    this.#options = options;
    this.proposals = new Proposals(options.timeoutMs, options.now);
  }

  /**
   * Puts a request through the log. Resolves to what applying it gave. Errors: RequestTooLarge, RequestTooManyRequests,
   * Stopped, ProposalDropped, DeadlineExceeded, Timeout and its kinds, and those of the request.
   */
  propose<T>(proposal: Proposal): Promise<Applied<T>> {
    const { ids, maxRequestBytes } = this.#options;
    const id = ids.next();
    const data = encodeProposal(proposal, id);
    if (data.length > maxRequestBytes) return Promise.reject(new EtcdError('RequestTooLarge'));
    return this.proposeData<T>({ id, data, request: proposal });
  }

  /** The same for what this member decides because it leads; ProposalDropped when it does no longer, before it is in the log. */
  proposeAsLeader<T>(proposal: Proposal): Promise<Applied<T>> {
    const { ids, node } = this.#options;
    const id = ids.next();
    return this.proposeData<T>({ id, data: encodeProposal(proposal, id), request: proposal, term: node.term });
  }

  /** The same for bytes that are no request of a client. */
  proposeData<T>(input: NewProposal): Promise<Applied<T>> {
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    return this.proposals.add<Applied<T>>(input, (waiter) => {
      this.#queue.add(waiter);
      this.#options.wake();
    });
  }

  /** Hands everything that waits to raft, if there is a leader. */
  collect(): void {
    if (this.#queue.size === 0 || this.#options.node.lead === 0n) return;
    const queue = this.#queue;
    this.#queue = new Set();
    let batch: Waiter[] = [];
    let bytes = 0;
    for (const waiter of queue) {
      if (this.#isOutdated(waiter)) {
        this.#drop(waiter);
        continue;
      }
      if (batch.length > 0 && bytes + waiter.data.length > MAX_MESSAGE_ENTRY_BYTES) {
        this.#step(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(waiter);
      bytes += waiter.data.length;
    }
    if (batch.length > 0) this.#step(batch);
  }

  /** Ends what has waited too long. */
  tick(): void {
    this.proposals.expire((waiter) => {
      const isWaiting = this.#queue.delete(waiter);
      return new EtcdError(isWaiting ? 'DeadlineExceeded' : this.#options.timeoutKind(waiter));
    });
  }

  /** Takes no more proposals. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Ends those that will not be applied any more. */
  rejectAll(): void {
    this.#queue.clear();
    this.proposals.rejectAll(new EtcdError('Stopped'));
  }

  // As one message: the entries then travel to each peer in one message too.
  #step(batch: readonly Waiter[]): void {
    const { node } = this.#options;
    try {
      node.step(proposalMessage(node.raft.id, batch));
    } catch (error) {
      if (!(error instanceof RaftError)) throw error;
      for (const waiter of batch) this.#drop(waiter);
    }
  }

  #isOutdated({ term }: Waiter): boolean {
    const { node } = this.#options;
    return term !== undefined && (node.role !== 'leader' || node.term !== term);
  }

  #drop(waiter: Waiter): void {
    this.proposals.take(waiter);
    waiter.reject(new EtcdError('ProposalDropped'));
  }
}

function proposalMessage(from: bigint, batch: readonly Waiter[]): RaftMessage {
  return {
    type: RaftMessageType.MsgProp,
    to: 0n,
    from,
    term: 0,
    logTerm: 0,
    index: 0,
    entries: batch.map(({ type, data }) => ({
      Type: type ?? RaftEntryType.EntryNormal,
      Term: 0,
      Index: 0,
      Data: data,
    })),
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: undefined,
  };
}
