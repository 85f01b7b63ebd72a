// Lines of the log that etcdctl 3.4 writes to stderr as JSON. Its own are stamped with seconds since 1970, those of the
// client library with the time of day.

export type LogLevel = 'info' | 'warn' | 'error';

export interface LogLine {
  readonly level: LogLevel;
  /** File and line in etcd's source, by which logs are searched. */
  readonly caller: string;
  readonly msg: string;
  readonly fields?: object;
}

/** @returns a line of JSON, with its line end, as the client library logs it */
export function clientLogLine(line: LogLine, now: Date): string {
  return json(line, localTime(now));
}

/** @returns a line of JSON, with its line end, as the program logs it; to the microsecond */
export function programLogLine(line: LogLine): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return json(line, micros / 1e6);
}

function json({ level, caller, msg, fields }: LogLine, ts: string | number): string {
  return `${JSON.stringify({ level, ts, caller, msg, ...fields })}\n`;
}

/** `2026-11-22T10:20:34.599+0100`, or with `Z` where clocks show UTC. */
function localTime(now: Date): string {
  const offset = -now.getTimezoneOffset();
  const local = new Date(now.getTime() + offset * 60_000).toISOString();
  if (offset === 0) return local;
  const two = (value: number): string => Math.floor(Math.abs(value)).toString().padStart(2, '0');
  return local.replace('Z', `${offset < 0 ? '-' : '+'}${two(offset / 60)}${two(offset % 60)}`);
}
