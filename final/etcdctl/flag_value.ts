// How the value of a flag is read and brought into its normal form. Mirrors the value types of Go's pflag package, whose
// messages etcdctl shows when a value cannot be read (spec/cli.md C.1).

import type { FlagType } from './command.ts';
import { formatDuration, parseDuration } from './go_duration.ts';
import { quote } from './go_quote.ts';
import { encodeText } from './text.ts';

/** What a flag holds after a text was given to it. */
export type FlagValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** `fallback` is what the flag holds afterwards all the same, for callers that go on. */
  | { readonly kind: 'error'; readonly message: string; readonly fallback: string | undefined };

const trueTexts: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falseTexts: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/**
 * Reads the value of a flag.
 *
 * @param type of the flag
 * @param text as typed
 * @returns the normal form, or the reason in the words of Go's strconv and time packages
 */
export function parseFlagValue(type: FlagType, text: string): FlagValue {
  switch (type) {
    case 'string':
      return { kind: 'text', text };
    case 'bool':
      if (trueTexts.has(text)) return { kind: 'text', text: 'true' };
      if (falseTexts.has(text)) return { kind: 'text', text: 'false' };
      return { kind: 'error', message: `strconv.ParseBool: parsing ${quote(text)}: invalid syntax`, fallback: 'false' };
    case 'int64':
      return parseInteger(text, 'ParseInt');
    case 'uint':
      return parseInteger(text, 'ParseUint');
    case 'duration':
      return parseDurationValue(text);
    case 'strings':
      return parseList(text);
  }
}

/** Decimal, or with a prefix 0x, 0o, 0 or 0b, with single underscores between digits when there is a prefix. */
function parseInteger(text: string, what: 'ParseInt' | 'ParseUint'): FlagValue {
  const invalid = (reason: string): FlagValue => ({
    kind: 'error',
    message: `strconv.${what}: parsing ${quote(text)}: ${reason}`,
    fallback: '0',
  });
  const signed = what === 'ParseInt';
  const match = /^([+-]?)(\w+)$/.exec(text);
  const sign = match?.[1] ?? '';
  const digits = (match?.[2] ?? '').toLowerCase();
  if (!signed && sign !== '') return invalid('invalid syntax');
  if (!/^(0|[1-9](_?\d)*|0(_?[0-7])+|0o(_?[0-7])+|0x(_?[\da-f])+|0b(_?[01])+)$/.test(digits)) {
    return invalid('invalid syntax');
  }
  const plain = digits.replaceAll('_', '');
  const magnitude = BigInt(/^0\d/.test(plain) ? `0o${plain}` : plain);
  const value = sign === '-' ? -magnitude : magnitude;
  const [low, high] = signed ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  if (value < low || value > high) return invalid('value out of range');
  return { kind: 'text', text: value.toString() };
}

/** The largest number below 2^63 that a number of JavaScript can be: revisions and limits up there mean the same. */
const largestInt64 = 2 ** 63 - 1024;

/** @returns a 64-bit count or revision as the codecs take it: above 2^53 the last digits are lost, never the sign */
export function int64Number(value: bigint): number {
  return Math.min(Number(value), largestInt64);
}

/** What Go's strconv.ParseInt or ParseUint gives for a text. */
export type ParsedInteger = { readonly value: bigint } | { readonly error: string };

/**
 * Reads 64 bits.
 *
 * @param base 10 or 16, without a prefix
 * @returns the number, or the reason in the words of Go's strconv package
 */
export function parseInt64(text: string, base: 10 | 16): ParsedInteger {
  const failed = (reason: string): ParsedInteger => ({ error: `strconv.ParseInt: parsing ${quote(text)}: ${reason}` });
  const [, sign = '', digits = ''] = (base === 10 ? /^([+-]?)(\d+)$/ : /^([+-]?)([\da-fA-F]+)$/).exec(text) ?? [];
  if (digits === '') return failed('invalid syntax');
  const magnitude = BigInt(base === 10 ? digits : `0x${digits}`);
  const value = sign === '-' ? -magnitude : magnitude;
  return value < -(2n ** 63n) || value >= 2n ** 63n ? failed('value out of range') : { value };
}

/** As {@link parseInt64}, of numbers without a sign. */
export function parseUint64(text: string, base: 10 | 16): ParsedInteger {
  const failed = (reason: string): ParsedInteger => ({ error: `strconv.ParseUint: parsing ${quote(text)}: ${reason}` });
  if (!(base === 10 ? /^\d+$/ : /^[\da-fA-F]+$/).test(text)) return failed('invalid syntax');
  const value = BigInt(base === 10 ? text : `0x${text}`);
  return value >= 2n ** 64n ? failed('value out of range') : { value };
}

function parseDurationValue(text: string): FlagValue {
  const parsed = parseDuration(text);
  const failed = (message: string): FlagValue => ({ kind: 'error', message, fallback: '0s' });
  switch (parsed.kind) {
    case 'duration':
      return { kind: 'text', text: formatDuration(parsed.nanoseconds) };
    case 'invalid':
      return failed(`time: invalid duration ${quoteBytes(text)}`);
    case 'missing-unit':
      return failed(`time: missing unit in duration ${quoteBytes(text)}`);
    case 'unknown-unit':
      return failed(`time: unknown unit ${quoteBytes(parsed.unit)} in duration ${quoteBytes(text)}`);
  }
}

/** One line of comma-separated values; a value in double quotes may hold commas, and two quotes stand for one. */
function parseList(text: string): FlagValue {
  if (text === '') return { kind: 'list', items: [] };
  const items: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = text[at] === '"';
    const pattern = quoted ? /"((?:[^"]|"")*)"(?=,|$)/y : /[^,"]*(?=,|$)/y;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return { kind: 'error', message: listError({ text, at, quoted }), fallback: undefined };
    items.push(quoted ? (match[1] ?? '').replaceAll('""', '"') : match[0]);
    at = pattern.lastIndex;
    if (at >= text.length) return { kind: 'list', items };
    at += 1;
  }
}

function listError({ text, at, quoted }: { text: string; at: number; quoted: boolean }): string {
  if (!quoted) {
    const column = Buffer.byteLength(text.slice(0, text.indexOf('"', at))) + 1;
    return `parse error on line 1, column ${column}: bare " in non-quoted-field`;
  }
  // The end of the value is the first quote that is not doubled; the fault is there, or at the end of the text.
  const lone = /^"(?:[^"]|"")*"(?=[^",])/.exec(text.slice(at));
  const end = lone === null ? text.length + 1 : at + lone[0].length;
  return `parse error on line 1, column ${Buffer.byteLength(text.slice(0, end)) + (lone === null ? 1 : 0)}: extraneous or missing " in quoted-field`;
}

/** One value of a list in the form that {@link parseFlagValue} reads back. */
export function quoteListItem(item: string): string {
  return /[",\n\r]|^\s/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
}

/** As Go's time package quotes a text: every byte that is not printable ASCII in hexadecimal. */
function quoteBytes(text: string): string {
  const shown = Array.from(encodeText(text), (byte) => {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === '\\') return `\\${char}`;
    return byte < 0x20 || byte > 0x7f ? `\\x${byte.toString(16).padStart(2, '0')}` : char;
  });
  return `"${shown.join('')}"`;
}
