// Renews leases: all of a client over one call, which is opened again when it breaks. Mirrors clientv3's lessor
// (spec/rpc.md 8.4, 16.1).

import { Lease } from '../../proto/load.ts';
import type { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../../proto/schema.ts';
import { timeLimit, whenAborted } from './abort.ts';
import { Answers } from './answers.ts';
import { ClientError, Code } from './errors.ts';
import { FIRST_KEEP_ALIVE_MS, KEEP_ALIVE_QUEUE, MAX_TIMER_MS, STREAM_RETRY_MS } from './limits.ts';
import { pause } from './pause.ts';
import type { CallOptions, Rpc, Stream } from './rpc.ts';

type KeepAliveStream = Stream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>;

/** A lease that is renewed. Times are milliseconds of a steady clock. */
interface Kept {
  readonly ID: bigint;
  readonly readers: Set<Answers<LeaseKeepAliveResponse>>;
  /** When it is renewed next; Infinity while an answer is waited for. */
  nextAt: number;
  /** When the last request for it was sent. The server renews it then or later. */
  sentAt: number;
  /** When it is over, unless it is renewed before. */
  expiresAt: number;
}

export class Lessor {
  readonly #rpc: Rpc;
  readonly #closing = new AbortController();
  readonly #kept = new Map<bigint, Kept>();
  #call: KeepAliveStream | undefined;
  /** Aborted to end the call, or the attempt to make one. */
  #attempt = new AbortController();
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  /** A server takes the token for old. */
  #isTokenOld = false;

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  keepAlive(ID: bigint, { signal }: Pick<CallOptions, 'signal'> = {}): AsyncIterableIterator<LeaseKeepAliveResponse> {
    if (this.#closing.signal.aborted) return endedAnswers(signal);
    const kept = this.#kept.get(ID) ?? this.#keep(ID);
    const answers: Answers<LeaseKeepAliveResponse> = new Answers({
      onLeave: () => {
        kept.readers.delete(answers);
        if (kept.readers.size === 0) this.#forget(kept);
      },
      signal,
    });
    kept.readers.add(answers);
    if (!this.#running) void this.#run();
    return answers;
  }

  async keepAliveOnce(ID: bigint, { timeoutMs, signal: given }: CallOptions = {}): Promise<LeaseKeepAliveResponse> {
    // What no timer can wait for does not end.
    const timeout = timeoutMs === undefined || timeoutMs > MAX_TIMER_MS ? [] : [timeLimit(timeoutMs)];
    const signal = AbortSignal.any([this.#closing.signal, ...(given === undefined ? [] : [given]), ...timeout]);
    let token: 'given' | 'old' | 'new' = 'given';
    for (;;) {
      try {
        if (token === 'old') {
          await this.#newToken(signal);
          token = 'new';
        }
        const answer = await this.#renewOnce(ID, signal);
        if (answer.TTL > 0) return answer;
        throw new ClientError(Code.NotFound, 'etcdserver: requested lease not found');
      } catch (error) {
        if (timeout[0]?.aborted === true) throw new ClientError(Code.DeadlineExceeded, 'context deadline exceeded');
        signal.throwIfAborted();
        if (!(error instanceof ClientError)) throw error;
        if (token === 'given' && this.#rpc.canRenewToken(error.details)) token = 'old';
        else if (!isTransient(error)) throw error;
        await pause(STREAM_RETRY_MS.first, signal);
      }
    }
  }

  /** Tells all readers that their leases are no longer renewed. */
  close(): void {
    this.#closing.abort(ClientError.canceled());
    for (const kept of this.#kept.values()) this.#lost(kept);
  }

  async #renewOnce(ID: bigint, signal: AbortSignal): Promise<LeaseKeepAliveResponse> {
    const call = await this.#rpc.stream(Lease.methods.LeaseKeepAlive, { signal });
    if (signal.aborted) call.cancel();
    const ignoreSignal = whenAborted(signal, () => call.cancel());
    try {
      call.send({ ID });
      for await (const answer of call.answers) return answer;
      throw new ClientError(Code.Unavailable, 'no answer');
    } finally {
      ignoreSignal();
    }
  }

  #keep(ID: bigint): Kept {
    const now = performance.now();
    const kept = {
      ID,
      readers: new Set<Answers<LeaseKeepAliveResponse>>(),
      nextAt: now,
      sentAt: now,
      expiresAt: now + FIRST_KEEP_ALIVE_MS,
    };
    this.#kept.set(ID, kept);
    this.#renewDue();
    return kept;
  }

  #forget(kept: Kept): void {
    this.#kept.delete(kept.ID);
    if (this.#kept.size > 0) return;
    clearTimeout(this.#timer);
    this.#attempt.abort();
    this.#call?.cancel();
    this.#call = undefined;
  }

  #lost(kept: Kept): void {
    for (const answers of kept.readers) answers.end();
    this.#forget(kept);
  }

  /** Never throws. Ends when no lease is renewed any longer. */
  async #run(): Promise<void> {
    this.#running = true;
    let wait: number = STREAM_RETRY_MS.first;
    while (this.#kept.size > 0) {
      const { signal } = (this.#attempt = new AbortController());
      try {
        if (this.#isTokenOld) await this.#newToken(signal);
        this.#isTokenOld = false;
        const call = await this.#rpc.stream(Lease.methods.LeaseKeepAlive, { signal });
        // The last lease may have been given up since the call has begun: nobody else ends it.
        if (signal.aborted) call.cancel();
        else this.#begin(call);
        for await (const answer of call.answers) {
          wait = STREAM_RETRY_MS.first;
          this.#receive(answer);
        }
      } catch (error) {
        // Whatever it is, it may be over before the leases are.
        if (error instanceof ClientError && this.#rpc.canRenewToken(error.details)) this.#isTokenOld = true;
      }
      this.#call = undefined;
      if (this.#kept.size > 0) await pause(wait, signal);
      wait = Math.min(wait * 2, STREAM_RETRY_MS.last);
    }
    this.#running = false;
  }

  /** Throws ClientError; returns also when the signal is aborted. */
  async #newToken(signal: AbortSignal): Promise<void> {
    let ignoreSignal = (): void => undefined;
    const aborted = new Promise<void>((resolve) => (ignoreSignal = whenAborted(signal, resolve)));
    try {
      await Promise.race([this.#rpc.authenticate(), aborted]);
    } finally {
      ignoreSignal();
    }
  }

  /** What was sent over an earlier call may not have come through: it is sent again. */
  #begin(call: KeepAliveStream): void {
    this.#call = call;
    const now = performance.now();
    for (const kept of this.#kept.values()) if (kept.nextAt === Infinity) kept.nextAt = now;
    this.#renewDue();
  }

  /** Renews what is due, gives up what is over, and comes back when the next is. */
  #renewDue(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    let next = Infinity;
    for (const kept of this.#kept.values()) {
      if (kept.expiresAt <= now) {
        this.#lost(kept);
        continue;
      }
      if (kept.nextAt <= now && this.#call !== undefined) {
        this.#call.send({ ID: kept.ID });
        kept.sentAt = now;
        kept.nextAt = Infinity;
      }
      // Without a call there is nothing to do before the lease is over: the next call renews what is due.
      next = Math.min(next, kept.expiresAt, this.#call === undefined ? Infinity : kept.nextAt);
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.#renewDue(), Math.min(next - now, MAX_TIMER_MS));
  }

  #receive(answer: LeaseKeepAliveResponse): void {
    const kept = this.#kept.get(answer.ID);
    if (kept === undefined) return;
    if (answer.TTL <= 0) return this.#lost(kept);
    const now = performance.now();
    const ttl = answer.TTL * 1000;
    kept.expiresAt = kept.sentAt + ttl;
    // After an answer that was long on its way, in the middle of what is left.
    kept.nextAt = Math.min(now + ttl / 3, (now + kept.expiresAt) / 2);
    for (const answers of kept.readers) {
      answers.put(answer);
      if (answers.length > KEEP_ALIVE_QUEUE) answers.dropOldest();
    }
    this.#renewDue();
  }
}

/** Of a client that is closed. */
function endedAnswers(signal: AbortSignal | undefined): Answers<LeaseKeepAliveResponse> {
  const answers = new Answers<LeaseKeepAliveResponse>({ onLeave: () => undefined, signal });
  answers.end();
  return answers;
}

function isTransient({ code }: ClientError): boolean {
  return code === Code.Unavailable || code === Code.Internal;
}
