// One watch stream: requests of a client come in, answers of its watchers go out. What a client does not read stays
// bounded: its watchers become victims, and its requests are read no more.

import {
  type Event,
  type WatchCreateRequest,
  WatchCreateRequest_FilterType as FilterType,
  type WatchRequest,
  type WatchResponse,
} from '../../../../proto/schema.ts';
import { keyRange } from '../../core/keys.ts';
import type { Watcher, WatchSink } from '../../core/mvcc/watcher.ts';
import type { WatchRefusal, WatchStream } from '../../core/mvcc/watch_stream.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { StreamCall } from '../../transport/grpc/server.ts';
import { notImplemented } from './not_implemented.ts';

// Stands for no watcher, or for all of a stream.
const NO_WATCHER = -1n;
// What an empty key means: the first key of all.
const ZERO_KEY = Uint8Array.of(0);

const REFUSALS: Readonly<Record<WatchRefusal | 'compacted', string>> = {
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  emptyRange: 'mvcc: watcher range is empty',
  duplicateId: 'mvcc: duplicate watch ID provided on the WatchStream',
};

export class ServerWatchStream implements WatchSink {
  readonly #call: StreamCall<WatchRequest, WatchResponse>;
  readonly #server: EtcdServer;
  readonly #watchers: WatchStream;
  #isWaiting = false;

  constructor(call: StreamCall<WatchRequest, WatchResponse>, server: EtcdServer) {
    this.#call = call;
    this.#server = server;
    this.#watchers = server.watchers.newStream(this);
  }

  /** Serves the stream until the call is over; a client that has nothing more to ask still gets events. */
  async run(): Promise<void> {
    void this.#call.over.then(() => this.#watchers.close());
    for await (const request of this.#call.requests()) {
      this.#onRequest(request);
      if (!this.isWritable) await this.#call.drained();
    }
    await this.#call.over;
  }

  get isWritable(): boolean {
    return this.#call.isWritable;
  }

  onEvents({ id }: Watcher, events: Event[]): void {
    this.#write({ watch_id: id, events });
  }

  onProgress(): void {
    this.#write({ watch_id: NO_WATCHER });
  }

  #onRequest({ create_request: create, cancel_request: cancel, progress_request: progress }: WatchRequest): void {
    if (create !== undefined) this.#create(create);
    else if (cancel !== undefined) this.#cancel(cancel.watch_id);
    else if (progress !== undefined) this.#watchers.progressOfAll();
  }

  #create(request: WatchCreateRequest): void {
    for (const option of ['progress_notify', 'fragment'] as const) {
      if (request[option]) throw notImplemented(option);
    }
    // Before its beginning the history has nothing.
    if (request.start_revision < 0) return this.#refuse('compacted');
    const key = request.key.length === 0 ? ZERO_KEY : request.key;
    const watcher = this.#watchers.watch(request.watch_id, {
      range: keyRange(key, request.range_end),
      startRevision: request.start_revision,
      wantsPrevKv: request.prev_kv,
      noPut: request.filters.includes(FilterType.NOPUT),
      noDelete: request.filters.includes(FilterType.NODELETE),
    });
    if (typeof watcher === 'string') return this.#refuse(watcher);
    this.#write({ watch_id: watcher.id, created: true });
  }

  #refuse(why: keyof typeof REFUSALS): void {
    this.#write({ watch_id: NO_WATCHER, created: true, canceled: true, cancel_reason: REFUSALS[why] });
  }

  // An unknown ID gets no answer.
  #cancel(id: bigint): void {
    if (this.#watchers.cancel(id)) this.#write({ watch_id: id, canceled: true });
  }

  #write(response: Partial<WatchResponse>): void {
    this.#call.write({ ...response, header: this.#server.header() });
    // When the stream takes nothing more, its watchers go on as soon as the client has read.
    if (this.isWritable || this.#isWaiting) return;
    this.#isWaiting = true;
    void this.#call.drained().then(() => {
      this.#isWaiting = false;
      this.#watchers.resume();
    });
  }
}
