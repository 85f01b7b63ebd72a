// What a leader knows about the log of one member, and how it sends to it. Mirrors etcd's raft/tracker/progress.go.
//
// Invariant: match < next (both 0 and 1 at least, except that a new member of an empty log begins with next 0).
//
//   StateProbe      position unknown: one append at a time, then wait for an answer
//   StateReplicate  position known: appends go out one after another, up to the inflight limit
//   StateSnapshot   entries it needs are compacted: a snapshot was sent, nothing else until it is there

import { Inflights } from './inflights.ts';

export type ProgressState = 'StateProbe' | 'StateReplicate' | 'StateSnapshot';

export class Progress {
  readonly id: bigint;
  /** The last index up to which the member's log is known to be the leader's. */
  match = 0;
  /** The next index to send. */
  next: number;
  state: ProgressState = 'StateProbe';
  /** In StateSnapshot the index of the snapshot that was sent, else 0. */
  pendingSnapshot = 0;
  /** Whether the member answered since the last check of the quorum. */
  recentActive = false;
  /** In StateProbe: whether an append is under way, so that no other is sent. */
  probeSent = false;
  inflights: Inflights;
  isLearner: boolean;

  constructor(id: bigint, next: number, isLearner: boolean, maxInflight: number) {
    this.id = id;
    this.next = next;
    this.isLearner = isLearner;
    this.inflights = new Inflights(maxInflight);
  }

  /** A copy that can be changed without changing this; the inflights are shared. */
  clone(): Progress {
    return Object.assign(new Progress(this.id, this.next, this.isLearner, this.inflights.size), this);
  }

  /** Waits for an answer before sending more. */
  becomeProbe(): void {
    // After a snapshot that arrived, the entries behind it are next.
    const afterSnapshot = this.state === 'StateSnapshot' ? this.pendingSnapshot + 1 : 0;
    this.#resetState('StateProbe');
    this.next = Math.max(this.match + 1, afterSnapshot);
  }

  /** Sends without waiting. */
  becomeReplicate(): void {
    this.#resetState('StateReplicate');
    this.next = this.match + 1;
  }

  /** Sends nothing until the snapshot at `index` has arrived or failed. */
  becomeSnapshot(index: number): void {
    this.#resetState('StateSnapshot');
    this.pendingSnapshot = index;
  }

  /** Takes note that the member has everything up to `index`. Returns whether that is news. */
  maybeUpdate(index: number): boolean {
    const isNews = this.match < index;
    if (isNews) {
      this.match = index;
      this.probeSent = false;
    }
    this.next = Math.max(this.next, index + 1);
    return isNews;
  }

  /** Counts everything up to `index` as sent. */
  optimisticUpdate(index: number): void {
    this.next = index + 1;
  }

  /**
   * Takes note that the member refused entries behind `rejected`, and that its log can agree at most up to `hint`.
   * Returns false when that refusal is an old one: messages may arrive late and out of order.
   */
  maybeDecrementTo(rejected: number, hint: number): boolean {
    if (this.state === 'StateReplicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      return true;
    }
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), 1);
    this.probeSent = false;
    return true;
  }

  /** Whether nothing may be sent now. */
  isPaused(): boolean {
    if (this.state === 'StateProbe') return this.probeSent;
    return this.state === 'StateSnapshot' || this.inflights.isFull();
  }

  /** As etcd's log lines show it. */
  describe(): string {
    let text = `${this.state} match=${this.match} next=${this.next}`;
    if (this.isLearner) text += ' learner';
    if (this.isPaused()) text += ' paused';
    if (this.pendingSnapshot > 0) text += ` pendingSnap=${this.pendingSnapshot}`;
    if (!this.recentActive) text += ' inactive';
    const inflight = this.inflights.count;
    if (inflight > 0) text += ` inflight=${inflight}${this.inflights.isFull() ? '[full]' : ''}`;
    return text;
  }

  #resetState(state: ProgressState): void {
    this.probeSent = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }
}
