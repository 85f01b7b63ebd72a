// Messages to a peer by POST, one after the other, each a request of its own. Mirrors etcd's rafthttp/pipeline.go.

import http from 'node:http';
import { codecs } from '../../../../proto/load.ts';
import type { RaftMessage } from '../../../../proto/schema.ts';
import { PIPELINE_ANSWER_MS, PIPELINE_QUEUE_MESSAGES } from '../limits.ts';
import { type LocalMember, peerHeaders } from './headers.ts';

export const PIPELINE_PATH = '/raft';

export class Pipeline {
  readonly #local: LocalMember;
  // The first is tried next.
  readonly #urls: string[];
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #queue: RaftMessage[] = [];
  #isSending = false;

  /** `urls`: where the peer listens. */
  constructor(local: LocalMember, urls: readonly string[]) {
    this.#local = local;
    this.#urls = [...urls];
  }

  /** Takes a message. When too many wait it is dropped. */
  send(message: RaftMessage): void {
    if (this.#queue.length >= PIPELINE_QUEUE_MESSAGES) return;
    this.#queue.push(message);
    if (!this.#isSending) void this.#work();
  }

  stop(): void {
    this.#queue.length = 0;
    this.#agent.destroy();
  }

  async #work(): Promise<void> {
    this.#isSending = true;
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      const isTaken = await this.#post(codecs['raftpb.Message'].encode(message));
      if (!isTaken) this.#urls.push(...this.#urls.splice(0, 1));
    }
    this.#isSending = false;
  }

  // Resolves to whether there was an answer. A message that got lost is lost.
  #post(body: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      const request = http.request(`${this.#urls[0]}${PIPELINE_PATH}`, {
        method: 'POST',
        agent: this.#agent,
        headers: { ...peerHeaders(this.#local), 'Content-Type': 'application/protobuf', 'Content-Length': body.length },
        timeout: PIPELINE_ANSWER_MS,
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(false));
      request.on('response', (response) => response.resume().on('close', () => resolve(true)));
      request.end(body);
    });
  }
}
