// One watch stream: requests of a client come in, answers of its watchers go out. What a client does not read stays
// bounded: its watchers become victims, and its requests are read no more.

import { codecs, type Init } from '../../../proto/load.ts';
import {
  type ResponseHeader,
  type WatchCreateRequest,
  WatchCreateRequest_FilterType as FilterType,
  type WatchRequest,
  type WatchResponse,
} from '../../../proto/schema.ts';
import { keyRange } from '../../core/keys.ts';
import type { WatchableStore } from '../../core/mvcc/watchable_store.ts';
import type { WatchEvent } from '../../core/mvcc/watch_event.ts';
import type { Watcher, WatchReceiver, WatchSink } from '../../core/mvcc/watcher.ts';
import type { WatchRefusal, WatchStream } from '../../core/mvcc/watch_stream.ts';
import { WATCH_ANSWER_BYTES, WATCH_CONNECTION_BUFFER_BYTES, WATCH_STREAM_BUFFER_BYTES } from '../../limits.ts';
import type { StreamCall } from '../../transport/grpc/server.ts';
import { AnswerBatch } from './answer_batch.ts';
import { RPC_STATUS } from './rpctypes.ts';
import { encodeEvent, encodeEvents, encodeWatchId, type HeaderEncoder, type WatchAddress } from './watch_response.ts';

/** What the streams of a member share. */
export interface WatchService {
  readonly hub: WatchableStore;
  /** The header of an answer; its revision is the current one unless given. */
  readonly header: (revision?: number) => ResponseHeader;
  readonly headers: HeaderEncoder;
  /** Bytes from which on an answer is cut for those who want fragments. */
  readonly fragmentBytes: number;
  /** Calls `tick` whenever progress is to be told, until the returned function is called. */
  readonly everyProgress: (tick: () => void) => () => void;
  /** Calls `flush` of the stream at the end of the turn. */
  readonly flushLater: (stream: { flush(): void }) => void;
}

// Stands for no watcher, or for all of a stream.
const NO_WATCHER = -1n;
const ZERO_KEY = Uint8Array.of(0);
// More than this is not gathered, but sent at once.
const MAX_BATCH_BYTES = 64 * 1024;

const REFUSALS: Readonly<Record<WatchRefusal, string>> = {
  emptyRange: 'mvcc: watcher range is empty',
  duplicateId: 'mvcc: duplicate watch ID provided on the WatchStream',
  tooMany: RPC_STATUS.RequestTooManyRequests.message,
};

export class ServerWatchStream implements WatchSink {
  readonly #call: StreamCall<WatchRequest, WatchResponse>;
  readonly #service: WatchService;
  readonly #watchers: WatchStream;
  // Those who want to hear of progress.
  readonly #tellers = new Map<bigint, WatcherAnswers>();
  #stopProgress: (() => void) | undefined;
  readonly #batch = new AnswerBatch();
  #isWaiting = false;
  // Bytes of answers to requests since the client had read everything.
  #answerBytes = 0;
  // Nothing more goes out before it has.
  #isStalled = false;
  #isClosed = false;

  constructor(call: StreamCall<WatchRequest, WatchResponse>, service: WatchService) {
    this.#call = call;
    this.#service = service;
    this.#watchers = service.hub.newStream(this);
  }

