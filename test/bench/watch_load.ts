// One cell of the watch benchmark: watchers, one writer, and what became of every event. Each put carries its number in its
// value, and every number must come once to every watcher of its key, in the order of the revisions: so a cell that is measured is also proved.

import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { codecs, KV, Watch } from '../../proto/load.ts';
import type { Server } from '../harness/server.ts';
import { cpuSeconds } from './cpu.ts';
import { type OnMessage, WatchClient } from './watch_client.ts';

export const LAYOUTS = ['key', 'prefix'] as const;
/** `key`: all watch one key. `prefix`: each watches a prefix of its own, and puts go round. */
export type Layout = (typeof LAYOUTS)[number];

export interface WatchCell {
  readonly layout: Layout;
  readonly watchers: number;
}

/** What one cell measured. */
export interface WatchSample {
  /** Events that came per second, and puts that were answered, with PUTS_IN_FLIGHT puts on their way. */
  readonly eventsPerSecond: number;
  readonly putsPerSecond: number;
  /** Time from the sending of a put to each of its events, with one put on its way. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU seconds of the server per million events, and of this process per second. */
  readonly cpuPerMillion: number;
  readonly generatorCores: number;
  /** Resident memory of the server behind all that, in bytes. */
  readonly rssBytes: number;
}

/** Puts on their way while the rate is measured: the next one leaves when all events of one are there. */
export const PUTS_IN_FLIGHT = 16;

const VALUE_BYTES = 32;
const CONNECTIONS = 10;
// etcd keeps 128 answers for a stream: with fewer watchers than that its streams are never full because of one put.
const MAX_STREAMS = 100;
const WARM_UP_PUTS = 4000;
const SETUP_LIMIT_MS = 60_000;
// Latencies are counted in steps of one percent.
const STEP = Math.log(1.01);
const STEPS = 3000;

/** Lets the compilers and caches of a server get warm: what is measured behind it is not its start. */
export async function warmUp(server: Server): Promise<void> {
  for (const layout of LAYOUTS) {
    const load = await WatchLoad.start(server, { layout, watchers: 10 });
    await load.run({ inFlight: PUTS_IN_FLIGHT, atLeastEvents: 0, atLeastPuts: WARM_UP_PUTS, seconds: 0 });
    load.close();
  }
}

/** Measures for about `seconds` seconds. Throws an Error when an event is missing, twice, or out of order. */
export async function measureWatch(server: Server, cell: WatchCell, seconds: number): Promise<WatchSample> {
  const load = await WatchLoad.start(server, cell);
  try {
    await load.run({ inFlight: PUTS_IN_FLIGHT, atLeastEvents: 0, atLeastPuts: PUTS_IN_FLIGHT, seconds: 0 });
    const single = await load.run({ inFlight: 1, atLeastEvents: 0, atLeastPuts: 20, seconds: seconds / 3 });
    const full = await load.run({ inFlight: PUTS_IN_FLIGHT, atLeastEvents: 0, atLeastPuts: 20, seconds });
    return {
      eventsPerSecond: full.events / full.seconds,
      putsPerSecond: full.puts / full.seconds,
      p50Us: single.percentile(0.5),
      p99Us: single.percentile(0.99),
      cpuPerMillion: (full.serverCpu / full.events) * 1e6,
      generatorCores: full.generatorCpu / full.seconds,
      rssBytes: rssOf(server.pid),
    };
  } finally {
    load.close();
    // The server takes leave of the watchers before the next one is measured.
    await delay(50);
  }
}

interface Run {
  readonly inFlight: number;
  readonly atLeastEvents: number;
  readonly atLeastPuts: number;
  readonly seconds: number;
}

interface RunResult {
  readonly events: number;
  readonly puts: number;
  readonly seconds: number;
  readonly serverCpu: number;
  readonly generatorCpu: number;
  readonly percentile: (share: number) => number;
}

