// Our half of a stream: the peer has dialed, and reads our messages in the endless body of the answer. Mirrors the writing
// half of etcd's rafthttp/stream.go. What one call of `send` brings goes to the socket as one chunk of the body, at once:
// raft sends before it waits for its disk.

import type http from 'node:http';
import type net from 'node:net';
import type { RaftMessage } from '../../../proto/schema.ts';
import { PEER_HEARTBEAT_MS, PEER_QUEUE_MESSAGES, PEER_SILENCE_MS, PEER_SOCKET_BACKLOG_BYTES } from '../limits.ts';
import { ByteWriter } from './byte_writer.ts';
import type { PeerContext } from './context.ts';
import { hexId } from './headers.ts';
import { MessageEncoder } from './message_codec.ts';
import { MsgAppV2Encoder } from './msgappv2_codec.ts';
import type { PeerStatus } from './peer_status.ts';
import type { StreamEncoder, StreamKind } from './stream_codec.ts';

const LINE_END = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';

// All streams write through this one; it is empty between two writes.
const writer = new ByteWriter();

/** One connection, with the state of its encoder. */
interface Attached {
  readonly socket: net.Socket;
  readonly encoder: StreamEncoder;
  readonly stopHeartbeat: () => void;
  /** Since when (ms of the steady clock) the socket has taken nothing; undefined while it does. */
  blockedSince: number | undefined;
}

export class StreamWriter {
  readonly #id: bigint;
  readonly #kind: StreamKind;
  readonly #context: PeerContext;
  readonly #status: PeerStatus;
  #queue: RaftMessage[] = [];
  #attached: Attached | undefined;

  constructor(id: bigint, kind: StreamKind, parts: { context: PeerContext; status: PeerStatus }) {
    this.#id = id;
    this.#kind = kind;
    this.#context = parts.context;
    this.#status = parts.status;
  }

  get isAttached(): boolean {
    return this.#attached !== undefined;
  }

  /** Takes the connection behind `response`, whose head is to be sent yet; one from before is closed. */
  attach(response: http.ServerResponse): void {
    const { socket } = response;
    if (socket === null) return void response.destroy();
    this.#end();
    response.writeHead(200);
    response.flushHeaders();
    const { clock, log } = this.#context;
    const attached: Attached = {
      socket,
      encoder: this.#kind === 'msgapp' ? new MsgAppV2Encoder() : new MessageEncoder(),
      stopHeartbeat: clock.every(PEER_HEARTBEAT_MS, () => this.#heartbeat(attached)),
      blockedSince: undefined,
    };
    this.#attached = attached;
    socket.setNoDelay(true);
    socket.on('drain', () => this.#drained(attached));
    socket.on('error', (error) => this.#failed(attached, error.message));
    socket.on('close', () => this.#failed(attached, 'the connection is closed'));
    this.#status.activate();
    log.info('established TCP streaming connection with remote peer', this.#fields());
  }

  /** Takes a message that goes out with the next flush; false when the queue is full. */
  push(message: RaftMessage): boolean {
    if (this.#queue.length >= PEER_QUEUE_MESSAGES) return false;
    this.#queue.push(message);
    return true;
  }

  /** Writes what was pushed, as far as the peer reads. */
  flush(): void {
    const attached = this.#attached;
    if (attached === undefined || attached.blockedSince !== undefined || this.#queue.length === 0) return;
    let done = 0;
    while (done < this.#queue.length && attached.blockedSince === undefined) done += this.#writeSome(attached, done);
    if (done === this.#queue.length) this.#queue = [];
    else this.#queue.splice(0, done);
  }

  stop(): void {
    this.#queue = [];
    this.#end();
  }

  // Writes messages from place `start` of the queue as one chunk; returns their number.
  #writeSome(attached: Attached, start: number): number {
    let at = start;
    while (at < this.#queue.length && writer.length < PEER_SOCKET_BACKLOG_BYTES) {
      attached.encoder.encode(this.#queue[at] as RaftMessage, writer);
      at += 1;
    }
    this.#write(attached);
    return at - start;
  }

  // Sends what is in `writer` as one chunk of the body: its length in hexadecimal, the bytes, and line ends behind both. It
  // goes past the response, which would cut it into three and wait for the end of the turn.
  #write(attached: Attached): void {
    const { socket } = attached;
    socket.write(writer.finish(writer.length.toString(16) + LINE_END, LINE_END));
    if (socket.writableLength >= PEER_SOCKET_BACKLOG_BYTES) attached.blockedSince = this.#context.clock.now();
  }

  #heartbeat(attached: Attached): void {
    const { blockedSince } = attached;
    if (blockedSince === undefined) {
      attached.encoder.encodeHeartbeat(writer);
      this.#write(attached);
    } else if (this.#context.clock.now() - blockedSince > PEER_SILENCE_MS) {
      this.#failed(attached, 'i/o timeout');
    }
  }

  #drained(attached: Attached): void {
    attached.blockedSince = undefined;
    if (this.#attached === attached) this.flush();
  }

  #failed(attached: Attached, reason: string): void {
    if (this.#attached !== attached) return;
    this.#status.deactivate({ source: this.#kind, action: 'write', reason });
    this.#end();
    this.#context.log.warn('lost TCP streaming connection with remote peer', this.#fields());
  }

  // Messages that wait are lost with their connection: the next one begins with what raft says then.
  #end(): void {
    const attached = this.#attached;
    if (attached === undefined) return;
    this.#attached = undefined;
    attached.stopHeartbeat();
    close(attached);
    if (this.#queue.length > 0) this.#context.reports.unreachable(this.#id);
    this.#queue = [];
  }

  #fields(): Record<string, string> {
    return {
      'stream-writer-type': this.#kind,
      'local-member-id': hexId(this.#context.local.id),
      'remote-peer-id': hexId(this.#id),
    };
  }
}

// Ends the body in order, so that the peer sees that nothing is missing; one that does not read is cut off.
function close({ socket }: Attached): void {
  if (socket.writableLength > 0 || !socket.writable) return void socket.destroy();
  socket.write(LAST_CHUNK);
  socket.destroySoon();
}
