// Quoted strings as Go writes and reads them: `-w fields` prints keys and values so, error messages quote with it, and the
// input of `txn` is read with it. Mirrors Go's strconv.Quote and strconv.Unquote.

import { decodeText, encodeText, runeAt } from './text.ts';

const letters: Readonly<Record<string, string>> = {
  '\u0007': 'a',
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
  '"': '"',
  '\\': '\\',
};

/** What Go takes for printable: letters, marks, numbers, punctuation, symbols, and of the spaces only the ASCII one. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** @returns `value` in double quotes; bytes that are not valid UTF-8 and characters that do not print are escaped */
export function quote(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? encodeText(value) : value;
  let body = '';
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = runeAt(bytes, at);
    body += rune === undefined ? hexEscape('x', bytes[at] ?? 0, 2) : quotedRune(rune);
    at += size;
  }
  return `"${body}"`;
}

function quotedRune(rune: number): string {
  const char = String.fromCodePoint(rune);
  const letter = letters[char];
  if (letter !== undefined) return `\\${letter}`;
  if (printable.test(char)) return char;
  if (rune < 0x20 || rune === 0x7f) return hexEscape('x', rune, 2);
  return rune < 0x1_0000 ? hexEscape('u', rune, 4) : hexEscape('U', rune, 8);
}

function hexEscape(kind: 'x' | 'u' | 'U', value: number, digits: number): string {
  return `\\${kind}${value.toString(16).padStart(digits, '0')}`;
}

const rawByLetter: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(letters).map(([raw, letter]) => [letter, raw]),
);

const escape = /\\(?:x([\da-fA-F]{2})|([0-3][0-7]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([abfnrtv"\\]))/y;

/**
 * Reads a string in double quotes.
 *
 * @param quoted with its quotes
 * @returns what it stands for, or undefined if it is not written as Go would have it
 */
export function unquote(quoted: string): string | undefined {
  const parts: Buffer[] = [];
  const body = quoted.slice(1, -1);
  for (let at = 0; at < body.length; ) {
    if (body[at] === '\\') {
      escape.lastIndex = at;
      const bytes = unescaped(escape.exec(body));
      if (bytes === undefined) return undefined;
      parts.push(bytes);
      at = escape.lastIndex;
      continue;
    }
    const [plain = ''] = /^[^\\]+/.exec(body.slice(at)) ?? [];
    if (/["\n]/.test(plain)) return undefined;
    parts.push(encodeText(plain));
    at += plain.length;
  }
  return decodeText(Buffer.concat(parts));
}

function unescaped(match: RegExpExecArray | null): Buffer | undefined {
  if (match === null) return undefined;
  const [, hex, octal, short, long, letter] = match;
  if (hex !== undefined) return Buffer.of(Number.parseInt(hex, 16));
  if (octal !== undefined) return Buffer.of(Number.parseInt(octal, 8));
  if (letter !== undefined) return Buffer.from(rawByLetter[letter] ?? '');
  const rune = Number.parseInt(short ?? long ?? '', 16);
  return rune > 0x10_ffff || (rune >= 0xd800 && rune <= 0xdfff) ? undefined : Buffer.from(String.fromCodePoint(rune));
}