class WatchLoad {
  readonly #server: Server;
  readonly #cell: WatchCell;
  readonly #clients: WatchClient[] = [];
  readonly #writer: WatchClient;
  readonly #failure: Promise<never>;
  // The number of the next put, and of the next event of each watcher's stream.
  #nextPut = 0;
  #created = 0;
  #events = 0;
  #donePuts = 0;
  // Puts on their way: events that are missing, plus one for the answer; when it was sent.
  readonly #missing = new Map<number, number>();
  readonly #sentAt = new Map<number, number>();
  #histogram = new Float64Array(STEPS);
  #onProgress = (): void => {};

  private constructor(server: Server, cell: WatchCell, parts: { writer: WatchClient; failure: Promise<never> }) {
    this.#server = server;
    this.#cell = cell;
    this.#writer = parts.writer;
    this.#failure = parts.failure;
  }

  /** Connects, and resolves when all watchers are there. */
  static async start(server: Server, cell: WatchCell): Promise<WatchLoad> {
    let fail: (error: Error) => void = () => {};
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failure.catch(() => {});
    const port = Number(new URL(server.clientUrl).port);
    const load = new WatchLoad(server, cell, { writer: await WatchClient.connect(port, fail), failure });
    const streams = Math.min(cell.watchers, MAX_STREAMS);
    for (let i = 0; i < Math.min(CONNECTIONS, streams); i++) {
      load.#clients.push(await WatchClient.connect(port, fail));
    }
    for (let i = 0; i < streams; i++) load.#openStream(i, streams, fail);
    await load.#until(() => load.#created === cell.watchers, SETUP_LIMIT_MS);
    return load;
  }

