// A simulated client that watches, everything or one key: it goes from member to member and goes on where it was. Its connection
// keeps the order of what is sent, takes only so much at a time, and breaks now and then.

import { EtcdError } from '../../final/core/errors.ts';
import type { KeyRange } from '../../final/core/keys.ts';
import type { WatchableStore } from '../../final/core/mvcc/watchable_store.ts';
import type { WatchEvent } from '../../final/core/mvcc/watch_event.ts';
import type { WatchReceiver, WatchSink } from '../../final/core/mvcc/watcher.ts';
import type { WatchStream } from '../../final/core/mvcc/watch_stream.ts';
import type { CallWorld } from './call.ts';
import type { Life } from './life.ts';
import type { Member } from './member.ts';
import type { Random } from './random.ts';
import type { Piece, WatchChecks } from './watch_checks.ts';

const MAX_STAY_MS = 4000;
const MAX_PAUSE_MS = 500;
const MAX_IN_FLIGHT = 12;
const EVERYTHING: KeyRange = { kind: 'fromKey', key: '\0' };
const FIRST_REVISION = 2;

export interface WatcherWorld extends CallWorld {
  readonly members: readonly Member[];
  readonly watchChecks: WatchChecks;
  note(text: string): void;
  /** Told of everything that a watcher of all keys gets, when it gets it. */
  onSeen(event: WatchEvent): void;
}

export class SimWatcher {
  readonly name: string;
  readonly key: string | undefined;
  readonly #world: WatcherWorld;
  readonly #random: Random;
  readonly #wantsPrevKv: boolean;
  #piece: Piece;

  /** `key`: undefined = everything. */
  constructor(
    world: WatcherWorld,
    name: string,
    options: { readonly key: string | undefined; readonly random: Random },
  ) {
    this.#world = world;
    this.name = name;
    this.key = options.key;
    this.#random = options.random;
    this.#wantsPrevKv = options.random.chance(0.5);
    this.#piece = world.watchChecks.begin(name, this.key, FIRST_REVISION);
  }

  /** The first revision that it has not seen. */
  get next(): number {
    return this.#piece.next;
  }

  /** Watches until `isOver`; `isCalm`: it stays where it is. */
  async run(isOver: () => boolean, isCalm: () => boolean): Promise<void> {
    const { scheduler, members } = this.#world;
    while (!isOver()) {
      const { life } = this.#random.pick(members);
      if (life?.isServing === true) await this.#stay(life, isCalm);
      await scheduler.sleep(this.#random.below(MAX_PAUSE_MS));
    }
  }

  /** Takes what came in. */
  onEvents(events: readonly WatchEvent[]): void {
    this.#world.note(`${this.name} gets ${events.length} up to ${events.at(-1)?.modRevision}`);
    this.#world.watchChecks.onEvents(this.#piece, events, this.#wantsPrevKv);
    if (this.key === undefined) for (const event of events) this.#world.onSeen(event);
  }

  /** It cannot have what it wants next; what is left of the history begins at `compactRevision`. */
  onCompacted(compactRevision: number): void {
    this.#world.note(`${this.name} finds ${compactRevision} compacted`);
    this.#world.watchChecks.onCompacted(this.#piece, compactRevision);
    this.#piece = this.#world.watchChecks.begin(this.name, this.key, compactRevision);
  }

  async #stay(life: Life, isCalm: () => boolean): Promise<void> {
    const { scheduler, network } = this.#world;
    const connection = new Connection(this.#world, life, {
      client: this,
      limit: 1 + this.#random.below(MAX_IN_FLIGHT),
    });
    const end = scheduler.now + this.#random.below(MAX_STAY_MS);
    life.at(network.delay(), () => {
      if (life.server === undefined) return;
      connection.open(life.server.watchers, this.#piece.next, this.#wantsPrevKv);
    });
    // A member that is gone is noticed late, as by a client whose connection is silent.
    while (!connection.isOver && (scheduler.now < end || (isCalm() && life.isServing))) await scheduler.sleep(50);
    connection.close();
  }
}

/** A stream of one watcher over a connection that keeps the order. */
class Connection implements WatchSink, WatchReceiver {
  readonly #world: WatcherWorld;
  readonly #life: Life;
  readonly #client: SimWatcher;
  readonly #limit: number;
  #stream: WatchStream | undefined;
  #inFlight = 0;
  #lastArrival = 0;
  #isOver = false;

  constructor(world: WatcherWorld, life: Life, options: { readonly client: SimWatcher; readonly limit: number }) {
    this.#world = world;
    this.#life = life;
    this.#client = options.client;
    this.#limit = options.limit;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isWritable(): boolean {
    return this.#inFlight < this.#limit;
  }

  open(hub: WatchableStore, from: number, wantsPrevKv: boolean): void {
    if (this.#isOver) return;
    const { key } = this.#client;
    const range: KeyRange = key === undefined ? EVERYTHING : { kind: 'single', key };
    this.#stream = hub.newStream(this);
    const options = { range, startRevision: from, wantsPrevKv, noPut: false, noDelete: false, receiver: this };
    const watcher = this.#stream.watch(0n, options);
    if (typeof watcher === 'string') this.#world.fail(new EtcdError('RequestTooManyRequests'));
  }

  onEvents(events: readonly WatchEvent[]): void {
    if (!this.isWritable) this.#world.fail(new Error(`${this.#client.name} is sent more than it takes`));
    this.#send(() => this.#client.onEvents(events));
  }

  onCompacted(compactRevision: number): void {
    this.#send(() => {
      this.#client.onCompacted(compactRevision);
      this.close();
    });
  }

  onProgress(): void {}

  /** Nothing more comes; the member hears of it later. */
  close(): void {
    this.#isOver = true;
    this.#life.at(this.#world.network.delay(), () => this.#stream?.close());
  }

  #send(arrive: () => void): void {
    const { scheduler, network } = this.#world;
    this.#inFlight += 1;
    this.#lastArrival = Math.max(this.#lastArrival, scheduler.now + network.delay());
    scheduler.at(this.#lastArrival - scheduler.now, () => {
      this.#inFlight -= 1;
      if (this.#isOver) return;
      arrive();
      this.#life.at(0, () => this.#stream?.resume());
    });
  }
}
