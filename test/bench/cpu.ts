// CPU time of processes and of the machine, from /proc/PID/stat and /proc/stat (proc(5)). The numbers of a process count
// all its threads.

import fs from 'node:fs';

// The kernel tells times to user programs in this unit on every common processor, whatever its own clock is.
const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, of a process, and of the children that it has waited for. */
export interface CpuSeconds {
  readonly own: number;
  readonly children: number;
}

/** Reads the numbers of process `pid`. Throws an Error when there is no such process, or no /proc. */
export function cpuSeconds(pid: number): CpuSeconds {
  return parseStat(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** Reads the text of /proc/PID/stat. Throws an Error when it is something else. */
export function parseStat(text: string): CpuSeconds {
  // The name stands in brackets and may hold blanks and brackets itself; field 3 follows behind the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number): number => Number(fields[field - 3]);
  const own = (ticks(14) + ticks(15)) / TICKS_PER_SECOND;
  const children = (ticks(16) + ticks(17)) / TICKS_PER_SECOND;
  if (!Number.isFinite(own + children)) throw new Error(`not a process's stat: ${text.slice(0, 80)}`);
  return { own, children };
}

/** CPU seconds that the machine was not idle, since it started, over all cores. */
export function machineSeconds(): number {
  return parseMachineStat(fs.readFileSync('/proc/stat', 'utf8'));
}

/** Reads the text of /proc/stat. Throws an Error when it is something else. */
export function parseMachineStat(text: string): number {
  const match = /^cpu +(\d+) (\d+) (\d+) \d+ \d+ (\d+) (\d+) (\d+)/.exec(text);
  if (match === null) throw new Error(`not the stat of a machine: ${text.slice(0, 80)}`);
  // All but idle and waiting for disks: user, nice, system, irq, softirq, steal.
  return match.slice(1).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}
