// The server as a store for locks and elections: the same calls that a client makes, without a connection. Mirrors etcd's
// api/v3client (spec/rpc.md 12).

import { type Codec, codecs, type Init } from '../../../proto/load.ts';
import {
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type Event,
  Event_EventType,
  type LeaseGrantResponse,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchCreateRequest,
  type WatchResponse,
} from '../../../proto/schema.ts';
import type { KeyStore, LeaseStore, WaitOptions } from '../../client/concurrency/store.ts';
import { EtcdError } from '../../core/errors.ts';
import { keyRange } from '../../core/keys.ts';
import type { WatchEvent } from '../../core/mvcc/watch_event.ts';
import { checkDeleteRange, checkRange, checkTxn } from '../../core/txn/check.ts';
import type { EtcdServer } from '../../server/server.ts';

/** What a lock or an election needs of the server. All calls throw EtcdError, and the reason of their signal. */
export class InProcessStore implements KeyStore, Pick<LeaseStore, 'leaseGrant'> {
  readonly #server: EtcdServer;

  constructor(server: EtcdServer) {
    this.#server = server;
  }

  async range(init: Init<RangeRequest>, options: WaitOptions = {}): Promise<RangeResponse> {
    const request = whole(codecs['etcdserverpb.RangeRequest'], init);
    checkRange(request);
    return unlessAborted(options, async () => this.#server.range(request));
  }

  /**
   * Not cut short by the signal: whoever gives up must know what he has made, so that he can take it back. The time limit
   * of requests bounds it.
   */
  async txn(init: Init<TxnRequest>, { signal }: WaitOptions = {}): Promise<TxnResponse> {
    signal?.throwIfAborted();
    const request = whole(codecs['etcdserverpb.TxnRequest'], init);
    checkTxn(request, this.#server.config.maxTxnOps);
    return this.#server.txn(request);
  }

  async deleteRange(init: Init<DeleteRangeRequest>, options: WaitOptions = {}): Promise<DeleteRangeResponse> {
    const request = whole(codecs['etcdserverpb.DeleteRangeRequest'], init);
    checkDeleteRange(request);
    return unlessAborted(options, () => this.#server.deleteRange(request));
  }

  leaseGrant(TTL: number, options: WaitOptions = {}): Promise<LeaseGrantResponse> {
    return unlessAborted(options, async () => {
      const lease = await this.#server.leases.grant({ TTL, ID: 0n });
      return { header: this.#server.header(), ID: lease.id, TTL: lease.ttl, error: '' };
    });
  }

  async *watch(init: Init<WatchCreateRequest>, { signal }: WaitOptions = {}): AsyncGenerator<WatchResponse, void> {
    const { key, range_end, start_revision } = whole(codecs['etcdserverpb.WatchCreateRequest'], init);
    const watching = {
      range: keyRange(key, range_end),
      startRevision: start_revision,
      signal: signal ?? new AbortController().signal,
    };
    try {
      for await (const events of this.#server.watch(watching)) yield this.#response(events);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind !== 'Compacted') throw error;
      yield { ...this.#response([]), canceled: true, compact_revision: this.#server.compactRevision };
    }
  }

  // The header's revision is that of the last event: what comes behind it has not been told.
  #response(events: readonly WatchEvent[]): WatchResponse {
    return {
      header: this.#server.header(events.at(-1)?.modRevision),
      watch_id: 0n,
      created: false,
      canceled: false,
      compact_revision: 0,
      cancel_reason: '',
      fragment: false,
      events: events.map(toEvent),
    };
  }
}

/** The message with a default for everything that is left out, as if it had come over the wire. */
function whole<T>(codec: Codec<T>, init: Init<NoInfer<T>>): T {
  return codec.decode(codec.encode(init));
}

function toEvent({ isDelete, kv, prevKv }: WatchEvent): Event {
  const codec = codecs['mvccpb.KeyValue'];
  return {
    type: isDelete ? Event_EventType.DELETE : Event_EventType.PUT,
    kv: codec.decode(kv),
    prev_kv: prevKv === undefined ? undefined : codec.decode(prevKv),
  };
}

/** What `call` gives, or the reason of the signal as soon as it is aborted. */
async function unlessAborted<T>({ signal }: WaitOptions, call: () => Promise<T>): Promise<T> {
  if (signal === undefined) return call();
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([call(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
