// The network between simulated members, at the level of whole messages: it delays, reorders, repeats and loses them, and cuts
// links in one direction or both. Every message travels as bytes, so members share nothing.

import { codecs } from '../../proto/load.ts';
import { type RaftMessage, RaftMessageType } from '../../proto/schema.ts';
import type { DatabaseReader, PeerTransport } from '../../final/server/peer_transport.ts';
import { SnapDbWriter } from '../../final/storage/snap/snap_db.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

const codec = codecs['raftpb.Message'];

/** How the network behaves apart from cut links; probabilities of one message, and its longest usual delay. */
export interface Weather {
  readonly loss: number;
  readonly repeat: number;
  /** A message that takes up to ten times as long as usual, and so is overtaken. */
  readonly late: number;
  readonly delayMs: number;
}

const TRANSFER_LIMIT_MS = 2000;
// How often a member looks whether those that it has connections to still take it for a member.
const DIAL_MS = 500;

export const FAIR: Weather = { loss: 0, repeat: 0, late: 0.01, delayMs: 8 };

/** Who watches the messages; called before anything is lost. */
export interface Observer {
  onSend(from: bigint, message: RaftMessage): void;
  onDeliver(to: bigint, message: RaftMessage): void;
}

export class Network {
  weather = FAIR;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #observer: Observer;
  readonly #lives = new Map<bigint, Life>();
  readonly #cuts = new Set<string>();
  // Since when a link works, if it did not from the beginning.
  readonly #healedAt = new Map<string, number>();

