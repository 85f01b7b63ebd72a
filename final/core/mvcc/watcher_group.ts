// Watchers by what they watch, so that a change finds those who want it. Mirrors etcd's mvcc/watcher_group.go: single keys
// are in a Map, ranges in a tree, and watchers of the same range share a place there.

import type { Key } from '../keys.ts';
import { IntervalTree } from './interval_tree.ts';
import { endOf, type Watcher } from './watcher.ts';

export class WatcherGroup {
  readonly #singles = new Map<Key, Set<Watcher>>();
  readonly #ranges = new IntervalTree<Set<Watcher>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a watcher, which must not be in it. */
  add(watcher: Watcher): void {
    const { range } = watcher;
    this.#size++;
    if (range.kind === 'single') {
      const watchers = this.#singles.get(range.key);
      if (watchers === undefined) this.#singles.set(range.key, new Set([watcher]));
      else watchers.add(watcher);
      return;
    }
    const watchers = this.#ranges.get(range.key, endOf(range));
    if (watchers === undefined) this.#ranges.set(range.key, endOf(range), new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Removes a watcher if it is there. */
  delete(watcher: Watcher): void {
    const { range } = watcher;
    const isSingle = range.kind === 'single';
    const watchers = isSingle ? this.#singles.get(range.key) : this.#ranges.get(range.key, endOf(range));
    if (watchers?.delete(watcher) !== true) return;
    this.#size--;
    if (watchers.size > 0) return;
    if (isSingle) this.#singles.delete(range.key);
    else this.#ranges.delete(range.key, endOf(range));
  }

  /** Visits every watcher of `key`. The group must not change meanwhile. */
  visit(key: Key, visit: (watcher: Watcher) => void): void {
    const watchers = this.#singles.get(key);
    if (watchers !== undefined) for (const watcher of watchers) visit(watcher);
    if (this.#ranges.size === 0) return;
    this.#ranges.stab(key, (set) => {
      for (const watcher of set) visit(watcher);
    });
  }
}
