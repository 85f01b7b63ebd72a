// Small POST requests to a peer, many a second, on a few connections that are kept. The peer port of the real etcd does not answer
// a request that comes before it has answered the one before; ours does, and says so in its answers. Then several are sent without
// waiting, and those of one turn leave in one write. node:http has one at a time, and costs several times as much.

import net from 'node:net';
import { HTTP_HEADER_BYTES, LEASE_CONNECTIONS, POSTS_PER_CONNECTION } from '../../limits.ts';
import { PEER_ANSWER_BYTES, PEER_KEEP_ALIVE_MS } from '../limits.ts';
import { addressOf } from '../rafthttp/request.ts';

/** The header by which a peer says that it takes requests before it has answered those before. */
export const PIPELINED_HEADER = 'X-Etcd-Pipelined';
const PIPELINED = new RegExp(`\\r\\n${PIPELINED_HEADER}: *true\\r\\n`, 'i');

export interface Post {
  readonly url: string;
  readonly path: string;
  readonly body: Uint8Array;
  /** For all of it. */
  readonly timeoutMs: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Connections to peers, opened as they are needed and closed when they are idle. */
export class PostPipelines {
  readonly #byUrl = new Map<string, Pipeline[]>();

  /** Rejects with an Error when the peer cannot be reached, answers something that is no HTTP, or takes too long. */
  post(post: Post): Promise<PostAnswer> {
    return new Promise((resolve, reject) => this.#choose(post.url).add(post, { resolve, reject }));
  }

  // The first that can send more, so that few are in use and what they send leaves together; a new one while there is none.
  #choose(url: string): Pipeline {
    const pipelines = this.#byUrl.get(url) ?? [];
    const free = pipelines.find((one) => one.length < one.depth);
    if (free !== undefined) return free;
    if (pipelines.length >= LEASE_CONNECTIONS) return pipelines.reduce((a, b) => (b.length < a.length ? b : a));
    const opened = new Pipeline(url, () => this.#forget(url, opened));
    this.#byUrl.set(url, [...pipelines, opened]);
    return opened;
  }

  #forget(url: string, closed: Pipeline): void {
    const rest = (this.#byUrl.get(url) ?? []).filter((one) => one !== closed);
    if (rest.length === 0) this.#byUrl.delete(url);
    else this.#byUrl.set(url, rest);
  }
}

interface Waiting {
  readonly request: Buffer;
  readonly resolve: (answer: PostAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

class Pipeline {
  readonly #socket: net.Socket;
  readonly #host: string;
  readonly #onClose: () => void;
  // The first `#sent` of them are sent, the others wait for an answer.
  readonly #waiting: Waiting[] = [];
  #sent = 0;
  /** How many may be sent without an answer: one, until an answer says more. */
  depth = 1;
  #unread: Buffer = Buffer.alloc(0);
  #isClosed = false;

  constructor(url: string, onClose: () => void) {
    const address = addressOf(url);
    this.#onClose = onClose;
    this.#host = 'socketPath' in address ? 'localhost' : `${address.host}:${address.port}`;
    this.#socket = 'socketPath' in address ? net.connect(address.socketPath) : net.connect(address.port, address.host);
    this.#socket.setNoDelay(true);
    // Half of what the other side waits: it must not close just when a request is sent.
    this.#socket.setTimeout(PEER_KEEP_ALIVE_MS / 2, () => {
      if (this.#waiting.length === 0) this.#close(new Error('idle'));
    });
    this.#socket.on('data', (bytes) => this.#onData(bytes));
    this.#socket.on('error', (error) => this.#close(error));
    this.#socket.on('close', () => this.#close(new Error(`${url} has closed the connection`)));
  }

  /** Requests without an answer. */
  get length(): number {
    return this.#waiting.length;
  }

  add({ path, body, timeoutMs }: Post, { resolve, reject }: Pick<Waiting, 'resolve' | 'reject'>): void {
    // The answers behind it cannot come either.
    const timer = setTimeout(() => this.#close(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Length: ${body.length}\r\n\r\n`;
    this.#waiting.push({ request: Buffer.concat([Buffer.from(head, 'latin1'), body]), resolve, reject, timer });
    this.#send();
  }

  #send(): void {
    const socket = this.#socket;
    if (this.#waiting.length === 0) return void socket.unref();
    const due = this.#waiting.slice(this.#sent, this.depth);
    if (due.length === 0) return;
    socket.ref();
    socket.cork();
    for (const { request } of due) socket.write(request);
    this.#sent += due.length;
    process.nextTick(() => socket.uncork());
  }

  #onData(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    let at = 0;
    try {
      for (let answer = readAnswer(this.#unread, at); answer !== undefined; answer = readAnswer(this.#unread, at)) {
        at = answer.end;
        if (this.#sent === 0) throw new Error('an answer to no request');
        this.#sent -= 1;
        const waiting = this.#waiting.shift() as Waiting;
        this.depth = answer.isPipelined ? POSTS_PER_CONNECTION : 1;
        clearTimeout(waiting.timer);
        waiting.resolve(answer);
      }
    } catch (error) {
      return this.#close(error as Error);
    }
    this.#unread = this.#unread.subarray(at);
    this.#send();
  }

  #close(why: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#socket.destroy();
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(why);
    }
  }
}

/** The answer that begins at `at`; undefined when it is not there as a whole. Throws an Error for what is no such answer. */
function readAnswer(
  bytes: Buffer,
  at: number,
): (PostAnswer & { readonly end: number; readonly isPipelined: boolean }) | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n', at, 'latin1');
  if (headEnd < 0) {
    if (bytes.length - at > HTTP_HEADER_BYTES) throw new Error('a header that does not end');
    return undefined;
  }
  const head = bytes.toString('latin1', at, headEnd + 2);
  const status = /^HTTP\/1\.1 (\d{3})[ \r]/.exec(head)?.[1];
  const length = Number(/\r\ncontent-length: *(\d{1,9})\r\n/i.exec(head)?.[1]);
  // Without a length its end would be that of the connection, or chunks: nothing that a peer says in so few words.
  if (status === undefined || Number.isNaN(length)) throw new Error(`no answer: ${head.slice(0, 80)}`);
  if (length > PEER_ANSWER_BYTES) throw new Error(`an answer of ${length} bytes`);
  const start = headEnd + 4;
  if (bytes.length < start + length) return undefined;
  const isPipelined = PIPELINED.test(head);
  return { status: Number(status), body: bytes.subarray(start, start + length), end: start + length, isPipelined };
}