  constructor(scheduler: Scheduler, random: Random, observer: Observer) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#observer = observer;
  }

  /** From now on messages for `id` go to this life. */
  attach(id: bigint, life: Life): void {
    this.#lives.set(id, life);
  }

  lifeOf(id: bigint): Life | undefined {
    return this.#lives.get(id);
  }

  /** Messages from `from` to `to` are lost. */
  cut(from: bigint, to: bigint): void {
    this.#cuts.add(linkOf(from, to));
  }

  /** All links work again. */
  heal(): void {
    for (const link of this.#cuts) this.#healedAt.set(link, this.#scheduler.now);
    this.#cuts.clear();
    this.weather = FAIR;
  }

  /** Whether something from `from` would arrive at `to` now, but for bad luck. */
  reaches(from: bigint, to: bigint): boolean {
    return this.#lives.get(to)?.isAlive === true && !this.#cuts.has(linkOf(from, to));
  }

  /** Since when both directions work and both ends are there. */
  activeSince(a: bigint, b: bigint): number | undefined {
    if (!this.reaches(a, b) || !this.reaches(b, a)) return undefined;
    const links = [linkOf(a, b), linkOf(b, a)].map((link) => this.#healedAt.get(link) ?? 0);
    const lives = [a, b].map((id) => this.#lives.get(id)?.begunAt ?? 0);
    return Math.max(...links, ...lives);
  }

  /** How long something takes now. */
  delay(): number {
    const { delayMs, late } = this.weather;
    const delay = 1 + this.#random.below(delayMs);
    return this.#random.chance(late) ? delay * this.#random.below(10) : delay;
  }

  /** Whether something is lost now. */
  loses(): boolean {
    return this.weather.loss > 0 && this.#random.chance(this.weather.loss);
  }

  /** Whether `peer` answers to a connection of `id` that `id` was removed. */
  refuses(peer: bigint, id: bigint): boolean {
    const life = this.#lives.get(peer);
    return (
      this.activeSince(id, peer) !== undefined && life?.isActive === true && life.handler?.isIdRemoved(id) === true
    );
  }

  send(from: bigint, life: Life, message: RaftMessage): void {
    this.#observer.onSend(from, message);
    const { to } = message;
    if (!this.reaches(from, to)) {
      // A connection that was there breaks; one that is silent tells nothing.
      if (this.#random.chance(0.3)) life.at(this.delay(), () => life.handler?.reportUnreachable(to));
      return;
    }
    if (this.#random.chance(this.weather.loss)) return;
    const bytes = codec.encode(message);
    // A proposal that arrives twice is two proposals; the connection on which it travels repeats nothing.
    const mayRepeat = message.type !== RaftMessageType.MsgProp;
    const copies = mayRepeat && this.#random.chance(this.weather.repeat) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.#scheduler.at(this.delay(), () => this.#deliver(from, to, bytes));
    }
  }

  /** Delivers to `to` what a leader of `term` sends to its successor. */
  tellToCampaign(to: bigint, term: number): void {
    const message = { type: RaftMessageType.MsgTimeoutNow, to, from: to, term };
    this.#scheduler.at(this.delay(), () => this.#deliver(to, to, codec.encode(message)));
  }

  /** Reads the database piece by piece while its member goes on, and puts it on the disk of the receiver. */
  sendSnapshot(from: bigint, life: Life, message: RaftMessage, database: DatabaseReader): void {
    this.#observer.onSend(from, message);
    const pieces: Uint8Array[] = [];
    const pieceBytes = Math.ceil(database.sizeBytes / 3);
    const readOn = (): void => {
      const read = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (read < database.sizeBytes) {
        pieces.push(database.read(read, Math.min(pieceBytes, database.sizeBytes - read)).slice());
        life.at(this.delay(), readOn);
        return;
      }
      database.release();
      const isLost = this.#random.chance(this.weather.loss) || !this.reaches(from, message.to);
      let isReported = false;
      const report = (ok: boolean): void => {
        if (isReported) return;
        isReported = true;
        life.at(this.delay(), () => life.handler?.reportSnapshot(message.to, ok));
      };
      // The connection ends with its receiver.
      this.#scheduler.at(TRANSFER_LIMIT_MS, () => report(false));
      if (isLost) report(false);
      else this.#receive(message.to, { from, bytes: codec.encode(message), pieces, report });
    };
    readOn();
  }

  #receive(
    to: bigint,
    sent: { from: bigint; bytes: Uint8Array; pieces: readonly Uint8Array[]; report: (ok: boolean) => void },
  ): void {
    const life = this.#lives.get(to);
    if (life?.handler === undefined) return sent.report(false);
    life.run(() => {
      const message = codec.decode(sent.bytes);
      const writer = new SnapDbWriter(life.ports.fs, life.snapDirectory);
      for (const piece of sent.pieces) writer.write(piece);
      writer.commit(message.snapshot?.metadata?.index ?? 0).then(
        () => {
          this.#deliver(sent.from, to, sent.bytes);
          sent.report(true);
        },
        () => sent.report(false),
      );
    });
  }

  #deliver(from: bigint, to: bigint, bytes: Uint8Array): void {
    // What is on its way when a link is cut does not arrive.
    if (this.#cuts.has(linkOf(from, to))) return;
    const life = this.#lives.get(to);
    life?.run(() => {
      const message = codec.decode(bytes);
      this.#observer.onDeliver(to, message);
      life.remotes.add(from);
      const isFromRemoved = life.handler?.isIdRemoved(from) ?? false;
      life.handler?.process(message).catch(() => {
        if (isFromRemoved) this.#lives.get(from)?.run(() => this.#lives.get(from)?.handler?.removedByPeers());
      });
    });
  }
}

function linkOf(from: bigint, to: bigint): string {
  return `${from}>${to}`;
}

/** The end of the network at one member. */
export class SimTransport implements PeerTransport {
  readonly #network: Network;
  readonly #id: bigint;
  readonly #life: Life;
  readonly #peers = new Set<bigint>();
  #isStopped = false;

  constructor(network: Network, id: bigint, life: Life) {
    this.#network = network;
    this.#id = id;
    this.#life = life;
    this.#dial();
  }

  get peerIds(): readonly bigint[] {
    return [...this.#peers];
  }

  send(messages: readonly RaftMessage[]): void {
    if (this.#isStopped || !this.#life.isAlive) return;
    for (const message of messages) {
      const isKnown = this.#peers.has(message.to) || this.#life.remotes.has(message.to);
      if (isKnown) this.#network.send(this.#id, this.#life, message);
    }
  }

  sendSnapshot(message: RaftMessage, database: DatabaseReader): void {
    if (!this.#life.isAlive) return;
    if (message.type !== RaftMessageType.MsgSnap) throw new Error(`message ${message.type} with a database`);
    this.#network.sendSnapshot(this.#id, this.#life, message, database);
  }

  addPeer(id: bigint): void {
    this.#peers.add(id);
  }

  updatePeer(): void {}

  removePeer(id: bigint): void {
    this.#peers.delete(id);
  }

  activeSince(id: bigint): number | undefined {
    return this.#network.activeSince(this.#id, id);
  }

  stop(): void {
    this.#isStopped = true;
  }

  // A member that hears from nobody, because nobody knows it any more, is told so when it connects.
  #dial(): void {
    this.#life.at(DIAL_MS, () => {
      if (this.#isStopped) return;
      if (this.peerIds.some((peer) => this.#network.refuses(peer, this.#id))) this.#life.handler?.removedByPeers();
      this.#dial();
    });
  }
}
