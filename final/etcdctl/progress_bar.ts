// How far a check is, on one line that is written over itself. Mirrors the bar of etcdctl 3.4 as it is where the width of
// the terminal is not known.

/** How often it is written, in ms. */
const refreshMs = 200;

export interface Progress {
  readonly current: number;
  readonly total: number;
  /** Seconds. */
  readonly sinceStart: number;
  /** Seconds from the start to when `current` was last seen to change. */
  readonly changedAfter: number;
}

export class ProgressBar {
  readonly #total: number;
  readonly #write: (text: string) => void;
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;
  #current = 0;
  #shown = 0;
  #changedAt = performance.now();

  /** Writes at once, and goes on until it is finished. */
  constructor(total: number, write: (text: string) => void) {
    this.#total = total;
    this.#write = write;
    this.#timer = setInterval(() => this.#refresh(), refreshMs);
    this.#refresh();
  }

  add(count: number): void {
    this.#current += count;
  }

  /** All is done: writes how long it took, and ends the line. */
  finish(): void {
    clearInterval(this.#timer);
    this.#write(`\r${counters(this.#total, this.#total)} ${shortDuration(this.#seconds(performance.now()))}\n`);
  }

  #refresh(): void {
    const now = performance.now();
    if (this.#shown !== this.#current) this.#changedAt = now;
    this.#shown = this.#current;
    const [sinceStart, changedAfter] = [this.#seconds(now), this.#seconds(this.#changedAt)];
    this.#write(`\r${progressLine({ current: this.#current, total: this.#total, sinceStart, changedAfter })}`);
  }

  #seconds(now: number): number {
    return (now - this.#start) / 1000;
  }
}

/** ` 93 / 10000    0.93% 00m21s`, with the time that is left, if that is known and not less than a second */
export function progressLine({ current, total, sinceStart, changedAfter }: Progress): string {
  const left = Math.floor(((total - current) * changedAfter) / current - (sinceStart - changedAfter));
  const isKnown = current > 0 && left > 0;
  return `${counters(current, total)}${isKnown ? ` ${clock(left)}` : ''}`;
}

function counters(current: number, total: number): string {
  return ` ${current} / ${total}  ${((current / total) * 100).toFixed(2).padStart(6)}%`;
}

/** `00m21s`, `01h00m21s` */
function clock(seconds: number): string {
  const two = (value: number): string => Math.floor(value).toString().padStart(2, '0');
  const hours = seconds < 3600 ? '' : `${two(seconds / 3600)}h`;
  return `${hours}${two((seconds % 3600) / 60)}m${two(seconds % 60)}s`;
}

function shortDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`;
}
