// Lines of the log that etcdutl 3.5 writes to stderr, for people: time, level, caller, text and fields, set apart by tabs.

import type { LogLine } from '../etcdctl/log_line.ts';

type Field = string | number | boolean | readonly string[];

/** @returns the line, with its line end */
export function consoleLine({ level, caller, msg, fields }: LogLine, now: Date): string {
  const shown = fields === undefined ? [] : [fieldsText(fields as Readonly<Record<string, Field>>)];
  return `${[secondText(now), level, caller, msg, ...shown].join('\t')}\n`;
}

/** JSON, with blanks. */
function fieldsText(fields: Readonly<Record<string, Field>>): string {
  const value = (field: Field): string =>
    typeof field === 'object' ? `[${field.map((one) => JSON.stringify(one)).join(', ')}]` : JSON.stringify(field);
  const shown = Object.entries(fields).map(([name, field]) => `${JSON.stringify(name)}: ${value(field)}`);
  return `{${shown.join(', ')}}`;
}

/** `2026-11-22T10:02:38Z`, or with `+01:00` where clocks do not show UTC. */
function secondText(now: Date): string {
  const offset = -now.getTimezoneOffset();
  const local = new Date(now.getTime() + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const two = (value: number): string => Math.floor(Math.abs(value)).toString().padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}
