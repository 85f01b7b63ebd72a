// Questions about the write-ahead log: a real log is written, damaged at a known place, and opened again. What is left?

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RaftEntryType } from '../../../proto/schema.ts';
import type { readFrameLength } from '../../../steps/05-raft/storage/wal/record.ts';
import type { Wal } from '../../../steps/05-raft/storage/wal/wal.ts';
import type { Draft, Maker } from './question.ts';
import type { SeededRandom } from './random.ts';

/** What happened to the file. `record`: an entry or the hard state behind it; `index`: of which save, from 1. */
export interface Damage {
  readonly kind: 'cut' | 'flip' | 'end';
  readonly record: 'entry' | 'state';
  readonly index: number;
}

export interface WalFacts {
  readonly saves: number;
  readonly damage: Damage;
}

export interface WalModules {
  readonly Wal: typeof Wal;
  readonly readFrameLength: typeof readFrameLength;
  readonly folder: string;
}

// In front of the first entry: crc, metadata, snapshot.
const FIRST_RECORDS = 3;
const LENGTH_FIELD_BYTES = 8;

/** A maker of questions about the log of a step. */
export function walQuestions(modules: WalModules): Maker {
  return (random) => {
    const saves = random.from(3, 6);
    const damage: Damage = {
      kind: random.pick(['cut', 'cut', 'flip', 'end']),
      record: random.pick(['entry', 'state']),
      index: random.from(Math.max(1, saves - 2), saves),
    };
    // Then nothing is lost, and nothing to be asked.
    if (damage.kind === 'end' && damage.record === 'state' && damage.index === saves) return undefined;
    return draft(modules, { saves, damage }, outcome(modules, { saves, damage }, random));
  };
}

function draft({ folder }: WalModules, facts: WalFacts, answer: string): Draft {
  const { saves, damage } = facts;
  const { index, record } = damage;
  const name = record === 'entry' ? `entry ${index}` : `the hard state behind entry ${index}`;
  const harm = {
    cut: `Then the machine lost its power. The file now ends in the middle of the record of ${name}; everything behind that is gone.`,
    flip: `Then the disk turned one bit in the data of the record of ${name}. Everything else is as it was.`,
    end: `Then the machine lost its power. The file now ends right behind the record of ${name}; everything behind that is gone.`,
  }[damage.kind];
  const wrong = [
    left(index, index),
    left(index - 1, index - 1),
    left(index, index - 1),
    left(saves, saves),
    REFUSED,
    left(index - 1, index),
  ];
  return {
    kind: 'wal',
    text: `A member has saved entries 1 to ${saves}, one Wal.save for each, always with the hard state behind it: commit = the index of the entry. ${harm}\n\nWhat does Wal.open give?`,
    answer,
    wrong,
    why: WHY[damage.kind],
    cites: [`${folder}/storage/wal/wal.ts#Wal.open`, `${folder}/storage/wal/decoder.ts#Decoder.next`],
    facts,
  };
}

const REFUSED = 'an error, walpb: crc mismatch';
const WHY = {
  cut: 'A record that is not whole at the end of the file was never acknowledged: it is cut off. What stands before it counts, so an entry may be there without the hard state that was saved with it.',
  flip: 'A whole record whose checksum is wrong is damage and not a torn end. Nobody can tell what stood there, so the log is refused.',
  end: 'Every record that is whole counts. Each save writes the entry first and the hard state behind it, so the last entry may be there with the commit index of the save before.',
} as const;

function left(entries: number, commit: number): string {
  return `entries 1 to ${entries}, commit ${commit}`;
}

/** Writes a log, damages it, opens it, and says what it holds. */
function outcome(modules: WalModules, { saves, damage }: WalFacts, random: SeededRandom): string {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'etcd-quiz-'));
  try {
    const directory = path.join(scratch, 'wal');
    const wal = modules.Wal.create(directory, new Uint8Array(0));
    for (let index = 1; index <= saves; index++) {
      const Data = new Uint8Array(random.from(8, 40)).fill(index);
      wal.save({ term: 1, vote: 1n, commit: index }, [
        { Type: RaftEntryType.EntryNormal, Term: 1, Index: index, Data },
      ]);
    }
    wal.close();
    const [name = ''] = fs.readdirSync(directory);
    const file = path.join(directory, name);
    fs.writeFileSync(file, damaged(modules, fs.readFileSync(file), damage));
    return opened(modules, directory);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function damaged({ readFrameLength }: WalModules, bytes: Buffer, { kind, record, index }: Damage): Buffer {
  const wanted = FIRST_RECORDS + (index - 1) * 2 + (record === 'state' ? 1 : 0);
  let at = 0;
  let length = 0;
  for (let i = 0; i <= wanted; i++) {
    at += length;
    const { record: body, padding } = readFrameLength(bytes, at);
    length = LENGTH_FIELD_BYTES + body + padding;
  }
  if (kind === 'cut') return bytes.subarray(0, at + LENGTH_FIELD_BYTES + 2);
  if (kind === 'end') return bytes.subarray(0, at + length);
  // The last byte of the body belongs to the data, whose field comes last.
  const { record: body } = readFrameLength(bytes, at);
  const flipped = Buffer.from(bytes);
  const place = at + LENGTH_FIELD_BYTES + body - 1;
  flipped[place] = (flipped[place] as number) ^ 1;
  return flipped;
}

function opened({ Wal }: WalModules, directory: string): string {
  try {
    const { wal, content } = Wal.open(directory);
    wal.close();
    return left(content.entries.length, content.hardState.commit);
  } catch (error) {
    return `an error, ${(error as Error).message}`;
  }
}
