// Pages between the file and the trees: read on demand, kept in a bounded cache, written in runs. Stands where bbolt
// maps the file into memory; so the heap holds at most the cache and what the open write transaction has changed.
//
// Why a cached page is never stale: a page that some open transaction can reach is not written again (freelist.ts), and
// one that is written again replaces what the cache has under its id.

import { BoltError } from './errors.ts';
import type { BoltFile } from './file.ts';
import { WRITE_CHUNK_BYTES } from './format.ts';
import { type BranchPage, decodeHeader, decodeTreePage, type LeafPage } from './page.ts';

export type TreePage = LeafPage | BranchPage;

/** A page to be written, overflow included. */
export interface PageWrite {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export class Pager {
  readonly pageSize: number;
  readonly #file: BoltFile;
  readonly #cacheBytes: number;
  readonly #cache = new Map<number, TreePage>();
  // The hand of a clock that goes round the cache and drops what was not used since it came by last. It must live on
  // between two sweeps: an iterator made anew would pass by all places that were emptied before.
  #hand = this.#cache.values();
  #cachedBytes = 0;

  /** Pages of `pageSize` bytes of `file`, of which about `cacheBytes` are kept. */
  constructor(file: BoltFile, pageSize: number, cacheBytes: number) {
    this.#file = file;
    this.pageSize = pageSize;
    this.#cacheBytes = cacheBytes;
  }

  /** Bytes of pages in the cache. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Branch or leaf page `id`. Throws BoltError Corrupt when there is no such page. */
  node(id: number): TreePage {
    const cached = this.#cache.get(id);
    if (cached !== undefined) {
      cached.wasUsed = true;
      return cached;
    }
    const page = this.readNode(id);
    this.#keep(page);
    return page;
  }

  /** As `node`, past the cache: for walks that touch every page once. */
  readNode(id: number): TreePage {
    return this.#cache.get(id) ?? decodeTreePage(id, this.readPage(id));
  }

  /** The bytes of page `id` with its overflow pages. Throws BoltError Corrupt when the file ends before. */
  readPage(id: number): Uint8Array {
    const first = new Uint8Array(this.pageSize);
    this.#fill(first, id, id);
    const { overflow } = decodeHeader(first);
    if (overflow === 0) return first;
    const pages = overflow + 1;
    if ((id + pages) * this.pageSize > this.#file.size()) {
      throw new BoltError('Corrupt', `page ${id} and its ${overflow} overflow pages reach beyond the end of the file`);
    }
    const all = new Uint8Array(pages * this.pageSize);
    all.set(first);
    this.#fill(all.subarray(this.pageSize), id + 1, id);
    return all;
  }

  /** Up to `length` bytes of the file from `position` on; what lies behind its end reads as zeros. */
  readRaw(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#file.read(bytes, position);
    return bytes;
  }

  /** Writes `pages`, sorted by id, and lets later reads find the tree pages among them in the cache. */
  write(pages: readonly PageWrite[]): void {
    let chunk: Uint8Array | undefined;
    for (let from = 0; from < pages.length; ) {
      const { to, bytes } = this.#runFrom(pages, from);
      const { id, bytes: first } = pages[from] as PageWrite;
      if (to === from + 1) {
        this.#file.write(first, id * this.pageSize);
      } else {
        chunk ??= new Uint8Array(WRITE_CHUNK_BYTES);
        let at = 0;
        for (let i = from; i < to; i++) {
          const page = pages[i] as PageWrite;
          chunk.set(page.bytes, at);
          at += page.bytes.length;
        }
        this.#file.write(chunk.subarray(0, bytes), id * this.pageSize);
      }
      from = to;
    }
  }

  /** Puts a page that has just been made into the cache, in place of what was at its pages before. */
  remember(page: TreePage): void {
    this.forget(page.id, page.overflow + 1);
    this.#keep(page);
  }

  /** Drops what the cache knows of `pages` pages from `id` on. */
  forget(id: number, pages: number): void {
    for (let n = id; n < id + pages; n++) {
      const old = this.#cache.get(n);
      if (old === undefined) continue;
      this.#cache.delete(n);
      this.#cachedBytes -= old.bytes.length;
    }
  }

  // The pages from index `from` on that lie side by side and together fit into a chunk.
  #runFrom(pages: readonly PageWrite[], from: number): { readonly to: number; readonly bytes: number } {
    const { id, bytes: first } = pages[from] as PageWrite;
    let bytes = first.length;
    let to = from + 1;
    for (; to < pages.length; to++) {
      const next = pages[to] as PageWrite;
      const isAdjacent = next.id * this.pageSize === id * this.pageSize + bytes;
      if (!isAdjacent || bytes + next.bytes.length > WRITE_CHUNK_BYTES) break;
      bytes += next.bytes.length;
    }
    return { to, bytes };
  }

  #fill(into: Uint8Array, at: number, id: number): void {
    if (this.#file.read(into, at * this.pageSize) < into.length) {
      throw new BoltError('Corrupt', `page ${id} lies beyond the end of the file`);
    }
  }

  #keep(page: TreePage): void {
    if (page.bytes.length > this.#cacheBytes) return;
    this.#cache.set(page.id, page);
    this.#cachedBytes += page.bytes.length;
    while (this.#cachedBytes > this.#cacheBytes) {
      const { value: candidate, done } = this.#hand.next();
      if (done) this.#hand = this.#cache.values();
      else if (candidate.wasUsed) candidate.wasUsed = false;
      else this.forget(candidate.id, 1);
    }
  }
}
