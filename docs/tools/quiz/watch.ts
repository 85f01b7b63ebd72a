// Questions about watchers: some writes, a watcher from a revision on or from now on, more writes. What does it see?

import { Event_EventType as EventType } from '../../../proto/schema.ts';
import type { KVStore } from '../../../steps/07-watch/core/mvcc/kvstore.ts';
import type { RevisionLog } from '../../../steps/07-watch/core/mvcc/revision_log.ts';
import type { WatchableStore } from '../../../steps/07-watch/core/mvcc/watchable_store.ts';
import type { KeyRange } from '../../../steps/07-watch/core/keys.ts';
import type { Maker } from './question.ts';
import type { SeededRandom } from './random.ts';

export interface WatchModules {
  readonly KVStore: typeof KVStore;
  readonly RevisionLog: typeof RevisionLog;
  readonly WatchableStore: typeof WatchableStore;
  readonly folder: string;
}

/** A put, or a delete of keys from `key` up to `end`, or of the one key. */
export interface WatchedWrite {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly end?: string;
}

export interface WatchFacts {
  readonly before: readonly WatchedWrite[];
  readonly after: readonly WatchedWrite[];
  readonly range: KeyRange;
  /** 0 = from now on. */
  readonly startRevision: number;
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

const KEYS = ['a', 'b', 'c'];
const NOTHING = 'nothing';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A maker of questions about the watchers of a step. */
export function watchQuestions(modules: WatchModules): Maker {
  return (random) => {
    const facts = randomFacts(random);
    const answer = seen(modules, facts);
    const shift = facts.startRevision === 0 ? 2 : facts.startRevision + 1;
    const mistakes: readonly WatchFacts[] = [
      { ...facts, startRevision: shift },
      { ...facts, startRevision: facts.startRevision === 0 ? 2 : 0 },
      { ...facts, noPut: false, noDelete: false },
      { ...facts, range: { kind: 'fromKey', key: 'a' } },
      { ...facts, noPut: !facts.noPut },
      { ...facts, noDelete: !facts.noDelete },
      { ...facts, startRevision: Math.max(2, facts.startRevision - 1) },
      { ...facts, range: { kind: 'single', key: 'b' } },
    ];
    const wrong = [...mistakes.map((one) => seen(modules, one)), NOTHING];
    const list = (writes: readonly WatchedWrite[]): string => writes.map((write) => `  ${writeText(write)}`).join('\n');
    return {
      kind: 'watch',
      text: `An empty store takes these writes:\n\n${list(facts.before)}\n\nThen a client watches ${rangeText(facts.range)}${startText(facts)}${filterText(facts)}. Then:\n\n${list(facts.after)}\n\nWhich events does the watcher get, in all?`,
      answer,
      wrong,
      why: 'The first write of an empty store makes revision 2; a delete of nothing makes none. A watcher gets every event of its range from its start revision on, those of the past from the history, and a filter takes one kind out.',
      cites: [
        `${modules.folder}/core/mvcc/watchable_store.ts#WatchableStore.notify`,
        `${modules.folder}/core/mvcc/watcher.ts#Watcher.view`,
        `${modules.folder}/core/mvcc/watch_stream.ts#WatchStream.watch`,
      ],
      facts,
    };
  };
}

/** What a watcher of the step sees: `PUT a@2, DELETE a@3`. */
function seen({ KVStore, RevisionLog, WatchableStore }: WatchModules, facts: WatchFacts): string {
  const events: string[] = [];
  const hub = new WatchableStore(new RevisionLog(), () => undefined);
  const store = new KVStore({ attach: () => undefined, detach: () => undefined }, hub);
  write(store, facts.before);
  const stream = hub.newStream({
    isWritable: true,
    onEvents: (_, given) => {
      for (const { type, kv } of given) {
        events.push(
          `${type === EventType.DELETE ? 'DELETE' : 'PUT'} ${new TextDecoder().decode(kv?.key)}@${kv?.mod_revision}`,
        );
      }
    },
    onProgress: () => undefined,
  });
  const { range, startRevision, noPut, noDelete } = facts;
  stream.watch(0n, { range, startRevision, wantsPrevKv: false, noPut, noDelete });
  while (hub.hasUnsynced) hub.syncWatchers();
  write(store, facts.after);
  return events.join(', ') || NOTHING;
}

function write(store: KVStore, writes: readonly WatchedWrite[]): void {
  for (const { kind, key, end } of writes) {
    if (kind === 'put') store.put({ key: bytes(key), value: bytes('x'), lease: 0n });
    else store.deleteRange([end === undefined ? { kind: 'single', key } : { kind: 'interval', key, end }]);
  }
}

function randomFacts(random: SeededRandom): WatchFacts {
  const writes = (count: number): WatchedWrite[] => Array.from({ length: count }, () => randomWrite(random));
  const before = writes(random.from(2, 4));
  const filter = random.pick(['none', 'none', 'noPut', 'noDelete']);
  return {
    before,
    after: writes(random.from(2, 3)),
    range: random.pick<KeyRange>([
      { kind: 'single', key: random.pick(KEYS) },
      { kind: 'interval', key: 'a', end: 'c' },
      { kind: 'fromKey', key: 'b' },
    ]),
    startRevision: random.oneIn(2) ? 0 : random.from(2, before.length + 2),
    noPut: filter === 'noPut',
    noDelete: filter === 'noDelete',
  };
}

function randomWrite(random: SeededRandom): WatchedWrite {
  if (random.below(10) < 7) return { kind: 'put', key: random.pick(KEYS) };
  return random.oneIn(2) ? { kind: 'delete', key: random.pick(KEYS) } : { kind: 'delete', key: 'a', end: 'c' };
}

function writeText({ kind, key, end }: WatchedWrite): string {
  return end === undefined ? `${kind} ${key}` : `${kind} every key from ${key} up to, not including, ${end}`;
}

function rangeText(range: KeyRange): string {
  if (range.kind === 'single') return `the key ${range.key}`;
  return range.kind === 'fromKey'
    ? `every key from ${range.key} on`
    : `the keys from ${range.key} up to, not including, ${range.end}`;
}

function startText({ startRevision }: WatchFacts): string {
  return startRevision === 0 ? ', from now on' : `, from revision ${startRevision} on`;
}

function filterText({ noPut, noDelete }: WatchFacts): string {
  return noPut ? ', without puts' : noDelete ? ', without deletes' : '';
}
