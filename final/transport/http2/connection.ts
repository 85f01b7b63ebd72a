// One connection of a client: it reads, writes and ends here; frame_handler.ts says what each frame does. All that one
// read of the socket causes is written in one piece at its end.

import type net from 'node:net';
import {
  CONNECTION_WINDOW_BYTES,
  GOAWAY_LINGER_MS,
  MAX_HEADER_LIST_BYTES,
  MAX_UNREAD_OUTPUT_BYTES,
  STREAM_WINDOW_BYTES,
} from '../limits.ts';
import { FrameHandler } from './frame_handler.ts';
import { FrameReader } from './frame_reader.ts';
import { FrameWriter } from './frame_writer.ts';
import { ConnectionError, DEFAULT_WINDOW_BYTES, ErrorCode, MAX_STREAM_ID, PREFACE, Setting } from './frames.ts';
import { Sender } from './sender.ts';
import type { OnStream } from './stream.ts';
import { Streams } from './streams.ts';
import { flushAtEndOfTurn } from './turn.ts';

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** A request has come; it is answered through the stream. */
  readonly onStream: OnStream;
  /** The client has sent a PING, which is answered already. */
  readonly onPing: () => void;
  /** The connection is over, `reason` when it ended badly. The last call. */
  readonly onClose: (reason: string | undefined) => void;
}

// Tells the PING of a graceful stop from those that look whether the client is there.
const STOP_PING = Buffer.from('stopping');
const ALIVE_PING = Buffer.from('alive? ?');

export class Connection {
  readonly #socket: net.Socket;
  readonly #events: ConnectionEvents;
  readonly #writer: FrameWriter;
  readonly #sender: Sender;
  readonly #streams: Streams;
  readonly #frames: FrameHandler;
  readonly #reader: FrameReader;
  #isReading = false;
  #isFlushDue = false;
  #isPaused = false;
  #isStopping = false;
  // Ended: with GOAWAY and a wait for the client to read it, then for good.
  #isEnding = false;
  #isClosed = false;
  #reason: string | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #hasRead = false;

  /** Takes over a paused socket; nothing happens before {@link start}. */
  constructor(
    socket: net.Socket,
    options: { readonly maxConcurrentStreams: number; readonly events: ConnectionEvents },
  ) {
    this.#socket = socket;
    this.#events = options.events;
    this.#writer = new FrameWriter(socket);
    this.#sender = new Sender(this.#writer, (stream) => this.#streams.onAnswered(stream));
    this.#streams = new Streams({
      writer: this.#writer,
      sender: this.#sender,
      remoteAddress: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`,
      onOutput: () => this.#afterOutput(),
      onIdle: () => this.#onIdle(),
    });
    const parts = { writer: this.#writer, sender: this.#sender, streams: this.#streams };
    this.#frames = new FrameHandler(parts, {
      maxConcurrentStreams: options.maxConcurrentStreams,
      onStream: options.events.onStream,
      onPing: options.events.onPing,
      onPong: (data) => this.#acceptPong(data),
    });
    this.#reader = new FrameReader((frame) => this.#frames.onFrame(frame));
    this.#writer.settings([
      [Setting.MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams],
      [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
      [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
    ]);
    this.#writer.windowUpdate(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
  }

  /** Begins. `head`: the first bytes of the client, its whole preface at least. */
  start(head: Buffer): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('error', (error) => {
      this.#reason ??= error.message;
    });
    socket.once('end', () => this.destroy());
    socket.once('close', () => this.#onClose());
    this.#read(head.subarray(PREFACE.length));
    if (!this.#isPaused) socket.resume();
  }

  /** Number of open streams. */
  get openStreams(): number {
    return this.#streams.count;
  }

  /** Whether headers or data were sent since the last call. */
  takeHasSent(): boolean {
    const { hasSent } = this.#sender;
    this.#sender.hasSent = false;
    return hasSent;
  }

  /** Whether anything has come in since the last call. */
  takeHasRead(): boolean {
    const hasRead = this.#hasRead;
    this.#hasRead = false;
    return hasRead;
  }

  /** Sends a PING, which the client answers if it is there. */
  ping(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#writer.ping(ALIVE_PING, false);
    this.#afterOutput();
  }

  /**
   * Lets no new stream begin, and ends when the open ones are over. In two steps: a client may have sent requests before
   * it reads that it should not; they are still served.
   */
  stop(): void {
    if (this.#isStopping || this.#isEnding || this.#isClosed) return;
    this.#isStopping = true;
    this.#writer.goAway(MAX_STREAM_ID, ErrorCode.NO_ERROR, '');
    this.#writer.ping(STOP_PING, false);
    this.#afterOutput();
  }

  /** Ends at once, with GOAWAY, whatever is going on. `text` is for the client. */
  sendAway(code: number, text: string): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    this.#reason = text;
    this.#reader.stop();
    this.#writer.goAway(this.#frames.lastStream, code, text);
    this.#streams.closeAll();
    this.#endSocket();
  }

  /** Ends at once, without a word. */
  destroy(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#reader.stop();
    this.#streams.closeAll();
    this.#socket.destroy();
  }

  /** Writes what has gathered; called by turn.ts. */
  flushTurn(): void {
    this.#isFlushDue = false;
    this.#flush();
  }

  #read(chunk: Buffer): void {
    // What comes behind GOAWAY is only taken off the wire, so that the client gets to read its end.
    if (this.#isEnding) return;
    this.#hasRead = true;
    this.#isReading = true;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.sendAway(error.code, error.message);
    } finally {
      this.#isReading = false;
    }
    this.#flush();
    if (this.#writer.backlog > MAX_UNREAD_OUTPUT_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  // Something was written. What a read causes goes out at its end; anything else waits for the end of the turn.
  #afterOutput(): void {
    if (this.#isReading || this.#isFlushDue) return;
    this.#isFlushDue = true;
    flushAtEndOfTurn(this);
  }

  #flush(): void {
    if (this.#isClosed) return;
    if (!this.#isEnding) this.#streams.resetHalfClosed();
    this.#writer.flush();
  }

  #onDrain(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (this.#isEnding) return;
    this.#sender.sendWaiting();
    this.#flush();
  }

  // The client has read that it should begin no more calls: what it has sent before is known now.
  #acceptPong(data: Buffer): void {
    if (!this.#isStopping || this.#frames.isRefusing || !data.equals(STOP_PING)) return;
    this.#frames.isRefusing = true;
    this.#writer.goAway(this.#frames.lastStream, ErrorCode.NO_ERROR, '');
    this.#onIdle();
  }

  // The last stream has ended. When no further one may begin, so has the connection.
  #onIdle(): void {
    if (!this.#frames.isRefusing || this.#streams.count > 0 || this.#isEnding) return;
    this.#isEnding = true;
    this.#endSocket();
  }

  // Closing a socket that has unread input could destroy what the client has not read yet: it is given a moment.
  #endSocket(): void {
    this.#writer.flush();
    this.#socket.end();
    if (this.#isPaused) this.#socket.resume();
    this.#lingerTimer = setTimeout(() => this.#socket.destroy(), GOAWAY_LINGER_MS);
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnding = true;
    clearTimeout(this.#lingerTimer);
    this.#reader.stop();
    this.#streams.closeAll();
    this.#events.onClose(this.#reason);
  }
}
