// Proof that the simulation can fail: well-known mistakes are planted into the members from outside, and a run must notice each
// of them. In a process of its own, since it changes classes of final.
//
//   node --import tsx test/sim/planted.ts --plant vote|count|read|database|watch|victim|lease [--seeds 200]

import { parseArgs } from 'node:util';
import { Lessor } from '../../final/core/lease/lessor.ts';
import { WatchableStore } from '../../final/core/mvcc/watchable_store.ts';
import type { WatchedStore } from '../../final/core/mvcc/watch_event.ts';
import type { Watcher } from '../../final/core/mvcc/watcher.ts';
import { WatchStream } from '../../final/core/mvcc/watch_stream.ts';
import { RaftLog } from '../../final/core/raft/log.ts';
import { EtcdServer } from '../../final/server/server.ts';
import type { RangeRequest } from '../../proto/schema.ts';
import type { File, FileSystem } from '../../final/storage/fs.ts';
import { LENGTH_FIELD_BYTES, readFrameLength, RecordType } from '../../final/storage/wal/record.ts';
import { simulate } from './cluster_sim.ts';
import type { SimOptions } from './world.ts';

const SHORT_LOG: ReadonlyMap<string, string> = new Map([
  ['snapshot-count', '5'],
  ['experimental-snapshot-catchup-entries', '1'],
]);

const MISTAKES: Readonly<Record<string, () => SimOptions>> = {
  // A vote and a term are written, but nobody waits for the disk: a member that loses power may vote twice in one term.
  vote: () => ({ wrapDisk: withoutVoteSync, faults: ['rivals'] }),
  // The leader counts who has an entry of an earlier term, and takes it for committed when a majority has it. Messages of one
  // entry let it see such a majority before that for an entry of its own.
  count: () => {
    sendOneEntryAtATime();
    replaceMethod(RaftLog.prototype, 'maybeCommit', () => {
      return function (this: RaftLog, index: number): boolean {
        if (index <= this.committed) return false;
        this.commitTo(index);
        return true;
      };
    });
    return { faults: ['overtaken'] };
  },
  // A leader answers reads from its own store and asks nobody whether it still leads.
  read: () => {
    replaceMethod(EtcdServer.prototype, 'range', (range) => {
      return function (this: EtcdServer, request: RangeRequest) {
        const isLeader = this.leader === this.cluster.localMemberId;
        return range.call(this, isLeader ? { ...request, serializable: true } : request);
      };
    });
    return { faults: ['usurped', 'storm'] };
  },
  // A database that the leader sends is taken over, and the snapshot acknowledged, before it is on the disk.
  // With a short log everybody who comes new or was away needs one.
  database: () => ({
    wrapDisk: withoutDatabaseSync,
    flags: SHORT_LOG,
    faults: ['replace', 'isolate', 'crashInSnapshot', 'crashInSnapshot'],
  }),
  // When another database takes the place of that of a member, its watchers hear only of what is written from then on.
  watch: () => {
    replaceMethod(WatchableStore.prototype, 'follow', (follow) => {
      return function (this: WatchableStore, store: WatchedStore) {
        follow.call(this, store);
        for (const watcher of watchersOf(this)) watcher.nextRevision = store.currentRevision + 1;
      };
    });
    return { flags: SHORT_LOG, faults: ['isolate', 'crash', 'replace'] };
  },
  // What a stream cannot take is dropped, and its watchers go on with what comes next.
  victim: () => {
    replaceMethod(WatchStream.prototype, 'resume', (resume) => {
      return function (this: WatchStream) {
        for (const watcher of this.victims) watcher.nextRevision += 1;
        resume.call(this);
      };
    });
    return {};
  },
  // A new leader takes leases for as old as they are since they were granted: it knows of no renewal.
  lease: () => {
    const grantedAt = new Map<bigint, number>();
    replaceMethod(Lessor.prototype, 'grant', (grant) => {
      return function (this: Lessor, input: Parameters<Lessor['grant']>[0]) {
        if (!grantedAt.has(input.id)) grantedAt.set(input.id, input.now);
        return grant.call(this, input);
      };
    });
    replaceMethod(Lessor.prototype, 'promote', (promote) => {
      return function (this: Lessor, now: number, extendMs: number) {
        promote.call(this, now, extendMs);
        for (const { id } of this.list()) this.renew(id, grantedAt.get(id) ?? now);
      };
    });
    return { faults: ['crash', 'isolate', 'restart'] };
  },
  // No mistake: what the plants change beside their mistake is harmless.
  none: () => {
    sendOneEntryAtATime();
    return {
      faults: ['rivals', 'overtaken', 'usurped', 'storm', 'replace', 'invite', 'isolate', 'crashInSnapshot'],
    };
  },
};

