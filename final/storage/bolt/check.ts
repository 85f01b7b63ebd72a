// Looks whether a database is whole, as `bbolt check` does: every page is in use once or free, pages are what their place
// asks for, keys ascend within what the parents say. Reads all pages; inline buckets too, which bbolt leaves out.

import type { DB } from './db.ts';
import { BoltError } from './errors.ts';
import { decodeFreelist } from './freelist.ts';
import { decodeHeader } from './page.ts';
import { PageWalk } from './walk.ts';

/** Checks the current state of `db`; returns one text for each problem, none when all is well. */
export function check(db: DB): string[] {
  const problems: string[] = [];
  const { meta, pager } = db;
  const walk = new PageWalk(pager, meta.pgid, (text) => problems.push(text), true);
  walk.bucket(meta.root);
  try {
    if (meta.freelist !== undefined) {
      walk.mark(meta.freelist, decodeHeader(pager.readPage(meta.freelist)).overflow);
    }
    checkFreeIds(db, walk, problems);
  } catch (error) {
    if (!(error instanceof BoltError)) throw error;
    problems.push(error.message);
  }
  return problems;
}

function checkFreeIds(db: DB, walk: PageWalk, problems: string[]): void {
  const ids = db.freeIds() ?? storedIds(db);
  // Without a list, what is not in use is free.
  if (ids === undefined) return;
  const free = new Set<number>();
  for (const id of ids) {
    if (free.has(id)) problems.push(`page ${id}: already freed`);
    free.add(id);
    if (id < 2 || id >= db.meta.pgid) problems.push(`page ${id}: free, but out of bounds: ${db.meta.pgid}`);
    else if (walk.isReached(id)) problems.push(`page ${id}: reachable freed`);
  }
  for (const id of walk.unreached()) {
    if (!free.has(id)) problems.push(`page ${id}: unreachable unfreed`);
  }
}

function storedIds(db: DB): number[] | undefined {
  const { freelist } = db.meta;
  return freelist === undefined ? undefined : decodeFreelist(freelist, db.pager.readPage(freelist));
}
