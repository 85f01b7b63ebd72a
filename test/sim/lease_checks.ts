// What must hold of leases: none ends before the time that somebody was promised, and each is over soon after it.

/** What a holder of a lease was promised. */
export interface KeepAlive {
  readonly key: string;
  readonly ttl: number;
  /** Not to be over before, in ms of the simulation. */
  until: number;
  /** When its end was seen first. */
  endedAt: number | undefined;
}

export class LeaseChecks {
  readonly #kept = new Map<string, KeepAlive>();
  readonly #fail: (text: string) => void;
  readonly #now: () => number;
  readonly #earlyMs: number;
  #renewals = 0;

  /** `now`: ms of any steady clock; `earlyMs`: by so much a lease may end earlier than it was promised. */
  constructor(options: {
    readonly now: () => number;
    readonly earlyMs: number;
    readonly fail: (text: string) => void;
  }) {
    this.#now = options.now;
    this.#earlyMs = options.earlyMs;
    this.#fail = options.fail;
  }

  get renewals(): number {
    return this.#renewals;
  }

  get ended(): number {
    return [...this.#kept.values()].filter(({ endedAt }) => endedAt !== undefined).length;
  }

  /** A lease of `ttl` s was granted behind `askedAt`, for `key` alone. */
  begin(key: string, ttl: number, askedAt: number): KeepAlive {
    const kept = { key, ttl, until: askedAt + ttl * 1000, endedAt: undefined };
    this.#kept.set(key, kept);
    return kept;
  }

  /** A renewal that was asked for at `askedAt` is answered with `ttl`; 0 = the lease is over. */
  onRenewed(kept: KeepAlive, ttl: number, askedAt: number): void {
    this.#renewals += 1;
    if (ttl === 0) return this.#onEnd(kept, 'is told to be over');
    if (ttl !== kept.ttl) this.#fail(`${kept.key} is renewed for ${ttl} s and not ${kept.ttl}`);
    kept.until = Math.max(kept.until, askedAt + ttl * 1000);
    if (kept.endedAt !== undefined) this.#judge(kept, kept.endedAt, 'was renewed, but was over');
  }

  /** A watcher has seen that `key` was deleted. */
  onDeleted(key: string): void {
    const kept = this.#kept.get(key);
    if (kept !== undefined) this.#onEnd(kept, 'is deleted');
  }

  #onEnd(kept: KeepAlive, what: string): void {
    kept.endedAt ??= this.#now();
    this.#judge(kept, kept.endedAt, what);
  }

  #judge({ key, until }: KeepAlive, at: number, what: string): void {
    if (at < until - this.#earlyMs) this.#fail(`${key} ${what} at ${at}, it was promised until ${until}`);
  }
}