// Those that wait for their turn; the hub keeps them to itself.
const followed = new WeakMap<WatchableStore, Set<Watcher>>();
replaceMethod(WatchableStore.prototype, 'admit', (admit) => {
  return function (this: WatchableStore, watcher: Watcher) {
    const watchers = followed.get(this) ?? new Set<Watcher>();
    followed.set(this, watchers.add(watcher));
    return admit.call(this, watcher);
  };
});

function watchersOf(hub: WatchableStore): Iterable<Watcher> {
  return followed.get(hub) ?? [];
}

function sendOneEntryAtATime(): void {
  replaceMethod(RaftLog.prototype, 'entriesFrom', (entriesFrom) => {
    return function (this: RaftLog, index: number) {
      return entriesFrom.call(this, index, 0);
    };
  });
}

function replaceMethod<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  make: (original: T[K]) => T[K],
): void {
  prototype[name] = make(prototype[name]);
}

function withoutVoteSync(fs: FileSystem): FileSystem {
  return {
    ...fs,
    open: (path, mode) => (path.endsWith('.wal') ? noVoteSync(fs.open(path, mode)) : fs.open(path, mode)),
  };
}

// The name is that of a database that is being received.
function withoutDatabaseSync(fs: FileSystem): FileSystem {
  const isReceived = (path: string): boolean => /\/snap\/tmp\d+$/.test(path);
  return {
    ...fs,
    open: (path, mode) => (isReceived(path) ? noSync(fs.open(path, mode)) : fs.open(path, mode)),
  };
}

function noSync(file: File): File {
  return {
    name: file.name,
    size: () => file.size(),
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => file.write(bytes, position),
    truncate: (size) => file.truncate(size),
    syncData: () => {},
    syncDataAsync: () => Promise.resolve(),
    lock: (kind) => file.lock(kind),
    close: () => file.close(),
  };
}

/** Skips a sync when nothing but a hard state was written since the last one. */
function noVoteSync(file: File): File {
  let isNeeded = false;
  const sync = (): void => {
    if (isNeeded) file.syncData();
    isNeeded = false;
  };
  return {
    name: file.name,
    size: () => file.size(),
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => {
      isNeeded ||= !isOnlyHardState(bytes);
      file.write(bytes, position);
    },
    truncate: (size) => {
      isNeeded = true;
      file.truncate(size);
    },
    syncData: sync,
    syncDataAsync: () => Promise.resolve(sync()),
    lock: (kind) => file.lock(kind),
    close: () => file.close(),
  };
}

function isOnlyHardState(frames: Uint8Array): boolean {
  const { record, padding } = readFrameLength(frames, 0);
  const isAll = LENGTH_FIELD_BYTES + record + padding === frames.length;
  // The record begins with its type: field 1, a number.
  return isAll && frames[LENGTH_FIELD_BYTES] === 0x08 && frames[LENGTH_FIELD_BYTES + 1] === RecordType.state;
}

const { values } = parseArgs({
  options: {
    plant: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});
const mistake = MISTAKES[values.plant ?? ''];
if (mistake === undefined) throw new Error(`--plant is one of ${Object.keys(MISTAKES).join(', ')}`);
const seeds = { from: Number(values.from), count: Number(values.seeds), untilFailure: true };
const { seeds: tried, failed } = await simulate(
  seeds,
  { ...mistake(), ...(values.verbose ? { print: console.log } : {}) },
  console.log,
);
console.log(`${values.plant}: ${failed > 0 ? `noticed after ${tried} seeds` : `not noticed in ${tried} seeds`}`);
process.exitCode = failed > 0 ? 1 : 0;
