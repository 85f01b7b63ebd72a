// What each frame of a client does (RFC 9113, section 6). A mistake of the client in a stream resets the stream; one that
// leaves it unclear what follows throws ConnectionError, which ends the connection.

import { CONNECTION_WINDOW_BYTES, SMALL_WINDOW_UPDATE_BYTES } from '../limits.ts';
import { FloodGuard } from './flood_guard.ts';
import type { FrameWriter } from './frame_writer.ts';
import { ConnectionError, ErrorCode, Flag, type Frame, FrameType, uint31 } from './frames.ts';
import { HeaderBlocks, withoutPadding } from './header_blocks.ts';
import type { RequestHeaders } from './request_headers.ts';
import type { Sender } from './sender.ts';
import { PeerSettings } from './settings.ts';
import type { Http2Stream, OnStream } from './stream.ts';
import type { Streams } from './streams.ts';

export interface FrameHandlerOptions {
  readonly maxConcurrentStreams: number;
  readonly onStream: OnStream;
  readonly onPing: () => void;
  /** The client has answered a PING of ours. */
  readonly onPong: (data: Buffer) => void;
}

export class FrameHandler {
  readonly #writer: FrameWriter;
  readonly #sender: Sender;
  readonly #streams: Streams;
  readonly #options: FrameHandlerOptions;
  readonly #blocks = new HeaderBlocks();
  readonly #guard = new FloodGuard(() => performance.now());
  readonly #peer = new PeerSettings();
  #hasSettings = false;
  #receiveWindow = CONNECTION_WINDOW_BYTES;
  /** The last stream that the client has begun and we have not ignored. */
  lastStream = 0;
  /** Whether new streams are ignored: the client was told which one is the last. */
  isRefusing = false;

  constructor(
    parts: { readonly writer: FrameWriter; readonly sender: Sender; readonly streams: Streams },
    options: FrameHandlerOptions,
  ) {
    this.#writer = parts.writer;
    this.#sender = parts.sender;
    this.#streams = parts.streams;
    this.#options = options;
  }

  /** Takes the next frame. Throws {@link ConnectionError}. */
  onFrame(frame: Frame): void {
    const { type } = frame;
    if (!this.#hasSettings) this.#checkFirst(frame);
    if (this.#blocks.stream !== 0) {
      if (type !== FrameType.CONTINUATION || frame.stream !== this.#blocks.stream) {
        throw protocolError('a header block that is not complete');
      }
      const headers = this.#blocks.goOn(frame);
      if (headers !== undefined) this.#onHeaders(frame.stream, headers);
    } else if (type === FrameType.HEADERS) {
      checkOnStream(frame);
      const headers = this.#blocks.begin(frame);
      if (headers !== undefined) this.#onHeaders(frame.stream, headers);
    } else if (type === FrameType.DATA) this.#onData(frame);
    else this.#onOther(frame);
  }

  #checkFirst(frame: Frame): void {
    const isFirst = frame.type === FrameType.SETTINGS && (frame.flags & Flag.ACK) === 0;
    if (!isFirst) throw protocolError('no SETTINGS at first');
    this.#hasSettings = true;
  }

