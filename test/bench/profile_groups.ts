// What a CPU profile of final comes to: self time by part of the program, and the functions that take most.

import { type Part, sourceAt } from './bundle.ts';

/** The part of a profile (of the inspector protocol) that is read here. */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds of some clock. */
  readonly startTime: number;
  readonly endTime: number;
}

interface ProfileNode {
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
  };
  /** Samples in which the function itself was running. */
  readonly hitCount?: number;
}

/** A share (0 to 1) of the CPU time of the process. */
export interface Share {
  readonly name: string;
  readonly share: number;
}

/** Self time of a profile. */
export interface Breakdown {
  readonly groups: readonly Share[];
  /** Named `function (group)`. */
  readonly functions: readonly Share[];
  /** CPU seconds per second of the profile. */
  readonly cores: number;
}

const IDLE = '(idle)';
const PSEUDO: Readonly<Record<string, string>> = {
  '(garbage collector)': 'garbage collection',
  '(program)': 'native code outside of JavaScript',
  [IDLE]: 'native code of the event loop: sockets, the kernel',
};
const NODE_HTTP2 = 'node:http2, JavaScript';
const NODE_REST = 'node: streams, net, events, timers';
const NATIVE_CALLS = 'native code called by JavaScript: writing to sockets and files, Buffer';
const CODEC = 'codec';

const OURS: readonly (readonly [prefix: string, group: string])[] = [
  ['final/transport/', 'transport'],
  ['proto/', CODEC],
  ['final/core/', 'store'],
  ['final/storage/', 'storage'],
  ['final/', 'server and API'],
];

/**
 * Sums up `profile` of a run of the bundle with these parts, in which the process took `cpuSeconds`. V8 calls all that
 * the event loop does while it polls idle, and that is where sockets are read and written; so what was truly idle is
 * told by the CPU time, and the rest of it is work.
 */
export function breakDown(profile: Profile, parts: readonly Part[], cpuSeconds: number): Breakdown {
  const cores = (cpuSeconds * 1e6) / (profile.endTime - profile.startTime);
  const samples = profile.nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
  const idle = samples * Math.max(1 - cores, 0);
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    const count = callFrame.functionName === IDLE ? Math.max(hitCount - idle, 0) : hitCount;
    const group = groupOf(callFrame, parts);
    const name = `${callFrame.functionName || '(anonymous)'} (${placeOf(callFrame, parts) ?? group})`;
    groups.set(group, (groups.get(group) ?? 0) + count);
    functions.set(name, (functions.get(name) ?? 0) + count);
  }
  return { groups: sharesOf(groups), functions: sharesOf(functions), cores };
}

function groupOf(frame: ProfileNode['callFrame'], parts: readonly Part[]): string {
  const pseudo = PSEUDO[frame.functionName];
  if (pseudo !== undefined) return pseudo;
  if (/^node:(internal\/)?http2/.test(frame.url)) return NODE_HTTP2;
  if (frame.url.startsWith('node:')) return NODE_REST;
  // The codec's functions are compiled from text: they have a script, and it has no name.
  if (frame.url === '') return frame.scriptId === '0' ? NATIVE_CALLS : CODEC;
  const source = sourceAt(parts, frame.lineNumber) ?? '';
  return OURS.find(([prefix]) => source.startsWith(prefix))?.[1] ?? 'other';
}

function placeOf(frame: ProfileNode['callFrame'], parts: readonly Part[]): string | undefined {
  if (frame.url.startsWith('node:')) return frame.url;
  return frame.url === '' ? undefined : sourceAt(parts, frame.lineNumber);
}

function sharesOf(counts: ReadonlyMap<string, number>): Share[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name, share: count / total }))
    .sort((a, b) => b.share - a.share);
}
