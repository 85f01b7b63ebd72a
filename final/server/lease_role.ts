// What a member's part in the cluster means for leases: whether it may renew them, at once or after a question to the others. Mirrors
// what etcd's v3_server.go looks at before it renews (spec/rpc.md 8.4).

import type { Clock } from '../ports.ts';
import { AppliedWait } from './applied_wait.ts';
import { Leadership } from './leadership.ts';

/** This member's part in the cluster, as far as leases depend on it. */
export interface LeaseRole {
  readonly isLeader: boolean;
  /** It leads, and has applied all that earlier leaders have committed. */
  readonly isPrimary: boolean;
  /** It is primary without doubt, and has applied all that it knows to be committed. */
  readonly mayAnswerAtOnce: boolean;
  /** Whether it leads for certain; may ask a quorum. */
  ensureLeadership(): Promise<boolean>;
  /** The same, and it has applied whatever a leader had committed before; asks a quorum. */
  confirmLeadership(): Promise<boolean>;
  /** Resolves when what is committed now is applied. Errors: TimeoutWaitAppliedIndex, Stopped. */
  caughtUp(): Promise<void>;
}

/** What the member says of itself. */
export interface RaftView extends Pick<LeaseRole, 'isLeader' | 'isPrimary'> {
  /** It need not ask anybody whether it leads. */
  readonly canReadAtOnce: boolean;
  readonly reads: { wait(deadlineMs?: number): Promise<void> };
  /** Index of the last committed entry, and of the last applied one. */
  readonly committed: number;
  readonly applied: number;
  readonly requestTimeoutMs: number;
}

export class RaftLeaseRole implements LeaseRole {
  readonly #member: RaftView;
  readonly #leadership: Leadership;
  readonly #appliedWait: AppliedWait;

  constructor(member: RaftView, options: { readonly clock: Pick<Clock, 'now'>; readonly heartbeatMs: number }) {
    const { clock, heartbeatMs } = options;
    const now = (): number => clock.now();
    this.#member = member;
    this.#leadership = new Leadership({
      now,
      heartbeatMs,
      isLeader: () => member.isLeader,
      confirm: async () => {
        if (!member.canReadAtOnce) await member.reads.wait(member.requestTimeoutMs);
      },
    });
    this.#appliedWait = new AppliedWait({
      now,
      committed: () => member.committed,
      applied: () => member.applied,
    });
  }

  get isLeader(): boolean {
    return this.#member.isLeader;
  }

  get isPrimary(): boolean {
    return this.#member.isPrimary;
  }

  get mayAnswerAtOnce(): boolean {
    return this.isPrimary && this.#leadership.isActive && this.#appliedWait.isCaughtUp;
  }

  ensureLeadership(): Promise<boolean> {
    return this.#leadership.ensure();
  }

  confirmLeadership(): Promise<boolean> {
    return this.#leadership.confirm();
  }

  caughtUp(): Promise<void> {
    return this.#appliedWait.wait();
  }

  /** To be called with every heartbeat. */
  tick(): void {
    this.#leadership.tick();
    this.#appliedWait.tick();
  }

  /** To be called when more is applied. */
  onApplied(): void {
    this.#appliedWait.onApplied();
  }

  /** Ends all that wait. */
  stop(): void {
    this.#appliedWait.stop();
  }
}
