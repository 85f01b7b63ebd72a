// Raft as the server uses it: what goes in by calls, what comes out as Ready values. Mirrors etcd's raft/rawnode.go,
// version 3.5.
//
// The server's loop: take a Ready; write its hard state, entries and snapshot; send its messages (a leader may send before
// the write is done); apply its committed entries; advance. Between ready and advance, step, tick and proposals are allowed.

import type { RaftConfState, RaftEntry, RaftHardState, RaftMessage, RaftSnapshot } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { bootstrap, type Peer } from './bootstrap.ts';
import { type ConfChange, encodeConfChange } from './confchange/encoding.ts';
import type { RaftConfig } from './config.ts';
import { applyConfChange, maybeAutoLeave } from './configuration.ts';
import { payloadSize } from './entries.ts';
import { RaftError } from './errors.ts';
import { isLocalMessage, isResponseMessage, newMessage } from './messages.ts';
import { Raft } from './raft.ts';
import { newReadRequest } from './read_index.ts';
import type { ReadState } from './read_only.ts';
import type { Role } from './roles.ts';
import { handleSnapshotStatus, handleUnreachable } from './snapshot_send.ts';
import { metadataOf } from './storage.ts';
import type { TrackerConfig } from './tracker/config.ts';
import type { Progress } from './tracker/progress.ts';
import type { ProgressMap } from './tracker/tracker.ts';

/** What raft wants to have done. Its arrays do not change later. */
export interface Ready {
  /** Leader and role, when they changed. */
  readonly softState: { readonly lead: bigint; readonly role: Role } | undefined;
  /** What to persist, when it changed. */
  readonly hardState: RaftHardState | undefined;
  /** Answers to read requests. */
  readonly readStates: readonly ReadState[];
  /** To write to the log, before the messages are sent unless this member leads. */
  readonly entries: readonly RaftEntry[];
  /** To write and to restore from, before the entries. */
  readonly snapshot: RaftSnapshot | undefined;
  /** To apply. The first of them follows what was applied last. */
  readonly committedEntries: readonly RaftEntry[];
  /** To send. After a MsgSnap the sender owes a reportSnapshot. */
  readonly messages: readonly RaftMessage[];
  /** Whether the write must be on disk: a hard state that only commits more may be lost. */
  readonly mustSync: boolean;
}

export interface Status {
  readonly id: bigint;
  readonly hardState: RaftHardState;
  readonly lead: bigint;
  readonly role: Role;
  readonly applied: number;
  readonly leadTransferee: bigint;
  readonly config: TrackerConfig;
  /** What a leader knows of the members; empty at others. */
  readonly progress: ProgressMap;
}

export class RawNode {
  /** The state machine itself, for tests and invariants. */
  readonly raft: Raft;
  // What the last Ready told.
  #lead: bigint;
  #role: Role;
  #hardState: RaftHardState;
  // The Ready that was not advanced.
  #pending: Ready | undefined;

  /** Continues from what `config.storage` holds. Throws RaftError `BadConfig`. */
  constructor(config: RaftConfig) {
    this.raft = new Raft(config);
    this.#lead = this.raft.lead;
    this.#role = this.raft.role;
    this.#hardState = this.raft.hardState();
  }

  /** Makes the first members of a cluster: entries that add `peers`, committed already. The storage must be empty. */
  bootstrap(peers: readonly Peer[]): void {
    bootstrap(this.raft, peers);
    // Nothing of it is on disk: the first Ready shall have it all.
    this.#hardState = { term: 0, vote: 0n, commit: 0 };
  }

  /** Lets a tick of the logical clock pass. */
  tick(): void {
    this.raft.tick();
  }

  /** Lets a tick pass that can only bring an election nearer. */
  tickQuiesced(): void {
    this.raft.electionElapsed++;
  }

  /** Starts an election now. */
  campaign(): void {
    this.raft.campaign();
  }

  /** Proposes an entry. Throws RaftError `ProposalDropped`. An accepted one may still get lost with its leader. */
  propose(data: Uint8Array | undefined): void {
    this.#propose({ Type: 0, Term: 0, Index: 0, Data: data });
  }

  /** Proposes a change of the members. Throws RaftError `ProposalDropped`; may silently come to nothing, too. */
  proposeConfChange(change: ConfChange): void {
    this.#propose({ ...encodeConfChange(change), Term: 0, Index: 0 });
  }

  /**
   * Applies the change of a committed entry, and returns the configuration it leads to. A change that the server rejects is
   * applied with node id 0.
   */
  applyConfChange(change: ConfChange): RaftConfState {
    return applyConfChange(this.raft, change);
  }

  /**
   * Takes a message of another member. Throws RaftError `StepLocalMessage`, `StepPeerNotFound` when it is an answer of
   * someone unknown, `ProposalDropped`, or `ConfChange` when it proposes a malformed change.
   */
  step(message: RaftMessage): void {
    if (isLocalMessage(message.type)) throw new RaftError('StepLocalMessage');
    if (isResponseMessage(message.type) && !this.raft.tracker.progress.has(message.from)) {
      throw new RaftError('StepPeerNotFound');
    }
    this.raft.step(message);
  }

