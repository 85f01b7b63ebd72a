// `log --write`: records one write on three members of step 05 and prints its chart; with --record, it is kept for the book.

import fs from 'node:fs';
import path from 'node:path';
import { findLink } from '../../steps/tool/chain.ts';
import type { Workplace } from './command.ts';
import { textChart } from './log_chart.ts';
import { recordWrite, type WriteRecording } from './write_record.ts';
import { brokenPromises } from './write_shape.ts';

const RECORDING = 'docs/method/one_write.json';
// A message that is repeated, or a lost election, makes another story; then it is told anew.
const TRIES = 5;

/** The recorded write of the book below `root`. Throws an Error when it is not there. */
export function recordedWrite(root: string): WriteRecording {
  return JSON.parse(fs.readFileSync(path.join(root, RECORDING), 'utf8')) as WriteRecording;
}

/** Records a write that went the plain way: no message twice. Throws an Error after some tries. */
export async function recordPlainWrite(step: string): Promise<WriteRecording> {
  for (let tried = 0; tried < TRIES; tried++) {
    const recording = await recordWrite(step);
    const sends = recording.events.filter(({ kind }) => kind === 'send').length;
    const arrived = recording.events.filter(({ sentBy }) => sentBy !== undefined).length;
    // The put, the entry to both, their answers, the commit to both, their answers.
    if (sends === 9 && arrived === 9 && brokenPromises(recording).length === 0) return recording;
  }
  throw new Error(`no write went the plain way in ${TRIES} tries`);
}

/** Prints the chart of a write, and with `isKept` writes it to the book. */
export async function writeChart({ chain, print }: Workplace, isKept: boolean): Promise<number> {
  const recording = await recordPlainWrite(path.join(chain.root, findLink(chain, '05').folder));
  if (isKept) fs.writeFileSync(path.join(chain.root, RECORDING), `${JSON.stringify(recording, undefined, 2)}\n`);
  print(textChart(recording));
  return 0;
}
