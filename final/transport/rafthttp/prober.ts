// Asks a peer every few seconds whether it lives and what time it has; only changes are logged. Mirrors etcd's
// rafthttp/probing_status.go. Nothing depends on the answers: they help operators.

import type { PeerContext } from './context.ts';
import { hexId } from './headers.ts';
import { CLOCK_DIFFERENCE_MS, PROBE_INTERVAL_MS } from '../limits.ts';
import { readAnswer, startRequest } from './request.ts';
import type { UrlPicker } from './url_picker.ts';

export const PROBING_PATH = '/raft/probing';

const ANSWER_BYTES = 1024;

export class Prober {
  readonly #id: bigint;
  readonly #context: PeerContext;
  readonly #picker: UrlPicker;
  readonly #stopTimer: () => void;
  #isRunning = false;
  #problem = '';

  constructor(id: bigint, parts: { context: PeerContext; picker: UrlPicker }) {
    this.#id = id;
    this.#context = parts.context;
    this.#picker = parts.picker;
    this.#stopTimer = parts.context.clock.every(PROBE_INTERVAL_MS, () => void this.#probe());
  }

  stop(): void {
    this.#stopTimer();
  }

  async #probe(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const problem = await this.#ask().catch((error: Error) => `prober detected unhealthy status (${error.message})`);
    this.#isRunning = false;
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== '') this.#context.log.warn(problem, { 'remote-peer-id': hexId(this.#id) });
  }

  // Returns what is wrong, or nothing.
  async #ask(): Promise<string> {
    const { requestAgent, dialTimeoutMs, clock } = this.#context;
    const answer = await new Promise<{ readonly body: Buffer }>((resolve, reject) => {
      const request = startRequest({
        url: this.#picker.pick(),
        path: PROBING_PATH,
        method: 'GET',
        agent: requestAgent,
        dialTimeoutMs,
        silenceMs: PROBE_INTERVAL_MS,
      });
      request.on('error', reject);
      request.on('response', (response) => void readAnswer(response, ANSWER_BYTES).then(resolve, reject));
      request.end();
    });
    const { OK: ok, Now: now } = JSON.parse(answer.body.toString('utf8')) as { OK?: unknown; Now?: unknown };
    if (ok !== true) return 'prober detected unhealthy status';
    const difference = Date.parse(String(now)) - clock.wall();
    return Math.abs(difference) > CLOCK_DIFFERENCE_MS ? 'prober found high clock drift' : '';
  }
}
