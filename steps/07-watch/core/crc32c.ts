// CRC-32C (Castagnoli), the checksum of etcd's write-ahead log.

const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    table[i] = c;
  }
  return table;
}

/** The CRC-32C of the bytes that gave `crc` (0 = none yet) followed by `bytes`; an unsigned 32-bit number. */
export function crc32c(crc: number, bytes: Uint8Array): number {
  let c = ~crc;
  for (const byte of bytes) c = (c >>> 8) ^ (TABLE[(c ^ byte) & 0xff] as number);
  return ~c >>> 0;
}
