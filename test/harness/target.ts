// What a case runs against: a step, final, the bundled program, a real etcd, or any other command line. A target only
// says how to start the program and what it knows; starting it is the business of server.ts.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stepBundle } from '../bench/bundle.ts';
import { FINAL, findLink, loadChain, REPOSITORY } from '../../steps/tool/chain.ts';

/** A server program to judge. */
export interface Target {
  readonly kind: 'step' | 'final' | 'dist' | 'real' | 'command';
  /** For titles and messages. */
  readonly label: string;
  /** Program and first arguments; flags are appended. */
  readonly command: readonly string[];
  /** Flags (without dashes) that the program knows, or 'all'. */
  readonly flags: ReadonlySet<string> | 'all';
  /** How far along the chain the program claims to be. */
  readonly slug: string;
  /** Release line of a real etcd; undefined for programs that follow the target line of the project. */
  readonly line: '3.4' | '3.5' | undefined;
}

/**
 * Reads a target as given on a command line: `step:NN`, `step:slug`, `final`, `dist`, `real` (ETCD_BIN, or `etcd` on the
 * PATH), `real35` (ETCD35_BIN), or `cmd:PROGRAM ARGUMENTS` (double quotes keep blanks together).
 * Throws an Error when the text is none of these or the program is not there.
 */
export function parseTarget(text: string): Target {
  if (text === 'final') return finalTarget();
  if (text === 'dist') return distTarget();
  if (text === 'real' || text === 'real35') {
    const target = findReal(text === 'real' ? 'ETCD_BIN' : 'ETCD35_BIN');
    if (target === undefined) throw new Error(`no real etcd: set ${text === 'real' ? 'ETCD_BIN' : 'ETCD35_BIN'}`);
    return target;
  }
  if (text.startsWith('step:')) return stepTarget(text.slice('step:'.length));
  if (text.startsWith('cmd:')) return commandTarget(text.slice('cmd:'.length));
  throw new Error(`target "${text}" is none of step:NN, final, dist, real, real35, cmd:PROGRAM`);
}

// The sources, or the bundle where somebody has seen to it that it is made of them: FINAL_BUNDLE (test/run.ts).
function finalTarget(): Target {
  if (process.env['FINAL_BUNDLE'] !== undefined) return { ...distTarget(), kind: 'final', label: 'final' };
  return nodeTarget({ kind: 'final', label: 'final', file: 'final/bin/etcd.ts', slug: FINAL });
}

/** A step by number or slug (final included), started from its sources, or from bundles of them: STEP_BUNDLES (test/run.ts). */
export function stepTarget(name: string): Target {
  const link = findLink(loadChain(), name);
  if (link.step === undefined) return parseTarget('final');
  const target = nodeTarget({ kind: 'step', label: link.slug, file: `${link.folder}/bin/etcd.ts`, slug: link.slug });
  const command =
    process.env['STEP_BUNDLES'] === undefined ? target.command : [process.execPath, stepBundle(link.slug)];
  return { ...target, command, flags: new Set(link.step.flags) };
}

/**
 * Any program that claims to be as far as `slug`: it is given the flags that the step of that name knows. The Go server is
 * recognised by its version and judged as the real one.
 */
export function commandTarget(commandLine: string, slug: string = FINAL): Target {
  const command = [...commandLine.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  const [program] = command;
  if (program === undefined) throw new Error('the command line is empty');
  const real = realTarget(program, command);
  if (real !== undefined) return { ...real, slug };
  const link = slug === FINAL ? undefined : findLink(loadChain(), slug).step;
  return {
    kind: 'command',
    label: commandLine,
    command,
    flags: link === undefined ? 'all' : new Set(link.flags),
    slug,
    line: undefined,
  };
}

/**
 * The real etcd that `variable` names, or for ETCD_BIN the one on the PATH; undefined when there is none. An etcd older
 * than 3.5 counts as 3.4, everything newer as 3.5.
 */
export function findReal(variable: 'ETCD_BIN' | 'ETCD35_BIN'): Target | undefined {
  const program = process.env[variable] ?? (variable === 'ETCD_BIN' ? findOnPath('etcd') : undefined);
  return program === undefined || program === '' ? undefined : realTarget(program, [program]);
}

function realTarget(program: string, command: readonly string[]): Target | undefined {
  const version = realVersion(program);
  if (version === undefined) return undefined;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const line = major > 3 || minor >= 5 ? '3.5' : '3.4';
  return { kind: 'real', label: `etcd ${version}`, command, flags: 'all', slug: FINAL, line };
}

/** Absolute path of a program on the PATH, or undefined. */
export function findOnPath(program: string): string | undefined {
  const suffixes = os.platform() === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const suffix of suffixes) {
      const file = path.join(folder, program + suffix);
      if (folder !== '' && fs.existsSync(file)) return file;
    }
  }
  return undefined;
}

/** The stock etcdctl: ETCDCTL_BIN, or the one on the PATH; undefined when there is none. */
export function findEtcdctl(): string | undefined {
  return process.env['ETCDCTL_BIN'] ?? findOnPath('etcdctl');
}

function realVersion(program: string): string | undefined {
  try {
    const text = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /etcd Version: (\d+\.\d+\.\d+)[^]*Go Version: go/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function nodeTarget(options: { kind: 'step' | 'final'; label: string; file: string; slug: string }): Target {
  const file = path.join(REPOSITORY, options.file);
  if (!fs.existsSync(file)) throw new Error(`${options.file} is not there`);
  // The server runs in a scratch folder, where the bare name of the loader would not be found.
  const command = [process.execPath, '--import', import.meta.resolve('tsx'), file];
  return { kind: options.kind, label: options.label, command, flags: 'all', slug: options.slug, line: undefined };
}

function distTarget(): Target {
  const file = path.join(REPOSITORY, 'dist', 'etcd.mjs');
  if (!fs.existsSync(file)) throw new Error('dist/etcd.mjs is not there: build it first');
  const command = [process.execPath, file];
  return { kind: 'dist', label: 'dist', command, flags: 'all', slug: FINAL, line: undefined };
}
