// One change as watchers see it: built once, whoever many watchers get it, and never changed afterwards.

import type { KeyValue } from '../../../proto/schema.ts';
import { type Key, keyToBytes } from '../keys.ts';
import type { TreeIndex } from './index.ts';
import type { RevisionLog, RevisionRecord } from './revision_log.ts';

/** A change: a record of the log and its key. */
export interface Change extends RevisionRecord {
  readonly key: Key;
}

/** What of a store shows its history. */
export interface WatchedStore {
  /** Main revision of the last write. */
  readonly currentRevision: number;
  /** The newest compacted revision; −1 before the first compaction. */
  readonly compactRevision: number;
  readonly index: TreeIndex;
  readonly log: RevisionLog;
  readonly codec: {
    encode(kv: KeyValue): Uint8Array;
    decode(bytes: Uint8Array): KeyValue;
  };
}

export class WatchEvent {
  readonly isDelete: boolean;
  readonly key: Key;
  /** Main revision of the change. */
  readonly modRevision: number;
  /** The encoded mvccpb.KeyValue; that of a delete holds key and mod_revision only. */
  readonly kv: Uint8Array;
  /** The encoded key-value before the change, where it was asked for and there is one. */
  readonly prevKv: Uint8Array | undefined;
  /** The whole event as it goes over the wire: kept here by whoever encodes it first, for all the others. */
  encoded: Uint8Array | undefined = undefined;

  constructor(change: Pick<WatchEvent, 'isDelete' | 'key' | 'modRevision' | 'kv' | 'prevKv'>) {
    this.isDelete = change.isDelete;
    this.key = change.key;
    this.modRevision = change.modRevision;
    this.kv = change.kv;
    this.prevKv = change.prevKv;
  }

  /** The same event with what was before it. */
  after(prevKv: Uint8Array): WatchEvent {
    const { isDelete, key, modRevision, kv } = this;
    return new WatchEvent({ isDelete, key, modRevision, kv, prevKv });
  }

  /** What it holds, in bytes. */
  get size(): number {
    return this.kv.length + (this.prevKv === undefined ? 0 : this.prevKv.length);
  }
}

/** The event of one change, in both forms; each is made when the first watcher wants it. */
export class EventSource {
  readonly #store: WatchedStore;
  readonly #change: Change;
  #plain: WatchEvent | undefined;
  #withPrev: WatchEvent | undefined;
  #plainList: readonly WatchEvent[] | undefined;
  #withPrevList: readonly WatchEvent[] | undefined;

  constructor(store: WatchedStore, change: Change) {
    this.#store = store;
    this.#change = change;
  }

  get key(): Key {
    return this.#change.key;
  }

  get isDelete(): boolean {
    return this.#change.isTombstone;
  }

  /** Bytes of the events that were made so far. */
  get builtBytes(): number {
    return (this.#plain?.size ?? 0) + (this.#withPrev === this.#plain ? 0 : (this.#withPrev?.size ?? 0));
  }

  /** The event; with `wantsPrev` it has the key-value before the change, if there is one. */
  event(wantsPrev: boolean): WatchEvent {
    this.#plain ??= this.#newPlain();
    if (!wantsPrev) return this.#plain;
    this.#withPrev ??= this.#newWithPrev(this.#plain);
    return this.#withPrev;
  }

  /** The same as a list, which is shared too. */
  list(wantsPrev: boolean): readonly WatchEvent[] {
    this.#plainList ??= [this.event(false)];
    if (!wantsPrev) return this.#plainList;
    this.#withPrevList ??= [this.event(true)];
    return this.#withPrevList;
  }

  #newPlain(): WatchEvent {
    const { key, revision, isTombstone, value } = this.#change;
    const kv = isTombstone ? this.#store.codec.encode(deletedAt(key, revision.main)) : value;
    return new WatchEvent({ isDelete: isTombstone, key, modRevision: revision.main, kv, prevKv: undefined });
  }

  // None when the key did not exist one revision before, or when that revision is compacted (spec/rpc.md 7.3).
  #newWithPrev(plain: WatchEvent): WatchEvent {
    const { index, log, compactRevision } = this.#store;
    const before = plain.modRevision - 1;
    const state = before < compactRevision ? undefined : index.get(plain.key, before);
    return state === undefined ? plain : plain.after(log.get(state.modified));
  }
}

/** The events of several changes for one watcher. */
export class EventList {
  readonly #sources: readonly EventSource[];

  constructor(sources: readonly EventSource[]) {
    this.#sources = sources;
  }

  list(wantsPrev: boolean): readonly WatchEvent[] {
    return this.#sources.map((source) => source.event(wantsPrev));
  }
}

function deletedAt(key: Key, main: number): KeyValue {
  return { key: keyToBytes(key), create_revision: 0, mod_revision: main, version: 0, value: NO_BYTES, lease: 0n };
}

const NO_BYTES = new Uint8Array(0);