  /** Puts until both bounds and the time are reached, and waits for all events. */
  async run({ inFlight, atLeastEvents, atLeastPuts, seconds }: Run): Promise<RunResult> {
    this.#histogram = new Float64Array(STEPS);
    const [events, puts] = [this.#events, this.#donePuts];
    const cpu = this.#cpu();
    const begin = performance.now();
    const isEnough = (): boolean =>
      performance.now() - begin >= seconds * 1000 &&
      this.#events - events >= atLeastEvents &&
      this.#donePuts - puts >= atLeastPuts;
    await this.#until(
      () => {
        if (isEnough()) return this.#missing.size === 0;
        while (this.#missing.size < inFlight) this.#put();
        return false;
      },
      SETUP_LIMIT_MS + seconds * 1000,
    );
    const histogram = this.#histogram;
    const end = this.#cpu();
    return {
      events: this.#events - events,
      puts: this.#donePuts - puts,
      seconds: (performance.now() - begin) / 1000,
      serverCpu: end.server - cpu.server,
      generatorCpu: end.generator - cpu.generator,
      percentile: (share) => percentileOf(histogram, share),
    };
  }

  close(): void {
    this.#writer.close();
    for (const client of this.#clients) client.close();
  }

  #openStream(index: number, streams: number, fail: (error: Error) => void): void {
    const client = this.#clients[index % this.#clients.length] as WatchClient;
    const own: number[] = [];
    for (let i = index; i < this.#cell.watchers; i += streams) own.push(i);
    const stream = client.open(Watch.methods.Watch.path, this.#reader(own.length, fail));
    for (const i of own) {
      const create_request = { key: this.#key(i), range_end: this.#cell.layout === 'key' ? undefined : this.#end(i) };
      client.send(stream, codecs['etcdserverpb.WatchRequest'].encode({ create_request }));
    }
  }

  // Watchers of a stream have the IDs 0, 1, …: so each has a place in a list for the last revision that it has seen.
  #reader(watchers: number, fail: (error: Error) => void): OnMessage {
    const last = new Float64Array(watchers);
    let now = 0;
    let lastBytes: Buffer | undefined;
    return (bytes, start, end) => {
      if (bytes !== lastBytes) now = performance.now();
      lastBytes = bytes;
      let hasEvents = false;
      scanResponse(bytes, { start, end }, (watchId, number, revision) => {
        hasEvents = true;
        if (revision <= (last[watchId] as number)) fail(new Error(`revision ${revision} behind ${last[watchId]}`));
        if (!this.#missing.has(number)) fail(new Error(`an event of put ${number} too many`));
        last[watchId] = revision;
        this.#onEvent(number, now);
      });
      if (hasEvents) return;
      this.#created++;
      this.#onProgress();
    };
  }

  #onEvent(number: number, now: number): void {
    const us = Math.max((now - (this.#sentAt.get(number) ?? now)) * 1000, 1);
    const step = Math.min(Math.floor(Math.log(us) / STEP), STEPS - 1);
    this.#histogram[step] = (this.#histogram[step] as number) + 1;
    this.#events++;
    this.#arrived(number);
  }

  #put(): void {
    const number = this.#nextPut++;
    this.#missing.set(number, 1 + (this.#cell.layout === 'key' ? this.#cell.watchers : 1));
    const value = Buffer.alloc(VALUE_BYTES, 'v');
    value.writeUInt32BE(number, 0);
    const key =
      this.#cell.layout === 'key' ? this.#key(0) : Buffer.concat([this.#key(number % this.#cell.watchers), TAIL]);
    const message = codecs['etcdserverpb.PutRequest'].encode({ key, value });
    this.#sentAt.set(number, performance.now());
    const stream = this.#writer.open(KV.methods.Put.path, () => this.#arrived(number));
    this.#writer.send(stream, message, true);
  }

  #arrived(number: number): void {
    const missing = (this.#missing.get(number) ?? 0) - 1;
    if (missing > 0) {
      this.#missing.set(number, missing);
      return;
    }
    this.#missing.delete(number);
    this.#sentAt.delete(number);
    this.#donePuts++;
    this.#onProgress();
  }

  #key(i: number): Buffer {
    return Buffer.from(this.#cell.layout === 'key' ? 'watch/key' : `watch/${String(i).padStart(6, '0')}/`);
  }

  // The prefix ends with `/`, and `0` is the character behind it.
  #end(i: number): Buffer {
    return Buffer.from(`watch/${String(i).padStart(6, '0')}0`);
  }

  #cpu(): { readonly server: number; readonly generator: number } {
    return { server: cpuSeconds(this.#server.pid ?? 0).own, generator: cpuSeconds(process.pid).own };
  }

  // Looks whenever something has come. Throws an Error after `limitMs`, and when anything fails.
  async #until(isSo: () => boolean, limitMs: number): Promise<void> {
    const done = new Promise<void>((resolve) => {
      const look = (): void => {
        if (isSo()) resolve();
      };
      this.#onProgress = look;
      look();
    });
    const timer = new AbortController();
    const late = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`${this.#server.target.label}: after ${limitMs} ms ${this.#missing.size} puts are not seen`);
    });
    late.catch(() => {});
    await Promise.race([done, late, this.#failure]);
    timer.abort();
    this.#onProgress = () => {};
  }
}

const TAIL = Buffer.from('k');
const EVENTS = (11 << 3) | 2;
const WATCH_ID = 2 << 3;
const HEADER = (1 << 3) | 2;

// Where the reading of varints is: a function that returned both would have to allocate.
let at = 0;

function varint(bytes: Buffer): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}

/** Visits the events, all of them puts, of a WatchResponse: the number in the last VALUE_BYTES bytes, and mod_revision. */
export function scanResponse(
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
  visit: (watchId: number, number: number, revision: number) => void,
): void {
  let watchId = 0;
  at = start;
  while (at < end) {
    const tag = bytes[at++];
    const value = varint(bytes);
    if (tag === WATCH_ID) watchId = value;
    if (tag === HEADER) at += value;
    if (tag !== EVENTS) continue;
    const next = at + value;
    const revision = modRevision(bytes);
    visit(watchId, bytes.readUInt32BE(next - VALUE_BYTES), revision);
    at = next;
  }
}

// At the start of an event: kv, in it key, create_revision, mod_revision; each with a tag of one byte.
function modRevision(bytes: Buffer): number {
  at++;
  varint(bytes);
  at++;
  const keyLength = varint(bytes);
  at += keyLength + 1;
  varint(bytes);
  at++;
  return varint(bytes);
}

function percentileOf(histogram: Float64Array, share: number): number {
  const wanted = histogram.reduce((sum, count) => sum + count, 0) * share;
  let seen = 0;
  for (let step = 0; step < histogram.length; step++) {
    seen += histogram[step] as number;
    if (seen >= wanted) return Math.exp((step + 0.5) * STEP);
  }
  throw new Error('no events');
}

function rssOf(pid: number | undefined): number {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
