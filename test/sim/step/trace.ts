// Everything that happens in a run, in order, each as one sentence, and a hash over all of them: two runs with equal hashes have
// gone through the same things at the same moments.

/** What an event is about. */
export type EventKind =
  | 'send'
  | 'receive'
  | 'lose'
  | 'write'
  | 'sync'
  | 'role'
  | 'term'
  | 'commit'
  | 'apply'
  | 'propose'
  | 'power'
  | 'network'
  | 'violation';

export interface TraceEvent {
  /** Ms since the beginning. */
  readonly at: number;
  readonly kind: EventKind;
  /** Whom it happened to: 1, 2, …; undefined for the network. */
  readonly member: number | undefined;
  readonly text: string;
}

export class Trace {
  readonly events: TraceEvent[] = [];
  // Two FNV-1a hashes of 32 bits with different beginnings: one alone would meet itself among a few ten thousand runs.
  #low = 0x811c9dc5;
  #high = 0x050c5d1f;

  add(event: TraceEvent): void {
    this.events.push(event);
    const line = `${event.at} ${event.kind} ${event.text}\n`;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ code, 0x01000193) + i;
    }
  }

  /** 16 hexadecimal digits over all events so far. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
