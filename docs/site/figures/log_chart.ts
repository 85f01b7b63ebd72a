// The figure `log-chart`: one write on three members, as it was recorded.

import { logChart } from '../../tools/log_chart.ts';
import type { WriteRecording } from '../../tools/write_record.ts';
import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';

const RECORDING = 'docs/method/one_write.json';

/** Renders the recording. Throws an Error when there is none. */
export function oneWrite(context: Context, _chapter: Chapter): string {
  const recording = context.file(RECORDING);
  if (recording === undefined) throw new Error(`no recording ${RECORDING}`);
  const svg = logChart(JSON.parse(recording.text) as WriteRecording);
  return `<div class=scroll tabindex=0 role=region aria-label="chart: one write">${svg}</div>`;
}
