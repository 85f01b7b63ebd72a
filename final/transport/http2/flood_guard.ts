// What a connection may cost beside its requests. Frames that cost us work and the client next to nothing draw on
// allowances that fill up with time; a client that has used one up is sent away.

import {
  MAX_CONTROL_BURST,
  MAX_CONTROLS_PER_SECOND,
  MAX_EMPTY_BURST,
  MAX_EMPTY_PER_SECOND,
  MAX_RESET_BURST,
  MAX_RESETS_PER_SECOND,
} from '../limits.ts';
import { ConnectionError, ErrorCode } from './frames.ts';

/** So many at once, and so many a second in the long run. */
export class Allowance {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  /** `now`: milliseconds of a steady clock. */
  constructor(burst: number, perSecond: number, now: () => number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#now = now;
    this.#left = burst;
    this.#filledAt = now();
  }

  /** Adds to what is left, up to the burst. */
  earn(count: number): void {
    this.#left = Math.min(this.#left + count, this.#burst);
  }

  /** Takes one; false when none is left. */
  take(): boolean {
    // The clock is looked at only when it matters.
    if (this.#left < 1) this.#fill();
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  #fill(): void {
    const now = this.#now();
    this.#left = Math.min(this.#left + (now - this.#filledAt) * this.#perMs, this.#burst);
    this.#filledAt = now;
  }
}

/** The allowances of one connection. Each method throws {@link ConnectionError} when its allowance is used up. */
export class FloodGuard {
  readonly #resets: Allowance;
  readonly #controls: Allowance;
  readonly #empties: Allowance;

  constructor(now: () => number) {
    this.#resets = new Allowance(MAX_RESET_BURST, MAX_RESETS_PER_SECOND, now);
    this.#controls = new Allowance(MAX_CONTROL_BURST, MAX_CONTROLS_PER_SECOND, now);
    this.#empties = new Allowance(MAX_EMPTY_BURST, MAX_EMPTY_PER_SECOND, now);
  }

  /** A stream that was reset before it was answered, by the client or because of a mistake of the client. */
  onReset(): void {
    if (!this.#resets.take()) throw calm('too_many_resets');
  }

  /**
   * SETTINGS, PING or a small WINDOW_UPDATE. `expected`: how many of them our own output gave reason for since the last
   * one. Clients of grpc-go send a PING and a WINDOW_UPDATE for nearly every message, to measure the connection.
   */
  onControl(expected: number): void {
    this.#controls.earn(expected);
    if (!this.#controls.take()) throw calm('too_many_control_frames');
  }

  /** DATA without data that ends nothing. */
  onEmpty(): void {
    if (!this.#empties.take()) throw calm('too_many_empty_frames');
  }
}

function calm(text: string): ConnectionError {
  return new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, text);
}
