// Which pages are free, and which will be as soon as no reader can see them any more. Mirrors bbolt's freelist of kind
// `array`: a run of pages is taken from the lowest place where it fits.
//
// A page given up by transaction N belongs to the states before N. It is *pending* until every open reader sees N or a
// later state, and only then free. Example: readers at 5 and 7; pages of transactions 4 and 5 are released, those of 6,
// 7 and 8 wait for the reader at 5.

import { assert } from '../../core/assert.ts';
import { BoltError } from './errors.ts';
import { FREELIST_PAGE, MAX_COUNT, PAGE_HEADER_BYTES, readUint64, viewOf, writeUint64 } from './format.ts';
import { decodeHeader, encodeHeader } from './page.ts';

export class Freelist {
  // Free runs in ascending order, never adjacent when made; an emptied run stays with length 0 until the next release.
  #starts: number[] = [];
  #lengths: number[] = [];
  #free = 0;
  // Index of the first run that may hold n pages, by n. Runs only shrink between two releases, so what was too short
  // stays too short.
  readonly #firstFit = new Map<number, number>();
  readonly #pending = new Map<number, readonly number[]>();
  #pendingCount = 0;

  /** Makes a list of free pages. `ids` ascend. Throws BoltError Corrupt when they do not. */
  constructor(ids: Iterable<number> = []) {
    let last = 1;
    for (const id of ids) {
      if (id <= last) throw new BoltError('Corrupt', `free page ${id} is listed behind ${last}`);
      this.#append(id, 1);
      last = id;
    }
  }

  /** Pages that can be used at once. */
  get freeCount(): number {
    return this.#free;
  }

  /** Pages that wait for readers. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Takes `n` adjacent pages: the id of the first, or undefined when no run is long enough. */
  allocate(n: number): number | undefined {
    let at = this.#firstFit.get(n) ?? 0;
    while (at < this.#lengths.length && (this.#lengths[at] as number) < n) at++;
    this.#firstFit.set(n, at);
    if (at === this.#lengths.length) return undefined;
    const id = this.#starts[at] as number;
    this.#starts[at] = id + n;
    this.#lengths[at] = (this.#lengths[at] as number) - n;
    this.#free -= n;
    return id;
  }

  /** Records the pages that transaction `txid` gave up. */
  addPending(txid: number, ids: readonly number[]): void {
    assert(!this.#pending.has(txid), `transaction ${txid} gives up pages twice`);
    this.#pending.set(txid, ids);
    this.#pendingCount += ids.length;
  }

  /** Frees the pages given up by transactions up to `txid`: the state of the oldest reader, or the newest state. */
  release(txid: number): void {
    const released: number[] = [];
    for (const [writer, ids] of this.#pending) {
      if (writer > txid) continue;
      for (const id of ids) released.push(id);
      this.#pending.delete(writer);
    }
    if (released.length === 0) return;
    this.#pendingCount -= released.length;
    this.#merge(released.sort((a, b) => a - b));
  }

  /** Free and pending ids, ascending: what a stored list holds. */
  allIds(): number[] {
    const ids: number[] = [...this.#pending.values()].flat();
    this.#starts.forEach((start, i) => {
      for (let n = 0; n < (this.#lengths[i] as number); n++) ids.push(start + n);
    });
    return ids.sort((a, b) => a - b);
  }

  #merge(ids: readonly number[]): void {
    const [starts, lengths] = [this.#starts, this.#lengths];
    this.#starts = [];
    this.#lengths = [];
    this.#free = 0;
    this.#firstFit.clear();
    let run = 0;
    for (const id of ids) {
      for (; run < starts.length && (starts[run] as number) < id; run++) {
        this.#append(starts[run] as number, lengths[run] as number);
      }
      this.#append(id, 1);
    }
    for (; run < starts.length; run++) this.#append(starts[run] as number, lengths[run] as number);
  }

  // Adds a run that lies behind all others.
  #append(start: number, length: number): void {
    if (length === 0) return;
    this.#free += length;
    const last = this.#starts.length - 1;
    const end = last < 0 ? 0 : (this.#starts[last] as number) + (this.#lengths[last] as number);
    assert(start >= end, `page ${start} is freed twice`);
    if (last >= 0 && start === end) {
      this.#lengths[last] = (this.#lengths[last] as number) + length;
      return;
    }
    this.#starts.push(start);
    this.#lengths.push(length);
  }
}

/** Bytes of a freelist page with `count` ids. */
export function freelistBytes(count: number): number {
  return PAGE_HEADER_BYTES + 8 * (count < MAX_COUNT ? count : count + 1);
}

/** Writes the ascending `ids` as freelist page `id` into the zeroed `page`, `overflow` pages longer than one. */
export function encodeFreelist(page: Uint8Array, id: number, overflow: number, ids: readonly number[]): void {
  const view = viewOf(page);
  const isLong = ids.length >= MAX_COUNT;
  encodeHeader(view, { id, flags: FREELIST_PAGE, count: isLong ? MAX_COUNT : ids.length, overflow });
  let at = PAGE_HEADER_BYTES;
  if (isLong) {
    writeUint64(view, at, ids.length);
    at += 8;
  }
  for (const free of ids) {
    writeUint64(view, at, free);
    at += 8;
  }
}

/** Reads the ids of freelist page `id`, given with its overflow. Throws BoltError Corrupt when it is not one. */
export function decodeFreelist(id: number, page: Uint8Array): number[] {
  const header = decodeHeader(page);
  if (header.flags !== FREELIST_PAGE) throw new BoltError('Corrupt', `page ${id} is not a freelist page`);
  const view = viewOf(page);
  const isLong = header.count === MAX_COUNT;
  const start = isLong ? PAGE_HEADER_BYTES + 8 : PAGE_HEADER_BYTES;
  const count = isLong ? readUint64(view, PAGE_HEADER_BYTES) : header.count;
  if (start + 8 * count > page.length)
    throw new BoltError('Corrupt', `freelist page ${id} has no room for ${count} ids`);
  return Array.from({ length: count }, (_, i) => readUint64(view, start + 8 * i));
}
