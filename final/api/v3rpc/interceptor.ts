// What is looked at before every method: a learner answers little, and a client may ask not to be answered by a member that
// has lost the leader (spec/rpc.md 3.3). Mirrors etcd's api/v3rpc/interceptor.go.

import { KV, Maintenance } from '../../../proto/load.ts';
import type { RangeRequest } from '../../../proto/schema.ts';
import { EtcdError } from '../../core/errors.ts';
import type { Clock } from '../../ports.ts';
import type { CallContext } from '../../transport/grpc/call.ts';
import type { Interceptor } from '../../transport/grpc/server.ts';

/** A stream ends when there was no leader at so many looks in a row, one election timeout apart. */
const LOOKS_WITHOUT_LEADER = 3;

const STATUS = Maintenance.methods.Status.path;
const SNAPSHOT = Maintenance.methods.Snapshot.path;
const RANGE = KV.methods.Range.path;

export interface InterceptorOptions {
  readonly server: {
    /** Whether this member only follows so far. */
    readonly isLearner: boolean;
    /** ID of the member that leads; 0 = none is known. */
    readonly leader: bigint;
  };
  readonly clock: Clock;
  readonly electionMs: number;
}

export class MemberInterceptor implements Interceptor {
  readonly #options: InterceptorOptions;
  readonly #streams: LeaderBoundStreams;

  constructor(options: InterceptorOptions) {
    this.#options = options;
    this.#streams = new LeaderBoundStreams(options);
  }

  /** Errors: NotSupportedForLearner, NoLeader. */
  beforeUnary(call: CallContext, request: unknown): void {
    const { server } = this.#options;
    if (server.isLearner && !isForLearners(call.path, request)) throw new EtcdError('NotSupportedForLearner');
    if (needsLeader(call) && server.leader === 0n) throw new EtcdError('NoLeader');
  }

  /** Errors: NotSupportedForLearner, NoLeader; the latter also later, through `cancel`. */
  beforeStream(call: CallContext, cancel: (error: unknown) => void): void {
    const { server } = this.#options;
    if (server.isLearner && call.path !== SNAPSHOT) throw new EtcdError('NotSupportedForLearner');
    if (!needsLeader(call)) return;
    if (server.leader === 0n) throw new EtcdError('NoLeader');
    this.#streams.add(call, cancel);
  }
}

// What it has may be old, so it only says what does not have to be new.
function isForLearners(path: string, request: unknown): boolean {
  return path === STATUS || (path === RANGE && (request as RangeRequest).serializable);
}

function needsLeader(call: CallContext): boolean {
  return call.metadata('hasleader') === 'true';
}

/** The open streams that end when the leader is lost for long. */
class LeaderBoundStreams {
  readonly #options: InterceptorOptions;
  readonly #cancels = new Map<CallContext, (error: unknown) => void>();
  #looksWithoutLeader = 0;
  // There while a stream is open.
  #stopLooking: (() => void) | undefined;

  constructor(options: InterceptorOptions) {
    this.#options = options;
  }

  add(call: CallContext, cancel: (error: unknown) => void): void {
    this.#cancels.set(call, cancel);
    call.signal.addEventListener('abort', () => this.#remove(call), { once: true });
    if (this.#stopLooking !== undefined) return;
    this.#looksWithoutLeader = 0;
    this.#stopLooking = this.#options.clock.every(this.#options.electionMs, () => this.#look());
  }

  #remove(call: CallContext): void {
    this.#cancels.delete(call);
    if (this.#cancels.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  #look(): void {
    this.#looksWithoutLeader = this.#options.server.leader === 0n ? this.#looksWithoutLeader + 1 : 0;
    if (this.#looksWithoutLeader < LOOKS_WITHOUT_LEADER) return;
    for (const cancel of this.#cancels.values()) cancel(new EtcdError('NoLeader'));
  }
}
