// The peer's half of a stream: we dial, and read its messages in the endless body of the answer. Mirrors the reading half of
// etcd's rafthttp/stream.go. Whoever owns it calls `tick` every PEER_REDIAL_MS, which dials when there is no connection.

import type http from 'node:http';
import { PEER_SILENCE_MS } from '../limits.ts';
import type { PeerContext } from './context.ts';
import { hasKnownStreams, hexId, peerHeaders } from './headers.ts';
import type { Inbox } from './inbox.ts';
import { MessageDecoder } from './message_codec.ts';
import { MsgAppV2Decoder } from './msgappv2_codec.ts';
import type { PeerStatus } from './peer_status.ts';
import { answerText, readAnswer, startRequest } from './request.ts';
import type { StreamDecoder, StreamKind } from './stream_codec.ts';
import type { UrlPicker } from './url_picker.ts';

export const STREAM_PATH = '/raft/stream/';

export class StreamReader {
  readonly #id: bigint;
  readonly #kind: StreamKind;
  readonly #context: PeerContext;
  readonly #picker: UrlPicker;
  readonly #status: PeerStatus;
  readonly #inbox: Inbox;
  // The connection, from dialing on; undefined while there is none.
  #request: http.ClientRequest | undefined;
  // Why the last attempt was refused: the same reason is logged once.
  #refusal = '';
  #isStopped = false;

  constructor(
    id: bigint,
    kind: StreamKind,
    parts: { context: PeerContext; picker: UrlPicker; status: PeerStatus; inbox: Inbox },
  ) {
    this.#id = id;
    this.#kind = kind;
    this.#context = parts.context;
    this.#picker = parts.picker;
    this.#status = parts.status;
    this.#inbox = parts.inbox;
  }

  tick(): void {
    if (this.#request === undefined && !this.#isStopped) this.#dial();
  }

  stop(): void {
    this.#isStopped = true;
    this.#request?.destroy();
    this.#request = undefined;
  }

  #dial(): void {
    const url = this.#picker.pick();
    try {
      const request = this.#start(url);
      this.#request = request;
      request.on('error', (error) => this.#dialFailed(request, url, error.message));
      request.on('response', (response) => {
        // Errors of an answer are errors of reading, not of dialing.
        response.on('error', () => {});
        if (this.#request !== request) response.destroy();
        else if (response.statusCode === 200) this.#established(request, url, response);
        else void this.#refused(request, url, response);
      });
      request.end();
    } catch (error) {
      this.#dialFailed(undefined, url, (error as Error).message);
    }
  }

  #start(url: string): http.ClientRequest {
    const { local, streamAgent, dialTimeoutMs } = this.#context;
    return startRequest({
      url,
      path: `${STREAM_PATH}${this.#kind}/${hexId(local.id)}`,
      method: 'GET',
      headers: { ...peerHeaders(local), 'X-Raft-To': hexId(this.#id) },
      agent: streamAgent,
      dialTimeoutMs,
      silenceMs: PEER_SILENCE_MS,
    });
  }

  #established(request: http.ClientRequest, url: string, response: http.IncomingMessage): void {
    if (!hasKnownStreams(response.headers)) {
      this.#logRefusal('unsupported stream type');
      return this.#dialFailed(request, url, 'unsupported stream type');
    }
    this.#refusal = '';
    this.#status.activate();
    this.#context.log.info('established TCP streaming connection with remote peer', this.#fields());
    const decoder = this.#newDecoder();
    response.on('data', (chunk: Buffer) => this.#read(request, decoder, chunk));
    // A peer that stops ends the body, and has said nothing wrong by that.
    response.on('end', () => this.#lost(request, undefined));
    response.on('error', (error) => this.#lost(request, error.message));
    response.on('close', () => this.#lost(request, 'the connection is closed'));
  }

  #newDecoder(): StreamDecoder {
    if (this.#kind === 'message') return new MessageDecoder();
    return new MsgAppV2Decoder({ from: this.#id, to: this.#context.local.id });
  }

  #read(request: http.ClientRequest, decoder: StreamDecoder, chunk: Buffer): void {
    if (this.#request !== request) return;
    try {
      for (const message of decoder.push(chunk)) this.#inbox.receive(message);
    } catch (error) {
      this.#lost(request, (error as Error).message);
    }
  }

  #lost(request: http.ClientRequest, reason: string | undefined): void {
    if (this.#request !== request) return;
    this.#request = undefined;
    request.destroy();
    this.#context.log.warn('lost TCP streaming connection with remote peer', {
      ...this.#fields(),
      error: reason ?? 'EOF',
    });
    if (reason !== undefined) this.#status.deactivate({ source: this.#kind, action: 'read', reason });
  }

  async #refused(request: http.ClientRequest, url: string, response: http.IncomingMessage): Promise<void> {
    let text = '';
    try {
      text = answerText(await readAnswer(response));
    } catch (error) {
      text = (error as Error).message;
    }
    if (this.#request !== request) return;
    const status = response.statusCode ?? 0;
    if (status === 410) this.#context.reports.removed();
    const local = hexId(this.#context.local.id);
    const reason =
      status === 404
        ? `peer ${hexId(this.#id)} failed to find local node ${local}`
        : status === 410
          ? 'the member has been permanently removed from the cluster'
          : status === 412
            ? text
            : `unhandled http status ${status}`;
    this.#logRefusal(reason);
    this.#dialFailed(request, url, reason);
  }

  #dialFailed(request: http.ClientRequest | undefined, url: string, reason: string): void {
    if (this.#request !== request) return;
    this.#request = undefined;
    request?.destroy();
    this.#picker.unreachable(url);
    this.#status.deactivate({ source: this.#kind, action: 'dial', reason });
  }

  #logRefusal(reason: string): void {
    if (reason === this.#refusal) return;
    this.#refusal = reason;
    this.#context.log.warn('request sent was refused by remote peer', { ...this.#fields(), error: reason });
  }

  #fields(): Record<string, string> {
    return {
      'stream-reader-type': this.#kind,
      'local-member-id': hexId(this.#context.local.id),
      'remote-peer-id': hexId(this.#id),
    };
  }
}
