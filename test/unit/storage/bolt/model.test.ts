import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { check } from '../../../../final/storage/bolt/check.ts';
import { DB, type OpenOptions } from '../../../../final/storage/bolt/db.ts';
import { MemoryFile } from '../../../../final/storage/bolt/file_mem.ts';
import type { Tx } from '../../../../final/storage/bolt/tx.ts';
import { assertSame, type Dump, dump } from './dump.ts';
import { apply, type Change, changes, cloneModel, emptyModel, sorted } from './model.ts';

/** What happens between changes. */
type Step = Change | { readonly kind: (typeof BETWEEN)[number] };

const BETWEEN = ['commit', 'commit', 'commit', 'rollback', 'reopen', 'beginReader', 'endReader'] as const;

function steps(size: number): fc.Arbitrary<Step[]> {
  const between = fc.record({ kind: fc.constantFrom(...BETWEEN) });
  const step = fc.oneof(
    { weight: 6, arbitrary: changes(Math.min(400, size * 2), 3_000) },
    { weight: 2, arbitrary: between },
  );
  return fc.array(step, { minLength: size, maxLength: size, size: 'max' });
}

const options: fc.Arbitrary<OpenOptions> = fc.record({
  pageSize: fc.constantFrom(256, 512, 1024, 4096),
  syncFreelist: fc.boolean(),
  cacheBytes: fc.constantFrom(0, 4096, 1024 * 1024),
});

/** Runs the steps on a database and on the model; compares and checks after each commit. */
class Run {
  #file = new MemoryFile();
  #db: DB;
  #tx: Tx;
  readonly #options: OpenOptions;
  // The model as committed, and as the open transaction has it.
  #committed: Dump = emptyModel();
  #current: Dump = emptyModel();
  #readers: { readonly tx: Tx; readonly model: Dump }[] = [];

  constructor(openOptions: OpenOptions) {
    this.#options = openOptions;
    this.#db = DB.open(this.#file, openOptions);
    this.#tx = this.#db.beginWrite();
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'commit':
        return this.#commit();
      case 'rollback':
        this.#tx.rollback();
        this.#compare();
        return this.#begin();
      case 'reopen':
        return this.#reopen();
      case 'beginReader':
        if (this.#readers.length < 3) this.#readers.push({ tx: this.#db.begin(), model: this.#committed });
        return;
      case 'endReader':
        return this.#endReader();
      case 'put':
      case 'fill':
      case 'delete':
      case 'clear':
      case 'createBucket':
      case 'deleteBucket':
      case 'sequence':
      case 'look':
        return apply(this.#tx, this.#current, step);
    }
  }

  end(): void {
    this.step({ kind: 'commit' });
    this.step({ kind: 'reopen' });
    this.#db.close();
  }

  #commit(): void {
    this.#tx.commit();
    this.#committed = this.#current;
    this.#compare();
    this.#begin();
  }

  #reopen(): void {
    while (this.#readers.length > 0) this.#endReader();
    this.#db.close();
    this.#file = new MemoryFile(this.#file.content());
    this.#db = DB.open(this.#file, this.#options);
    this.#compare();
    this.#begin();
  }

  #begin(): void {
    this.#current = cloneModel(this.#committed);
    this.#tx = this.#db.beginWrite();
  }

  #compare(): void {
    assertSame(this.#db.view(dump), sorted(this.#committed));
    assert.deepEqual(check(this.#db), []);
  }

  // What a reader sees is what was there when it began, whatever was committed since.
  #endReader(): void {
    const reader = this.#readers.shift();
    if (reader === undefined) return;
    assertSame(dump(reader.tx), sorted(reader.model));
    reader.tx.rollback();
  }
}

for (const [size, numRuns] of [
  [1, 200],
  [10, 200],
  [100, 100],
  [1_000, 8],
] as const) {
  test(`a database and nested maps agree over ${size} operations`, () => {
    fc.assert(
      fc.property(options, steps(size), (openOptions, all) => {
        const run = new Run(openOptions);
        for (const step of all) run.step(step);
        run.end();
      }),
      { numRuns },
    );
  });
}
