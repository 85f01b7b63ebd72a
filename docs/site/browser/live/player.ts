// The clock of the one who looks: while it plays, simulated time goes on with every picture of the browser.

// A page that was hidden does not make up for the time.
const LONGEST_FRAME_MS = 100;
// For those who want no motion, the picture changes a few times a second and nothing glides.
const STILL_FRAME_MS = 250;

export class Player {
  /** The moment that is shown, in simulated ms, with fractions. */
  clock = 0;
  /** Simulated ms for each second. */
  speed: number;
  readonly isStill = globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches;
  readonly #onFrame: () => void;
  readonly #isThere: () => boolean;
  #isPlaying = false;

  /** `onFrame` is told when the clock has moved; it plays only while `isThere`. */
  constructor(options: { speed: number; onFrame: () => void; isThere: () => boolean }) {
    this.speed = options.speed;
    this.#onFrame = options.onFrame;
    this.#isThere = options.isThere;
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  play(): void {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.#plan(performance.now());
  }

  pause(): void {
    this.#isPlaying = false;
  }

  #plan(last: number): void {
    const frame = (): void => {
      if (!this.#isPlaying || !this.#isThere()) return;
      const now = performance.now();
      const longest = this.isStill ? 2 * STILL_FRAME_MS : LONGEST_FRAME_MS;
      this.clock += (Math.min(now - last, longest) / 1000) * this.speed;
      this.#onFrame();
      this.#plan(now);
    };
    if (this.isStill) setTimeout(frame, STILL_FRAME_MS);
    else requestAnimationFrame(frame);
  }
}
