// A watch stream as the cases use it: requests in short form, and answers as short texts in which revisions count from the
// store's revision at the time the case began to watch, so that cases can share a store.

import { KV, Watch } from '../../proto/load.ts';
import type { Init } from '../../proto/load.ts';
import {
  Event_EventType as EventType,
  type Event,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
} from '../../proto/schema.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import type { GrpcStream } from '../harness/grpc_stream.ts';
import { type CaseContext, text } from './case.ts';

const { Range } = KV.methods;

/** Reads the store's revision. */
export async function revisionOf(t: CaseContext, client: GrpcClient = t.client): Promise<number> {
  const { response } = await client.unary(Range, { key: t.key('no such key'), count_only: true });
  if (response?.header === undefined) throw new Error('the revision cannot be read');
  return response.header.revision;
}

/** Writes `count` revisions of one key, many at a time. */
export async function history(client: GrpcClient, key: Buffer, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    const round = Array.from({ length: Math.min(left, 100) }, () =>
      client.unary(KV.methods.Put, { key, value: Buffer.from('v') }),
    );
    await Promise.all(round);
  }
}

/** The main revision of an event. */
export const modOf = ({ kv }: Event): number => kv?.mod_revision ?? 0;

/** Work that goes on beside the case; how it ends is told to who waits for it, and not when the case has failed before. */
export function aside<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** One stream of watchers. */
export class Watching {
  readonly stream: GrpcStream<WatchRequest, WatchResponse>;
  /** Revisions in texts count from this one. */
  readonly base: number;
  readonly #t: CaseContext;

  private constructor(t: CaseContext, stream: GrpcStream<WatchRequest, WatchResponse>, base: number) {
    this.#t = t;
    this.stream = stream;
    this.base = base;
  }

  /** Opens a stream and takes the store's revision of now as base. */
  static async open(
    t: CaseContext,
    options: { client?: GrpcClient; base?: number; metadata?: Readonly<Record<string, string>> } = {},
  ): Promise<Watching> {
    const { client = t.client, metadata = {} } = options;
    const base = options.base ?? (await revisionOf(t, client));
    return new Watching(t, client.openBidi(Watch.methods.Watch, { metadata }), base);
  }

  /** Asks for a watcher and returns the next answer, which is to be the one to it. */
  create(request: Init<WatchCreateRequest>): Promise<string> {
    this.stream.write({ create_request: request });
    return this.next();
  }

  /** Asks to cancel a watcher, and does not wait. */
  cancel(watchId: bigint): void {
    this.stream.write({ cancel_request: { watch_id: watchId } });
  }

  /** Asks for a progress answer, and does not wait. */
  progress(): void {
    this.stream.write({ progress_request: {} });
  }

  /** The next answer as text. */
  async next(): Promise<string> {
    return this.show(await this.stream.next());
  }

  /** The next answers as texts. */
  async take(count: number): Promise<string[]> {
    return (await this.stream.take(count)).map((response) => this.show(response));
  }

  /** Takes answers until they hold `count` events, and returns these. */
  async events(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) events.push(...(await this.stream.next()).events);
    return events;
  }

  /**
   * `ID @REVISION` and what the answer says: created, canceled, compacted N, more (a fragment), the reason, then ` | ` before
   * each event. Revisions count from the base; a header without one shows @none.
   */
  show(response: WatchResponse): string {
    const { header, watch_id, created, canceled, compact_revision, cancel_reason, fragment, events } = response;
    const revision = header?.revision ?? 0;
    const said = [
      `${watch_id} @${revision === 0 ? 'none' : revision - this.base}`,
      ...(created ? ['created'] : []),
      ...(canceled ? ['canceled'] : []),
      ...(compact_revision === 0 ? [] : [`compacted ${compact_revision - this.base}`]),
      ...(fragment ? ['more'] : []),
      ...(cancel_reason === '' ? [] : [`"${cancel_reason}"`]),
    ];
    return [said.join(' '), ...events.map((event) => this.showEvent(event))].join(' | ');
  }

  /**
   * `put NAME=VALUE c1 m2 v3` (create and mod revision from the base, version), `delete NAME m3`; behind a put with a lease
   * ` lease L`, behind an event with a previous value ` was VALUE m2`.
   */
  showEvent({ type, kv, prev_kv }: Event): string {
    if (kv === undefined) return 'an event without kv';
    const name = this.#t.nameOf(kv.key);
    const mod = `m${kv.mod_revision - this.base}`;
    const was = prev_kv === undefined ? '' : ` was ${text(prev_kv.value)} m${prev_kv.mod_revision - this.base}`;
    const lease = kv.lease === 0n ? '' : ` lease ${kv.lease}`;
    if (type === EventType.PUT) {
      return `put ${name}=${text(kv.value)} c${kv.create_revision - this.base} ${mod} v${kv.version}${lease}${was}`;
    }
    const rest = [kv.create_revision, kv.version, kv.value.length, Number(kv.lease)].every((one) => one === 0);
    return `delete ${name} ${mod}${rest ? '' : ' and more than key and mod_revision'}${was}`;
  }
}
