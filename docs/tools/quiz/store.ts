// Questions about the store: a few puts and deletes, carried out by the step's own applier; which revision and which
// version does a key have then?

import type { Applier } from '../../../steps/05-raft/server/apply.ts';
import type { executeRange } from '../../../steps/05-raft/core/txn/range.ts';
import type { KVStore } from '../../../steps/05-raft/core/mvcc/kvstore.ts';
import { codecs } from '../../../proto/load.ts';
import type { KeyValue } from '../../../proto/schema.ts';
import { type Draft, type Maker, nearNumbers } from './question.ts';
import type { SeededRandom } from './random.ts';

/** A write: `end` makes a delete of a range. */
export type Write =
  | { readonly kind: 'put'; readonly key: string }
  | { readonly kind: 'delete'; readonly key: string; readonly end?: string };

/** What a question of the store is made of. */
export interface StoreFacts {
  readonly writes: readonly Write[];
  /** The key that is asked for, or undefined when the revision of the store is. */
  readonly key: string | undefined;
}

/** The modules of a step that a question of the store needs. */
export interface StoreModules {
  readonly KVStore: typeof KVStore;
  readonly Applier: typeof Applier;
  readonly executeRange: typeof executeRange;
  /** The folder of the step, relative to the root. */
  readonly folder: string;
}

const KEYS = ['a', 'b', 'c'];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A maker of questions about the store of a step. */
export function storeQuestions(modules: StoreModules): Maker {
  return (random) => {
    const writes = Array.from({ length: random.from(5, 7) }, () => randomWrite(random));
    const { revision, kvs } = carryOut(modules, writes);
    const cites = [
      `${modules.folder}/core/mvcc/kvstore.ts#KVStore.put`,
      `${modules.folder}/core/mvcc/kvstore.ts#KVStore.deleteRange`,
    ];
    const told = `An empty store takes these writes in order:\n\n${writes.map((write) => `  ${writeText(write)}`).join('\n')}\n`;
    if (random.oneIn(3)) {
      const facts: StoreFacts = { writes, key: undefined };
      const wrong = [writes.length + 1, writes.length, revision - 1, ...nearNumbers(revision, 1)].map(String);
      const why =
        'An empty store is at revision 1. Each put and each delete that deletes something makes one revision, however many keys it deletes.';
      return {
        kind: 'revision',
        text: `${told}\nWhich revision does the header of the last answer carry?`,
        answer: String(revision),
        wrong,
        why,
        cites,
        facts,
      };
    }
    const kv = random.pick(kvs);
    return kv === undefined ? undefined : keyQuestion(told, kv, { writes, cites, revision });
  };
}

function keyQuestion(
  told: string,
  kv: KeyValue,
  known: { writes: readonly Write[]; cites: readonly string[]; revision: number },
): Draft {
  const key = new TextDecoder().decode(kv.key);
  const { writes, cites, revision } = known;
  const puts = writes.filter((write) => write.kind === 'put' && write.key === key).length;
  const { create_revision: create, mod_revision: mod, version } = kv;
  const text = (c: number, m: number, v: number): string => `create_revision ${c}, mod_revision ${m}, version ${v}`;
  const first = writes.findIndex((write) => write.kind === 'put' && write.key === key);
  const wrong = [
    text(first + 2, mod, puts),
    text(create, mod, puts),
    text(mod, mod, version),
    text(create - 1, mod - 1, version),
    text(create, revision, version),
    text(create, mod, version + 1),
    text(create + 1, mod + 1, version),
  ];
  const facts: StoreFacts = { writes, key };
  return {
    kind: 'key',
    text: `${told}\nWhat does a get of ${key} tell of it?`,
    answer: text(create, mod, version),
    wrong,
    why: 'The version counts the puts since the key was made; a delete ends it, and the next put makes the key anew, with version 1 and a create_revision of its own. mod_revision is that of its last put.',
    cites,
    facts,
  };
}

/** Carries out writes on a store of the step; returns its revision and all keys. */
export function carryOut(modules: StoreModules, writes: readonly Write[]): { revision: number; kvs: KeyValue[] } {
  const store = newStore(modules);
  const applier = new modules.Applier(store);
  const request = codecs['etcdserverpb.PutRequest'].decode(new Uint8Array(0));
  for (const write of writes) {
    if (write.kind === 'put') applier.put({ ...request, key: bytes(write.key), value: bytes('x') });
    else applier.deleteRange({ key: bytes(write.key), range_end: bytes(write.end ?? ''), prev_kv: false });
  }
  const all = codecs['etcdserverpb.RangeRequest'].decode(
    codecs['etcdserverpb.RangeRequest'].encode({ key: bytes('a'), range_end: bytes('z') }),
  );
  return { revision: store.currentRevision, kvs: modules.executeRange(store, all).kvs };
}

// Later steps tell somebody of leases and of changes: here nobody listens.
function newStore({ KVStore }: StoreModules): KVStore {
  const nobody = { attach: () => undefined, detach: () => undefined, notify: () => undefined };
  return new (KVStore as new (...listeners: unknown[]) => KVStore)(nobody, nobody);
}

function randomWrite(random: SeededRandom): Write {
  if (random.below(10) < 6) return { kind: 'put', key: random.pick(KEYS) };
  if (random.oneIn(2)) return { kind: 'delete', key: random.pick(KEYS) };
  return { kind: 'delete', key: 'a', end: random.pick(['c', 'd']) };
}

function writeText(write: Write): string {
  if (write.kind === 'put') return `put ${write.key}`;
  return write.end === undefined
    ? `delete ${write.key}`
    : `delete every key from ${write.key} up to, not including, ${write.end}`;
}
