// Which of the golden cases (etcdctl.json, recorded with etcd 3.4.23) can be replayed so far: with our etcdctl against the
// real server, and with the real etcdctl against our server. Every case that is left out has a reason.

import fs from 'node:fs';
import path from 'node:path';

/** A step of a case: a command line of etcdctl, with or without what goes around it. */
type Step = readonly string[] | { readonly argv?: readonly string[] };

/** A golden case, as far as it decides whether it can be replayed. */
export interface GoldenCase {
  readonly name: string;
  readonly group: string;
  readonly argv: readonly string[];
  readonly setup?: readonly Step[];
  readonly during?: readonly Step[];
  readonly background?: readonly Step[];
  readonly serverFlags?: readonly string[];
}

/** What is ours in a replay; the other side is the real one. */
export type Side = 'client' | 'server';

/** Commands that a side does not have yet, as words of the command line, with what they wait for. */
const missing: Readonly<Record<Side, Readonly<Record<string, string>>>> = {
  client: {
    auth: 'auth',
    user: 'auth',
    role: 'auth',
    migrate: 'migrate',
  },
  server: {
    auth: 'auth',
    user: 'auth',
    role: 'auth',
    migrate: 'the server of API version 2',
  },
};

/** Flags of the server that ours refuses. */
const missingServerFlags = /^--(auth-token|experimental)/;

const exceptions: Readonly<Record<Side, Readonly<Record<string, string>>>> = {
  client: {
    'txn-lease-compare': 'crash of the real client: ours ends with the same status and a text of its own',
    'alarm-list-none-fields': 'crash of the real client: ours reads a missing header as zeros',
    'quota-alarm-list-fields': 'crash of the real client: ours reads a missing header as zeros',
  },
  server: {},
};

/** All cases, in the order in which they run. */
export function goldenCases(): GoldenCase[] {
  return JSON.parse(fs.readFileSync(goldenFile, 'utf8')) as GoldenCase[];
}

/** The data, and the program that replays it. */
export const goldenFile = path.join(import.meta.dirname, 'etcdctl.json');
export const replayProgram = path.join(import.meta.dirname, 'replay.mjs');

/** @returns why a case cannot be replayed, or undefined for one that can */
export function leftOut(side: Side, golden: GoldenCase): string | undefined {
  const exception = exceptions[side][golden.name];
  if (exception !== undefined) return exception;
  const flag = golden.serverFlags?.find((given) => missingServerFlags.test(given));
  if (side === 'server' && flag !== undefined) return `flag ${flag}`;
  const steps = [...(golden.setup ?? []), ...(golden.background ?? []), ...(golden.during ?? [])];
  const reason = [golden.argv, ...steps.map(argvOf)].map((argv) => missingCommand(side, argv)).find(Boolean);
  return reason === undefined ? undefined : `needs ${reason}`;
}

function argvOf(step: Step): readonly string[] {
  return 'argv' in step ? (step.argv ?? []) : Array.isArray(step) ? (step as readonly string[]) : [];
}

/** Help is there for every command, and so is what a command with subcommands says to a word that is none of them. */
function missingCommand(side: Side, argv: readonly string[]): string | undefined {
  const words = argv.filter((word) => !word.startsWith('-'));
  const [first = '', second = ''] = words;
  const parents = ['lease', 'snapshot', 'auth', 'user', 'role', 'alarm', 'check'];
  if (first === 'help' || argv.includes('--help') || argv.includes('-h')) return undefined;
  if (parents.includes(first) && (second === '' || second === 'frob')) return undefined;
  return missing[side][first] ?? missing[side][`${first} ${second}`];
}

/** @returns the value of the replayer's option --only for the cases that can be replayed */
export function coveredPattern(side: Side): string {
  const names = goldenCases().flatMap((golden) => (leftOut(side, golden) === undefined ? [golden.name] : []));
  return `^(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$`;
}
