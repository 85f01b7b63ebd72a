// Sends a MsgSnap and the database behind it in one POST. Mirrors etcd's rafthttp/snapshot_sender.go.

import type http from 'node:http';
import type { RaftMessage } from '../../../proto/schema.ts';
import type { DatabaseReader } from '../../server/peer_transport.ts';
import { PEER_SNAPSHOT_CHUNK_BYTES, SNAPSHOT_ANSWER_MS } from '../limits.ts';
import { ByteWriter } from './byte_writer.ts';
import type { PeerContext } from './context.ts';
import { hexId, peerHeaders } from './headers.ts';
import { MessageEncoder } from './message_codec.ts';
import type { PeerStatus } from './peer_status.ts';
import { posted, RemovedError } from './post.ts';
import { startRequest } from './request.ts';
import type { UrlPicker } from './url_picker.ts';

export const SNAPSHOT_PATH = '/raft/snapshot';

export class SnapshotSender {
  readonly #id: bigint;
  readonly #context: PeerContext;
  readonly #picker: UrlPicker;
  readonly #status: PeerStatus;
  readonly #requests = new Set<http.ClientRequest>();
  #isStopped = false;

  constructor(id: bigint, parts: { context: PeerContext; picker: UrlPicker; status: PeerStatus }) {
    this.#id = id;
    this.#context = parts.context;
    this.#picker = parts.picker;
    this.#status = parts.status;
  }

  /** Sends, and reports how it ended. Resolves when the database is not read any more; it is the caller's to release. */
  async send(message: RaftMessage, database: DatabaseReader): Promise<void> {
    const { log, reports } = this.#context;
    const url = this.#picker.pick();
    const fields = { to: hexId(this.#id), 'remote-peer-url': url, bytes: database.sizeBytes };
    log.info('sending database snapshot', fields);
    try {
      await this.#post(url, message, database);
      this.#status.activate();
      reports.snapshot(this.#id, true);
      log.info('sent database snapshot', fields);
    } catch (error) {
      if (this.#isStopped) return;
      const reason = (error as Error).message;
      log.warn('failed to send database snapshot', { ...fields, error: reason });
      if (error instanceof RemovedError) reports.removed();
      this.#picker.unreachable(url);
      this.#status.deactivate({ source: 'snapshot', action: 'post', reason });
      reports.unreachable(this.#id);
      reports.snapshot(this.#id, false);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const request of this.#requests) request.destroy();
  }

  async #post(url: string, message: RaftMessage, database: DatabaseReader): Promise<void> {
    const { local, streamAgent, dialTimeoutMs } = this.#context;
    const request = startRequest({
      url,
      path: SNAPSHOT_PATH,
      method: 'POST',
      headers: { ...peerHeaders(local), 'Content-Type': 'application/octet-stream' },
      agent: streamAgent,
      dialTimeoutMs,
      silenceMs: SNAPSHOT_ANSWER_MS,
    });
    this.#requests.add(request);
    try {
      // The answer may come before the body is written: when it does, it is a refusal.
      const answer = posted(request);
      await Promise.race([answer, writeBody(request, message, database)]);
      await answer;
    } finally {
      request.destroy();
      this.#requests.delete(request);
    }
  }
}

async function writeBody(request: http.ClientRequest, message: RaftMessage, database: DatabaseReader): Promise<void> {
  const head = new ByteWriter();
  new MessageEncoder().encode(message, head);
  request.write(head.finish());
  let offset = 0;
  while (offset < database.sizeBytes && !request.destroyed) {
    const chunk = database.read(offset, PEER_SNAPSHOT_CHUNK_BYTES);
    if (chunk.length === 0) throw new Error(`the database ended at ${offset} of ${database.sizeBytes} bytes`);
    offset += chunk.length;
    if (!request.write(chunk)) await drained(request);
  }
  request.end();
}

// Resolves when the socket takes more, or never will.
function drained(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done).off('close', done);
      resolve();
    };
    request.on('drain', done).on('close', done);
    if (request.destroyed) done();
  });
}