  #onOther(frame: Frame): void {
    switch (frame.type) {
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(frame);
      case FrameType.RST_STREAM:
        return this.#onReset(frame);
      case FrameType.SETTINGS:
        return this.#onSettings(frame);
      case FrameType.PING:
        return this.#onPing(frame);
      case FrameType.PRIORITY:
        return this.#onPriority(frame);
      case FrameType.GOAWAY:
        return checkOnConnection(frame, 8);
      case FrameType.PUSH_PROMISE:
        throw protocolError('a push from a client');
      case FrameType.CONTINUATION:
        throw protocolError('CONTINUATION without HEADERS');
      default:
        return;
    }
  }

  #onHeaders(id: number, headers: RequestHeaders): void {
    const open = this.#streams.get(id);
    if (open !== undefined) return this.#onTrailers(open);
    if (this.#streams.isEarlyClosed(id)) return;
    if (id % 2 === 0 || id <= this.lastStream) throw protocolError(`illegal stream ID ${id}`);
    if (this.isRefusing) return;
    this.lastStream = id;
    if (headers.isTooLarge) return this.#refuse(id, ErrorCode.ENHANCE_YOUR_CALM);
    if (headers.isMalformed) return this.#refuse(id, ErrorCode.PROTOCOL_ERROR);
    if (this.#streams.count >= this.#options.maxConcurrentStreams) return this.#refuse(id, ErrorCode.REFUSED_STREAM);
    if (this.#streams.isFull) return this.#refuse(id, ErrorCode.ENHANCE_YOUR_CALM);
    const stream = this.#streams.begin(id, this.#peer.initialWindow);
    const isEnd = this.#blocks.endStream;
    stream.isRemoteClosed = isEnd;
    stream.receiver = this.#options.onStream(stream, headers);
    if (isEnd) this.#streams.endRemote(stream);
  }

  // A second header block of a stream must be its end; what is in it is of no use to gRPC.
  #onTrailers(stream: Http2Stream): void {
    if (stream.isRemoteClosed) return this.#refuse(stream.id, ErrorCode.STREAM_CLOSED);
    if (!this.#blocks.endStream) return this.#refuse(stream.id, ErrorCode.PROTOCOL_ERROR);
    stream.isRemoteClosed = true;
    this.#streams.endRemote(stream);
  }

  #onData(frame: Frame): void {
    checkOnStream(frame);
    const length = frame.end - frame.start;
    this.#takeConnectionWindow(length);
    const { start, end } = withoutPadding(frame);
    const isEnd = (frame.flags & Flag.END_STREAM) !== 0;
    if (start === end && !isEnd) this.#guard.onEmpty();
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return this.#onDataOfClosed(frame.stream);
    if (stream.isRemoteClosed) return this.#refuse(stream.id, ErrorCode.STREAM_CLOSED);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) return this.#refuse(stream.id, ErrorCode.FLOW_CONTROL_ERROR);
    if (isEnd) stream.isRemoteClosed = true;
    else if (end - start < length) stream.giveWindow(length - (end - start));
    if (end > start && !stream.isLocalClosed) stream.receiver?.onData(frame.bytes, start, end);
    if (isEnd) this.#streams.endRemote(stream);
  }

  #onDataOfClosed(id: number): void {
    if (id > this.lastStream && !this.isRefusing) throw protocolError(`DATA on stream ${id}, which has not begun`);
    if (id <= this.lastStream && !this.#streams.isEarlyClosed(id)) this.#refuse(id, ErrorCode.STREAM_CLOSED);
  }

  // Given back at once, whoever reads it when: one slow stream must not stop the others. Streams have windows for that.
  #takeConnectionWindow(length: number): void {
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more data than its window');
    if (this.#receiveWindow > CONNECTION_WINDOW_BYTES / 2) return;
    this.#writer.windowUpdate(0, CONNECTION_WINDOW_BYTES - this.#receiveWindow);
    this.#receiveWindow = CONNECTION_WINDOW_BYTES;
  }

  #onWindowUpdate(frame: Frame): void {
    checkLength(frame, 4);
    const increment = uint31(frame.bytes, frame.start);
    if (increment < SMALL_WINDOW_UPDATE_BYTES) this.#countControl();
    if (frame.stream === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE of nothing');
      return this.#sender.growWindow(increment);
    }
    this.#checkBegun(frame);
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return;
    if (increment === 0) this.#refuse(stream.id, ErrorCode.PROTOCOL_ERROR);
    else if (!this.#sender.growStreamWindow(stream, increment)) {
      this.#refuse(stream.id, ErrorCode.FLOW_CONTROL_ERROR);
    }
  }

  #onReset(frame: Frame): void {
    checkOnStream(frame);
    checkLength(frame, 4);
    this.#checkBegun(frame);
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return;
    if (!stream.isOver) this.#guard.onReset();
    this.#streams.close(stream);
  }

  #onSettings(frame: Frame): void {
    if (frame.stream !== 0) throw protocolError('SETTINGS on a stream');
    if ((frame.flags & Flag.ACK) !== 0) return checkLength(frame, 0);
    this.#countControl();
    const windowBefore = this.#peer.initialWindow;
    this.#peer.apply(frame);
    if (this.#peer.hasLoweredTable) this.#writer.isTableUpdateDue = true;
    const growth = this.#peer.initialWindow - windowBefore;
    if (growth !== 0) this.#growAllWindows(growth);
    this.#writer.settingsAck();
  }

  #growAllWindows(growth: number): void {
    for (const stream of this.#streams.all()) {
      if (!this.#sender.growStreamWindow(stream, growth)) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'window overflow');
      }
    }
  }

  #onPing(frame: Frame): void {
    checkOnConnection(frame, 0);
    checkLength(frame, 8);
    const data = frame.bytes.subarray(frame.start, frame.end);
    if ((frame.flags & Flag.ACK) !== 0) return this.#options.onPong(data);
    this.#countControl();
    this.#writer.ping(data, true);
    this.#options.onPing();
  }

  #onPriority(frame: Frame): void {
    checkOnStream(frame);
    if (frame.end - frame.start !== 5) this.#refuse(frame.stream, ErrorCode.FRAME_SIZE_ERROR);
  }

  #countControl(): void {
    this.#guard.onControl(this.#sender.expectedControls);
    this.#sender.expectedControls = 0;
  }

  // Resets a stream because of a mistake of the client.
  #refuse(id: number, code: number): void {
    this.#guard.onReset();
    this.#streams.reset(id, code);
  }

  #checkBegun(frame: Frame): void {
    if (frame.stream > this.lastStream && !this.isRefusing) {
      throw protocolError(`a frame on stream ${frame.stream}, which has not begun`);
    }
  }
}

function checkOnStream(frame: Frame): void {
  if (frame.stream === 0) throw protocolError('a frame of a stream on stream 0');
}

function checkOnConnection(frame: Frame, leastLength: number): void {
  if (frame.stream !== 0) throw protocolError('a frame of the connection on a stream');
  if (frame.end - frame.start < leastLength) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'a frame too short');
}

function checkLength(frame: Frame, length: number): void {
  if (frame.end - frame.start === length) return;
  throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame that must have ${length} bytes`);
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}