  /** Serves the stream until the call is over; a client that has nothing more to ask still gets events. */
  async run(): Promise<void> {
    const { signal } = this.#call.ctx;
    const over = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    signal.addEventListener('abort', () => this.#close(), { once: true });
    try {
      for await (const request of this.#call.requests()) {
        if (this.#call.pendingBytes === 0) this.#answerBytes = 0;
        this.#onRequest(request);
        if (this.#isFull && this.#answerBytes >= WATCH_ANSWER_BYTES) await this.#stall();
      }
      if (!signal.aborted) await over;
    } finally {
      this.#close();
    }
  }

  get isWritable(): boolean {
    return !this.#isFull && !this.#isStalled && this.#call.connectionPendingBytes < WATCH_CONNECTION_BUFFER_BYTES;
  }

  onProgress(revision: number): void {
    this.write({ header: this.#service.header(revision), watch_id: NO_WATCHER });
  }

  /** Sends an answer. */
  write(response: Init<WatchResponse>): void {
    const message = codecs['etcdserverpb.WatchResponse'].encode(response);
    this.#answerBytes += message.length;
    this.#add([message]);
  }

  /** Sends events to a watcher. */
  writeEvents(address: WatchAddress, events: readonly WatchEvent[], revision: number): void {
    const header = this.#service.headers.encode(revision);
    const [first] = events;
    if (first !== undefined && events.length === 1) return this.#add([header, address.id, encodeEvent(first)]);
    for (const parts of encodeEvents(header, address, events)) this.#add(parts);
  }

  /** Sends what has gathered; the turn is over. */
  flush(): void {
    if (this.#batch.length === 0) return;
    this.#call.writeEncoded(this.#batch.take());
    // What does not wait was copied to the output.
    if (this.#call.pendingBytes === 0) this.#batch.reuse();
    else this.#batch.giveUp();
    if (this.#isFull) this.#resumeWhenRead();
    else this.#watchers.resume();
  }

  #add(message: readonly Uint8Array[]): void {
    if (this.#batch.length === 0) this.#service.flushLater(this);
    this.#batch.add(message);
    if (this.#batch.length >= MAX_BATCH_BYTES) this.flush();
  }

  get #isFull(): boolean {
    return this.#call.pendingBytes >= WATCH_STREAM_BUFFER_BYTES;
  }

  async #stall(): Promise<void> {
    this.#isStalled = true;
    await this.#call.drained();
    this.#isStalled = false;
    this.#watchers.resume();
  }

  #onRequest({ create_request: create, cancel_request: cancel, progress_request: progress }: WatchRequest): void {
    if (create !== undefined) this.#create(create);
    else if (cancel !== undefined) this.#cancel(cancel.watch_id);
    else if (progress !== undefined) this.#watchers.progressOfAll();
  }

  #create(request: WatchCreateRequest): void {
    if (request.start_revision < 0) return this.#refuse(RPC_STATUS.Compacted.message);
    const answers = new WatcherAnswers(this, this.#service, request);
    const key = request.key.length === 0 ? ZERO_KEY : request.key;
    const watcher = this.#watchers.watch(request.watch_id, {
      range: keyRange(key, request.range_end),
      startRevision: request.start_revision,
      wantsPrevKv: request.prev_kv,
      noPut: request.filters.includes(FilterType.NOPUT),
      noDelete: request.filters.includes(FilterType.NODELETE),
      receiver: answers,
    });
    if (typeof watcher === 'string') return this.#refuse(REFUSALS[watcher]);
    answers.begin(watcher);
    if (request.progress_notify) this.#tell(watcher.id, answers);
    this.write({ header: this.#service.header(), watch_id: watcher.id, created: true });
  }

  #refuse(reason: string): void {
    const header = this.#service.header();
    this.write({ header, watch_id: NO_WATCHER, created: true, canceled: true, cancel_reason: reason });
  }

  // An unknown ID gets no answer.
  #cancel(id: bigint): void {
    if (!this.#watchers.cancel(id)) return;
    this.#tellers.delete(id);
    if (this.#tellers.size === 0) this.#tellNoMore();
    this.write({ header: this.#service.header(), watch_id: id, canceled: true });
  }

  #tell(id: bigint, answers: WatcherAnswers): void {
    this.#tellers.set(id, answers);
    this.#stopProgress ??= this.#service.everyProgress(() => {
      for (const teller of this.#tellers.values()) teller.onTick(this.#watchers);
    });
  }

  #tellNoMore(): void {
    this.#stopProgress?.();
    this.#stopProgress = undefined;
  }

  // When the stream takes nothing more, its watchers go on as soon as the client has read.
  #resumeWhenRead(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    void this.#call.drained().then(() => {
      this.#isWaiting = false;
      this.#watchers.resume();
    });
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tellNoMore();
    this.#watchers.close();
  }
}

/** The answers to one watcher. */
class WatcherAnswers implements WatchReceiver {
  readonly #stream: ServerWatchStream;
  readonly #service: WatchService;
  readonly #fragmentBytes: number | undefined;
  #watcher: Watcher | undefined;
  #address: WatchAddress = { id: ZERO_KEY, fragmentBytes: undefined };
  // Whether it got no events since the last tick: events tell its progress already.
  #isQuiet = true;

  constructor(stream: ServerWatchStream, service: WatchService, request: WatchCreateRequest) {
    this.#stream = stream;
    this.#service = service;
    this.#fragmentBytes = request.fragment ? service.fragmentBytes : undefined;
  }

  /** Its watcher is there. */
  begin(watcher: Watcher): void {
    this.#watcher = watcher;
    this.#address = { id: encodeWatchId(watcher.id), fragmentBytes: this.#fragmentBytes };
  }

  /** Tells the progress, where it was quiet. */
  onTick(watchers: WatchStream): void {
    if (this.#isQuiet && this.#watcher !== undefined) watchers.progress(this.#watcher);
    this.#isQuiet = true;
  }

  onEvents(events: readonly WatchEvent[], revision: number): void {
    this.#isQuiet = false;
    this.#stream.writeEvents(this.#address, events, revision);
  }

  // The revision of this header is 0: the watcher has not come up to any (spec/rpc.md 7.6).
  onCompacted(compactRevision: number): void {
    const header = this.#service.header(0);
    const watchId = this.#watcher?.id ?? NO_WATCHER;
    this.#stream.write({ header, watch_id: watchId, canceled: true, compact_revision: compactRevision });
  }

  onProgress(revision: number): void {
    this.#stream.write({ header: this.#service.header(revision), watch_id: this.#watcher?.id ?? NO_WATCHER });
  }
}