  /** Asks how far one must have applied to read linearizably. A {@link ReadState} with `context` answers, or nothing does. */
  readIndex(context: Uint8Array): void {
    this.raft.step(newReadRequest(context));
  }

  /** Asks the leader to hand its leadership to `to`. */
  transferLeader(to: bigint): void {
    const message = newMessage(RaftMessageType.MsgTransferLeader, 0n);
    message.from = to;
    this.raft.step(message);
  }

  /** Reports that a message to `id` could not be sent. */
  reportUnreachable(id: bigint): void {
    handleUnreachable(this.raft, id);
  }

  /** Reports whether a snapshot that was sent to `id` arrived. */
  reportSnapshot(id: bigint, ok: boolean): void {
    handleSnapshotStatus(this.raft, id, ok);
  }

  /** Whether a Ready would have anything to do. */
  hasReady(): boolean {
    const { raft } = this;
    return (
      raft.messages.length > 0 ||
      raft.log.unstable.entries.length > 0 ||
      raft.log.hasNextEntries() ||
      raft.log.hasPendingSnapshot() ||
      raft.readStates.length > 0 ||
      this.#isSoftStateNew() ||
      this.#isHardStateNew()
    );
  }

  /** What is to be done. It must be advanced before the next. */
  ready(): Ready {
    assert(this.#pending === undefined, 'the last Ready was not advanced');
    const { raft } = this;
    const entries = raft.log.unstableEntries();
    const hardState = this.#isHardStateNew() ? raft.hardState() : undefined;
    const isTermOrVoteNew = raft.term !== this.#hardState.term || raft.vote !== this.#hardState.vote;
    const ready: Ready = {
      softState: this.#isSoftStateNew() ? { lead: raft.lead, role: raft.role } : undefined,
      hardState,
      readStates: raft.readStates,
      entries,
      snapshot: raft.log.unstable.snapshot,
      committedEntries: raft.log.nextEntries(),
      messages: raft.messages,
      mustSync: entries.length > 0 || isTermOrVoteNew,
    };
    raft.readStates = [];
    raft.messages = [];
    this.#lead = raft.lead;
    this.#role = raft.role;
    if (hardState !== undefined) this.#hardState = hardState;
    this.#pending = ready;
    return ready;
  }

  /** Takes note that all of the last Ready was done. */
  advance(ready: Ready): void {
    assert(this.#pending === ready, 'advancing another Ready than the last');
    this.#pending = undefined;
    const { raft } = this;
    raft.reduceUncommittedSize(payloadSize(ready.committedEntries));
    const applied = ready.committedEntries.at(-1)?.Index ?? snapshotIndex(ready);
    if (applied > 0) {
      const before = raft.log.applied;
      raft.log.appliedTo(applied);
      maybeAutoLeave(raft, before, applied);
    }
    const last = ready.entries.at(-1);
    if (last !== undefined) raft.log.unstable.stableTo(last.Index, last.Term);
    if (ready.snapshot !== undefined) raft.log.unstable.stableSnapshotTo(snapshotIndex(ready));
  }

  get term(): number {
    return this.raft.term;
  }

  get lead(): bigint {
    return this.raft.lead;
  }

  get role(): Role {
    return this.raft.role;
  }

  get lastIndex(): number {
    return this.raft.log.lastIndex();
  }

  get committed(): number {
    return this.raft.log.committed;
  }

  get applied(): number {
    return this.raft.log.applied;
  }

  get hardState(): RaftHardState {
    return this.raft.hardState();
  }

  /** What the leader knows of a member; undefined for an unknown one. At others than the leader it means nothing. */
  progress(id: bigint): Progress | undefined {
    return this.raft.tracker.progress.get(id);
  }

  status(): Status {
    const { raft } = this;
    const progress = new Map<bigint, Progress>();
    if (raft.role === 'leader') for (const each of raft.tracker.all) progress.set(each.id, each.clone());
    return {
      id: raft.id,
      hardState: raft.hardState(),
      lead: raft.lead,
      role: raft.role,
      applied: raft.log.applied,
      leadTransferee: raft.leadTransferee,
      config: raft.tracker.config,
      progress,
    };
  }

  #propose(entry: RaftEntry): void {
    const message = newMessage(RaftMessageType.MsgProp, 0n);
    message.from = this.raft.id;
    message.entries = [entry];
    this.raft.step(message);
  }

  #isSoftStateNew(): boolean {
    return this.raft.lead !== this.#lead || this.raft.role !== this.#role;
  }

  #isHardStateNew(): boolean {
    const { term, vote, commit } = this.#hardState;
    return this.raft.term !== term || this.raft.vote !== vote || this.raft.log.committed !== commit;
  }
}

function snapshotIndex(ready: Ready): number {
  return ready.snapshot === undefined ? 0 : metadataOf(ready.snapshot).index;
}
