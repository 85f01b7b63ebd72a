// Texts of the command line as strings that lose no byte: keys and values are bytes, and a shell passes any of them. A byte
// that is not part of valid UTF-8 stands in such a string as the lone surrogate U+DC00 + byte, which no other text yields.

const firstStandIn = 0xdc00;
const standIn = /(?<![\ud800-\udbff])[\udc80-\udcff]/;
const standIns = new RegExp(standIn, 'g');

/** @returns the string that {@link encodeText} turns back into `bytes` */
export function decodeText(bytes: Uint8Array): string {
  const fast = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // Only then may a byte have been replaced.
  return fast.includes('\ufffd') ? decodeSlowly(bytes) : fast;
}

/** @returns the bytes of a text from the command line or from standard input */
export function encodeText(text: string): Buffer {
  if (!standIn.test(text)) return Buffer.from(text, 'utf8');
  const parts = Array.from(text, (char) => (standIn.test(char) ? Buffer.of(char.charCodeAt(0) - firstStandIn) : char));
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
}

/** @returns the text with U+FFFD for every byte that is not part of valid UTF-8 */
export function replaceInvalid(text: string): string {
  return text.replace(standIns, '\ufffd');
}

function decodeSlowly(bytes: Uint8Array): string {
  const runes: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = runeAt(bytes, at);
    runes.push(rune === undefined ? String.fromCharCode(firstStandIn + (bytes[at] ?? 0)) : String.fromCodePoint(rune));
    at += size;
  }
  return runes.join('');
}

export interface Rune {
  /** Undefined for a byte that is not part of valid UTF-8. */
  readonly rune: number | undefined;
  /** Bytes. */
  readonly size: number;
}

/** @returns the character that begins at `at`, which lies inside `bytes`. Overlong forms and surrogates are not valid. */
export function runeAt(bytes: Uint8Array, at: number): Rune {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { rune: first, size: 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const smallest = size === 4 ? 0x1_0000 : size === 3 ? 0x800 : 0x80;
  const invalid = { rune: undefined, size: 1 };
  if (first < 0xc0 || first > 0xf7) return invalid;
  let rune = first & (0x7f >> size);
  for (let next = at + 1; next < at + size; next += 1) {
    const byte = bytes[next] ?? 0;
    if ((byte & 0xc0) !== 0x80) return invalid;
    rune = (rune << 6) | (byte & 0x3f);
  }
  const isSurrogate = rune >= 0xd800 && rune <= 0xdfff;
  return rune < smallest || rune > 0x10_ffff || isSurrogate ? invalid : { rune, size };
}
