// What must hold of watchers: each gets an exact piece of one history, whole revisions, in order, nothing twice and nothing left
// out. Who watches everything misses no number, since every revision changes something; what those see is the history by which
// all others are judged.

import type { WatchEvent } from '../../final/core/mvcc/watch_event.ts';

/** An event as a watcher gets it; key-values are encoded. */
export type SeenEvent = Pick<WatchEvent, 'isDelete' | 'key' | 'modRevision' | 'kv' | 'prevKv'>;

/** What one watcher has seen without a gap: everything it wanted from `from` on, before `next`. */
export interface Piece {
  readonly watcher: string;
  /** The key it watches; undefined = everything. */
  readonly key: string | undefined;
  readonly from: number;
  next: number;
  /** Its events by main revision; not kept where it watches everything. */
  readonly seen: Map<number, string>;
}

interface Revision {
  readonly text: string;
  readonly keys: ReadonlySet<string>;
}

export class WatchChecks {
  readonly #history = new Map<number, Revision>();
  readonly #pieces: Piece[] = [];
  // Previous values as they were told, to be judged when the history is known.
  readonly #previous: { readonly event: SeenEvent; readonly watcher: string }[] = [];
  readonly #fail: (text: string) => void;
  #compacted = 0;
  #events = 0;

  constructor(fail: (text: string) => void) {
    this.#fail = fail;
  }

  get events(): number {
    return this.#events;
  }

  /** Somebody asks for a compaction at `revision`. */
  onCompact(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
  }

  /** A watcher that begins at `from`. */
  begin(watcher: string, key: string | undefined, from: number): Piece {
    const piece = { watcher, key, from, next: from, seen: new Map<number, string>() };
    this.#pieces.push(piece);
    return piece;
  }

  /** What came in, in the order of the connection. */
  onEvents(piece: Piece, events: readonly SeenEvent[], wantsPrevKv: boolean): void {
    const byRevision = new Map<number, SeenEvent[]>();
    for (const event of events)
      byRevision.set(event.modRevision, [...(byRevision.get(event.modRevision) ?? []), event]);
    let last = 0;
    for (const { modRevision } of events) {
      if (modRevision < last) this.#fail(`${piece.watcher}: revision ${modRevision} behind ${last}`);
      last = modRevision;
    }
    for (const [revision, ofRevision] of byRevision) this.#onRevision(piece, revision, ofRevision);
    if (!wantsPrevKv) return;
    for (const event of events) this.#previous.push({ event, watcher: piece.watcher });
  }

  /** The watcher ended because what it needs next is compacted. */
  onCompacted(piece: Piece, compactRevision: number): void {
    if (piece.next >= compactRevision) {
      this.#fail(`${piece.watcher} needs ${piece.next} and is told that only what is below ${compactRevision} is gone`);
    }
    if (compactRevision > this.#compacted) {
      this.#fail(`${piece.watcher} is told of a compaction at ${compactRevision} that nobody asked for`);
    }
  }

  /** At the end, when the store is at `revision`. */
  judge(revision: number): void {
    for (const piece of this.#pieces) if (piece.key !== undefined) this.#judgePiece(piece, revision);
    this.#judgePrevious();
  }

  #onRevision(piece: Piece, revision: number, events: readonly SeenEvent[]): void {
    this.#events += events.length;
    const text = events.map(textOf).join(' ');
    if (revision < piece.next) this.#fail(`${piece.watcher} gets revision ${revision} again, it was at ${piece.next}`);
    if (piece.key === undefined) {
      if (revision !== piece.next) this.#fail(`${piece.watcher} gets revision ${revision} where ${piece.next} was due`);
      const known = this.#history.get(revision)?.text;
      if (known === undefined) this.#history.set(revision, { text, keys: new Set(events.map(({ key }) => key)) });
      else if (known !== text) this.#fail(`${piece.watcher} sees ${text} at ${revision}, another one saw ${known}`);
    }
    if (piece.key !== undefined) piece.seen.set(revision, text);
    piece.next = revision + 1;
  }

  // It saw what the history has of its key, as far as that is known. The last piece of a watcher goes up to the end.
  #judgePiece({ watcher, key, from, next, seen }: Piece, revision: number): void {
    const isLast = this.#pieces.findLast((piece) => piece.watcher === watcher)?.from === from;
    const end = isLast ? revision + 1 : next;
    for (let at = from; at < end; at++) {
      const known = this.#history.get(at);
      if (known === undefined) continue;
      const expected = known.keys.has(key as string) ? onlyOf(known.text, key as string) : undefined;
      if (seen.get(at) !== expected) this.#fail(`${watcher} saw ${seen.get(at)} at ${at}, the history has ${expected}`);
    }
    for (const at of seen.keys()) {
      if (at > revision) this.#fail(`${watcher} saw revision ${at}, the store is at ${revision}`);
    }
  }

  #judgePrevious(): void {
    const before = new Map<number, string | undefined>();
    const current = new Map<string, string | undefined>();
    const revisions = [...this.#history.keys()].sort((a, b) => a - b);
    const known = new Map<string, string | undefined>();
    let isWhole = revisions[0] === 2;
    for (const [i, revision] of revisions.entries()) {
      isWhole &&= i === 0 || revision === (revisions[i - 1] as number) + 1;
      if (!isWhole) break;
      const { text, keys } = this.#history.get(revision) as Revision;
      for (const key of keys) known.set(`${key}@${revision}`, current.get(key));
      for (const part of text.split(' ')) current.set(keyOf(part), part.startsWith('-') ? undefined : valueOf(part));
      before.set(revision, undefined);
    }
    for (const { event, watcher } of this.#previous) {
      const place = `${event.key}@${event.modRevision}`;
      if (!known.has(place)) continue;
      const expected = known.get(place);
      const told = event.prevKv === undefined ? undefined : Buffer.from(event.prevKv).toString('base64');
      const mayBeGone = event.modRevision - 1 < this.#compacted;
      if (told === expected || (told === undefined && mayBeGone)) continue;
      this.#fail(`${watcher} is told ${told} as what was before ${place}, and not ${expected}`);
    }
  }
}

// One word without blanks: key, and the whole key-value.
function textOf({ isDelete, key, kv }: SeenEvent): string {
  return `${isDelete ? '-' : '+'}${key}:${Buffer.from(kv).toString('base64')}`;
}

function keyOf(text: string): string {
  return text.slice(1, text.indexOf(':'));
}

function valueOf(text: string): string {
  return text.slice(text.indexOf(':') + 1);
}

function onlyOf(text: string, key: string): string {
  return text
    .split(' ')
    .filter((part) => keyOf(part) === key)
    .join(' ');
}
