// The one order of changes around raft: what is to be remembered goes to the disk before anybody is told, what is committed is
// applied in order. Mirrors etcd's etcdserver/raft.go; the order of the steps is that of spec/raft.md E5.
//
//   leader     send │ save and sync, apply meanwhile │ advance
//   follower        │ save and sync, apply meanwhile │ send │ advance
//
// Group commit: whatever arrives while a batch is on its way to the disk makes up the next batch, with one write and one sync.

import type { RaftEntry, RaftMessage, RaftSnapshot } from '../../proto/schema.ts';
import { RaftMessageType } from '../../proto/schema.ts';
import type { RawNode, Ready } from '../core/raft/rawnode.ts';
import type { ReadState } from '../core/raft/read_only.ts';
import type { MemoryStorage } from '../core/raft/storage.ts';
import { INLINE_SYNC_MS } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Wal } from '../storage/wal/wal.ts';
import { pointOf } from './bootstrap.ts';
import type { PeerTransport } from './peer_transport.ts';

/** Index and term of an entry. */
export interface Position {
  readonly index: number;
  readonly term: number;
}

/** What the loop calls; each in the order of a Ready. */
export interface LoopHooks {
  /** Called first in each turn: what waits to be proposed is handed to the node. */
  readonly collect: () => void;
  /** The leader, or the role of this member, is another one. */
  readonly onSoftState: () => void;
  readonly onReadState: (state: ReadState) => void;
  /** Applies committed entries. */
  readonly apply: (entries: readonly RaftEntry[]) => void;
  /** Writes the file of a snapshot that the leader has sent. */
  readonly saveSnapshot: (snapshot: RaftSnapshot) => void;
  /** Takes over the database that came with it; everything about it is on the disk. */
  readonly installSnapshot: (snapshot: RaftSnapshot) => Promise<void>;
  /** Sends the database to a peer in the place of this message. */
  readonly sendSnapshot: (message: RaftMessage) => void;
  /** Called behind each Ready; the next one waits for it. */
  readonly afterReady: () => void | Promise<void>;
  /** Whether `id` was removed: nothing is sent to it. */
  readonly isIdRemoved: (id: bigint) => boolean;
}

export interface RaftLoopOptions {
  readonly node: RawNode;
  readonly storage: MemoryStorage;
  readonly wal: Wal;
  readonly clock: Clock;
  readonly transport: PeerTransport;
  readonly hooks: LoopHooks;
  /** Ends the process; for a disk that fails, and for a change that broke off half-way. */
  readonly crash: (error: unknown) => never;
}

export class RaftLoop {
  readonly #options: RaftLoopOptions;
  #isRunning = false;
  #isStopped = false;
  #idle: Promise<void> = Promise.resolve();
  // What the last sync took, in ms: it decides whether waiting for it is worth a detour through the event loop.
  #syncMs = 0;

  constructor(options: RaftLoopOptions) {
    this.#options = options;
  }

  /** To be called behind everything that may have given the node work. */
  wake(): void {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    // Not at once: other connections may have something too that came in with the same turn of the event loop.
    this.#idle = new Promise((resolve) => {
      this.#options.clock.soon(() => {
        this.#run().then(resolve, (error: unknown) => this.#options.crash(error));
      });
    });
  }

  /** Ends it; resolves when the Ready that is being worked on is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#idle;
  }

  async #run(): Promise<void> {
    const { node, hooks } = this.#options;
    while (!this.#isStopped) {
      hooks.collect();
      if (!node.hasReady()) break;
      const ready = node.ready();
      await this.#handle(ready);
      node.advance(ready);
      const rest = hooks.afterReady();
      if (rest !== undefined) await rest;
    }
    this.#isRunning = false;
  }

  async #handle(ready: Ready): Promise<void> {
    const { node, storage, transport, hooks } = this.#options;
    if (ready.softState !== undefined) hooks.onSoftState();
    const readState = ready.readStates.at(-1);
    if (readState !== undefined) hooks.onReadState(readState);
    // A leader that is the only voter commits what it has yet to write: its learners must not hear of that before it is written.
    const first = ready.entries[0];
    const isWritten = first === undefined || first.Index > node.committed;
    const mayAnnounce = node.role === 'leader' && isWritten;
    if (mayAnnounce) transport.send(this.#toSend(ready.messages));
    if (ready.snapshot !== undefined) {
      await this.#takeSnapshot(ready, ready.snapshot);
    } else {
      await this.#saveAndApply(ready);
    }
    if (ready.entries.length > 0) storage.append(ready.entries);
    if (!mayAnnounce) transport.send(this.#toSend(ready.messages));
  }

  // Entries that are committed already need not wait for the disk of this member, unless they are among those it writes now:
  // the database must never be ahead of the log.
  async #saveAndApply({ hardState, entries, committedEntries, mustSync }: Ready): Promise<void> {
    const { wal, hooks } = this.#options;
    const mustWait = overlap(entries, committedEntries);
    const mustSyncNow = wal.save(hardState, entries) || mustSync;
    if (!mustSyncNow || mustWait || committedEntries.length === 0) {
      if (mustSyncNow) await this.#sync(entries.length);
      if (committedEntries.length > 0) hooks.apply(committedEntries);
      return;
    }
    const synced = wal.syncInBackground();
    hooks.apply(committedEntries);
    await synced;
  }

  async #sync(entries: number): Promise<void> {
    const { wal, clock, node, transport } = this.#options;
    const begin = clock.now();
    // A short sync for one client is over before the event loop would come round. A leader with peers has their answers to
    // read meanwhile.
    const isWaitedFor = node.role !== 'leader' || transport.peerIds.length === 0;
    if (entries <= 1 && this.#syncMs < INLINE_SYNC_MS && isWaitedFor) wal.sync();
    else await wal.syncInBackground();
    this.#syncMs = clock.now() - begin;
  }

  // The file and its note in the log come before the hard state, whose commit index would point behind the end of the log
  // without them.
  async #takeSnapshot({ hardState, entries, committedEntries }: Ready, snapshot: RaftSnapshot): Promise<void> {
    const { wal, storage, hooks } = this.#options;
    hooks.saveSnapshot(snapshot);
    const { index, term } = pointOf(snapshot);
    wal.saveSnapshot({ index, term, conf_state: snapshot.metadata?.conf_state });
    wal.save(hardState, entries);
    await wal.syncInBackground();
    await hooks.installSnapshot(snapshot);
    storage.applySnapshot(snapshot);
    wal.releaseTo(index);
    if (committedEntries.length > 0) hooks.apply(committedEntries);
  }

  // Of several acknowledgements of appends the last one says it all. Snapshots go their own way.
  #toSend(messages: readonly RaftMessage[]): readonly RaftMessage[] {
    const { hooks } = this.#options;
    if (messages.length === 0) return messages;
    const lastResponse = messages.findLastIndex((one) => one.type === RaftMessageType.MsgAppResp);
    return messages.filter((message, i) => {
      if (hooks.isIdRemoved(message.to)) return false;
      if (message.type === RaftMessageType.MsgAppResp) return i === lastResponse;
      if (message.type !== RaftMessageType.MsgSnap) return true;
      hooks.sendSnapshot(message);
      return false;
    });
  }
}

function overlap(entries: readonly RaftEntry[], committed: readonly RaftEntry[]): boolean {
  const first = entries[0];
  const last = committed.at(-1);
  return first !== undefined && last !== undefined && last.Index >= first.Index;
}
