// Makes the script of the live cluster: the small world, the raft of every step and the broken ones, and what shows them, as one
// classic script that any page may include, from a file too.

import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { BROKEN_RAFTS, BROKEN_STEP, type BrokenRaft, brokenLine } from '../../test/sim/step/broken.ts';
import { raftPlugin } from '../../test/sim/step/raft_plugin.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LIVE = path.join(import.meta.dirname, 'browser', 'live');

/** The styles of a live cluster; colours come from the theme. */
export const LIVE_CSS = path.join(LIVE, 'live.css');

/** A line of a step and what a broken raft has in its place. */
export interface BrokenFigure {
  /** From the root of the repository. */
  readonly file: string;
  /** The number of the line, from 1. */
  readonly line: number;
  readonly oldLine: string;
  readonly newLine: string;
}

/**
 * Writes the script to `outFile` and returns how large it is, in bytes, as it is and compressed.
 * Throws when it cannot be built, also when a line that a broken raft replaces is not there any more.
 */
export async function buildLive(outFile: string): Promise<{ bytes: number; gzip: number }> {
  const built = await build({
    entryPoints: [path.join(LIVE, 'main.ts')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    outfile: outFile,
    logLevel: 'silent',
    legalComments: 'none',
    write: false,
    plugins: [raftPlugin()],
  });
  const contents = built.outputFiles[0]?.contents ?? new Uint8Array();
  fs.mkdirSync(path.dirname(outFile), { recursive: true });
  fs.writeFileSync(outFile, contents);
  return { bytes: contents.length, gzip: gzipSync(contents).length };
}

/** The mistakes that broken rafts have, in order. */
export function brokenPatches(): readonly BrokenRaft[] {
  return BROKEN_RAFTS;
}

/** The one line that the broken raft `name` changes. Throws an Error when there is no such raft, or no such line any more. */
export function brokenFigure(name: string): BrokenFigure {
  const mistake = BROKEN_RAFTS.find((known) => known.name === name);
  if (mistake === undefined) throw new Error(`there is no broken raft "${name}"`);
  const file = path.posix.join('steps', BROKEN_STEP, mistake.file);
  const line = brokenLine(fs.readFileSync(path.join(ROOT, file), 'utf8'), mistake);
  return { file, line, oldLine: mistake.before, newLine: mistake.after };
}
