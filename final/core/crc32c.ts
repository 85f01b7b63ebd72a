// CRC-32C (Castagnoli), the checksum of etcd's hashes and of its write-ahead log.

const TABLE = makeTable();

// Slicing by eight tables: eight bytes a turn, about six times as fast as one table.
function makeTable(): Uint32Array {
  const table = new Uint32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    table[i] = c;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] as number;
    table[i] = (previous >>> 8) ^ (table[previous & 0xff] as number);
  }
  return table;
}

/** The CRC-32C of the bytes that gave `crc` (0 = none yet) followed by `bytes`; an unsigned 32-bit number. */
export function crc32c(crc: number, bytes: Uint8Array): number {
  let c = ~crc;
  let i = 0;
  const t = TABLE;
  const b = bytes as unknown as { [i: number]: number };
  for (const end = bytes.length - 7; i < end; i += 8) {
    const x =
      c ^
      ((b[i] as number) | ((b[i + 1] as number) << 8) | ((b[i + 2] as number) << 16) | ((b[i + 3] as number) << 24));
    c =
      (t[1792 + (x & 0xff)] as number) ^
      (t[1536 + ((x >>> 8) & 0xff)] as number) ^
      (t[1280 + ((x >>> 16) & 0xff)] as number) ^
      (t[1024 + (x >>> 24)] as number) ^
      (t[768 + (b[i + 4] as number)] as number) ^
      (t[512 + (b[i + 5] as number)] as number) ^
      (t[256 + (b[i + 6] as number)] as number) ^
      (t[b[i + 7] as number] as number);
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ (t[(c ^ (b[i] as number)) & 0xff] as number);
  return ~c >>> 0;
}
