// Durations as they are written on Go's command lines: `1h30m0s`, `1.5ms`. Mirrors what etcd gets from Go's time package.

const nanosecondsPer: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** The longest duration, in nanoseconds: what an int64 holds. */
export const durationLimit = 2n ** 63n - 1n;

export type ParsedDuration =
  | { readonly kind: 'duration'; readonly nanoseconds: bigint }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'missing-unit' }
  | { readonly kind: 'unknown-unit'; readonly unit: string };

/**
 * Reads a duration: a sign, then numbers that each have a unit; `0` needs none.
 *
 * @param text for example `1h30m`, `.5s`, `-5s`; at most {@link durationLimit} either way
 */
export function parseDuration(text: string): ParsedDuration {
  const negative = text.startsWith('-');
  let rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return { kind: 'duration', nanoseconds: 0n };
  if (rest === '') return { kind: 'invalid' };
  let total = 0n;
  while (rest !== '') {
    const [number = '', integer = '', point = '', fraction = ''] = /^(\d*)(\.?)(\d*)/.exec(rest) ?? [];
    if (integer === '' && fraction === '') return { kind: 'invalid' };
    if (point === '' && fraction !== '') return { kind: 'invalid' };
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return { kind: 'missing-unit' };
    const scale = nanosecondsPer[unit];
    if (scale === undefined) return { kind: 'unknown-unit', unit };
    rest = rest.slice(unit.length);
    total += BigInt(integer || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
    if (total > durationLimit + (negative ? 1n : 0n)) return { kind: 'invalid' };
  }
  return { kind: 'duration', nanoseconds: negative ? -total : total };
}

/**
 * Writes a duration as Go does: below a second in the largest unit that leaves no leading zero, else in h, m and s.
 *
 * @param nanoseconds within an int64
 */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds < 0n) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < 1_000n) return `${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${decimal(nanoseconds, 3)}\u00b5s`;
  if (nanoseconds < 1_000_000_000n) return `${decimal(nanoseconds, 6)}ms`;
  const minute = 60_000_000_000n;
  const seconds = `${decimal(nanoseconds % minute, 9)}s`;
  const minutes = nanoseconds / minute;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value` with its last `digits` digits behind the point, without zeros at the end. */
function decimal(value: bigint, digits: number): string {
  const padded = value.toString().padStart(digits + 1, '0');
  const fraction = padded.slice(-digits).replace(/0+$/, '');
  const integer = padded.slice(0, -digits);
  return fraction === '' ? integer : `${integer}.${fraction}`;
}
