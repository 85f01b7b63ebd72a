// Messages to a peer by POST, each a request of its own: the way while no stream stands. Mirrors etcd's rafthttp/pipeline.go.

import type http from 'node:http';
import { codecs } from '../../../proto/load.ts';
import type { RaftMessage } from '../../../proto/schema.ts';
import { PIPELINE_ANSWER_MS, PIPELINE_QUEUE_MESSAGES, PIPELINE_REQUESTS } from '../limits.ts';
import type { PeerContext } from './context.ts';
import { peerHeaders } from './headers.ts';
import type { PeerStatus } from './peer_status.ts';
import { posted, RemovedError } from './post.ts';
import { startRequest } from './request.ts';
import type { UrlPicker } from './url_picker.ts';

export const PIPELINE_PATH = '/raft';

export class Pipeline {
  readonly #id: bigint;
  readonly #context: PeerContext;
  readonly #picker: UrlPicker;
  readonly #status: PeerStatus;
  readonly #queue: RaftMessage[] = [];
  readonly #requests = new Set<http.ClientRequest>();
  #running = 0;
  #isStopped = false;

  constructor(id: bigint, parts: { context: PeerContext; picker: UrlPicker; status: PeerStatus }) {
    this.#id = id;
    this.#context = parts.context;
    this.#picker = parts.picker;
    this.#status = parts.status;
  }

  /** Takes a message; false when the queue is full. */
  send(message: RaftMessage): boolean {
    if (this.#isStopped) return true;
    if (this.#running === PIPELINE_REQUESTS && this.#queue.length >= PIPELINE_QUEUE_MESSAGES) return false;
    this.#queue.push(message);
    if (this.#running < PIPELINE_REQUESTS) void this.#work();
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#queue.length = 0;
    for (const request of this.#requests) request.destroy();
  }

  async #work(): Promise<void> {
    this.#running += 1;
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      await this.#post(message);
    }
    this.#running -= 1;
  }

  async #post(message: RaftMessage): Promise<void> {
    const url = this.#picker.pick();
    try {
      await this.#request(url, codecs['raftpb.Message'].encode(message));
      if (!this.#isStopped) this.#status.activate();
    } catch (error) {
      if (this.#isStopped) return;
      if (error instanceof RemovedError) this.#context.reports.removed();
      this.#picker.unreachable(url);
      this.#status.deactivate({ source: 'pipeline', action: 'write', reason: (error as Error).message });
      this.#context.reports.unreachable(this.#id);
    }
  }

  // The peer may close an idle connection at the moment when we use it again: then the message goes by another one.
  async #request(url: string, body: Uint8Array): Promise<void> {
    for (;;) {
      const request = this.#start(url, body.length);
      this.#requests.add(request);
      try {
        request.end(body);
        return await posted(request);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (this.#isStopped || !request.reusedSocket || (code !== 'ECONNRESET' && code !== 'EPIPE')) throw error;
      } finally {
        this.#requests.delete(request);
      }
    }
  }

  #start(url: string, length: number): http.ClientRequest {
    const { local, requestAgent, dialTimeoutMs } = this.#context;
    return startRequest({
      url,
      path: PIPELINE_PATH,
      method: 'POST',
      headers: { ...peerHeaders(local), 'Content-Type': 'application/protobuf', 'Content-Length': length },
      agent: requestAgent,
      dialTimeoutMs,
      silenceMs: PIPELINE_ANSWER_MS,
    });
  }
}
