// Runs the replayer over the covered cases and tells what became of them. Our side is built afresh, so that a bundle of
// yesterday is never what is tested.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { freePort, TEST_PORTS } from '../harness/ports.ts';
import { runProgram } from '../harness/process.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { coveredPattern, goldenCases, goldenFile, leftOut, replayProgram, type Side } from './covered.ts';

/** A replay takes about a minute on two idle cores. */
export const REPLAY_LIMIT_MS = 300_000;

/** Ports that one replay may use; it needs two at a time. */
const PORTS = 200;

export interface Replay {
  /** How many cases were to be replayed. */
  readonly expected: number;
  readonly passed: number;
  /** Names of the cases that failed. */
  readonly failed: readonly string[];
  /** What the replayer wrote: the differences. */
  readonly report: string;
}

export interface ReplayOptions {
  /** What is ours. */
  readonly side: Side;
  /** Command of the real program of the other side. */
  readonly real: string;
  /** Line of the server whose answers are expected. */
  readonly serverLine: '3.4' | '3.5';
  /** A real etcdctl for the replayer's own chores: it is ten times as fast. */
  readonly helper?: string | undefined;
}

/** Throws an Error when the replayer did not come to its end. */
export async function runReplay({ side, real, serverLine, helper }: ReplayOptions): Promise<Replay> {
  const folder = makeScratch();
  try {
    const etcdctl = side === 'client' ? build('etcdctl', folder) : real;
    const etcd = side === 'server' ? build('etcd', folder) : real;
    const port = Math.min(await freePort(), TEST_PORTS.last - PORTS);
    const given = { etcdctl, etcd, golden: goldenFile, only: coveredPattern(side), ports: `${port}-${port + PORTS}` };
    const args = Object.entries({ ...given, server: serverLine, ...(helper === undefined ? {} : { helper }) });
    const { stdout, stderr } = await runProgram({
      command: [process.execPath, replayProgram, 'replay', ...args.map(([name, value]) => `--${name}=${value}`)],
      cwd: folder,
      limitMs: REPLAY_LIMIT_MS,
    });
    const [, passed] = /^(\d+) passed, \d+ failed, \d+ skipped$/m.exec(stdout) ?? [];
    if (passed === undefined) throw new Error(`the replayer did not come to its end:\n${stdout}\n${stderr}`);
    return {
      expected: goldenCases().filter((golden) => leftOut(side, golden) === undefined).length,
      passed: Number(passed),
      failed: Array.from(stdout.matchAll(/^FAIL (\S+)/gm), ([, name = '']) => name),
      report: `${stdout}${stderr}`,
    };
  } finally {
    removeScratch(folder);
  }
}

/** @returns the command that runs one of our programs, bundled into `folder` as for a release */
function build(program: 'etcd' | 'etcdctl', folder: string): string {
  const root = path.join(import.meta.dirname, '../..');
  execFileSync('npm', ['run', '--silent', 'build', '--', `--outdir=${folder}`], { cwd: root, stdio: 'pipe' });
  return `${process.execPath} ${path.join(folder, `${program}.mjs`)}`;
}
