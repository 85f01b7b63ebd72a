// Raft as the server uses it: what goes in by calls, what comes out as Ready values. Mirrors etcd's raft/rawnode.go.
//
// The server's loop: take a Ready; write its hard state and entries; send its messages (a leader may send before the write
// is done); apply its committed entries; advance. Nothing else is called between ready and advance.

import type { RaftEntry, RaftHardState, RaftMessage } from '../../../../proto/schema.ts';
import { RaftEntryType, RaftMessageType } from '../../../../proto/schema.ts';
import { campaign } from './election.ts';
import { newMessage } from './messages.ts';
import { Raft, type RaftConfig } from './raft.ts';

/** What raft wants to have done. */
export interface Ready {
  readonly hardState: RaftHardState;
  /** To write to the log, before the messages are sent unless this member leads. */
  readonly entries: readonly RaftEntry[];
  /** Whether there is anything to write: how far is committed may be forgotten, term and vote may not. */
  readonly mustSync: boolean;
  readonly messages: readonly RaftMessage[];
  /** To apply. The first of them follows what was applied last. */
  readonly committedEntries: readonly RaftEntry[];
}

export class RawNode {
  /** The state machine itself. */
  readonly raft: Raft;
  // What was written last.
  #hardState: RaftHardState;

  constructor(config: RaftConfig) {
    this.raft = new Raft(config);
    this.#hardState = config.hardState;
  }

  /** Lets a tick of the logical clock pass. */
  tick(): void {
    this.raft.tick();
  }

  /** Starts an election now. */
  campaign(): void {
    campaign(this.raft);
  }

  /** Proposes entries. Without a leader they are dropped, and what is accepted may still get lost with its leader. */
  propose(payloads: readonly Uint8Array[]): void {
    const message = newMessage(RaftMessageType.MsgProp, 0n);
    message.entries = payloads.map((Data) => ({ Type: RaftEntryType.EntryNormal, Term: 0, Index: 0, Data }));
    this.raft.step(message);
  }

  /** Takes a message of another member. */
  step(message: RaftMessage): void {
    this.raft.step(message);
  }

  /** Whether a Ready would have anything to do. */
  hasReady(): boolean {
    const { log, messages } = this.raft;
    return messages.length > 0 || log.applied < log.committed || this.#mustSync();
  }

  /** What is to be done. */
  ready(): Ready {
    const { raft } = this;
    const ready: Ready = {
      hardState: { term: raft.term, vote: raft.vote, commit: raft.log.committed },
      entries: raft.log.unstableEntries(),
      mustSync: this.#mustSync(),
      messages: raft.messages,
      committedEntries: raft.log.nextEntries(),
    };
    raft.messages = [];
    return ready;
  }

  /** Takes note that all of the last Ready was done. */
  advance({ hardState }: Ready): void {
    const { log } = this.raft;
    this.#hardState = hardState;
    log.stable = log.lastIndex();
    log.applied = hardState.commit;
  }

  #mustSync(): boolean {
    const { term, vote, log } = this.raft;
    return log.stable < log.lastIndex() || term !== this.#hardState.term || vote !== this.#hardState.vote;
  }
}
