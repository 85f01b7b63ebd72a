// Huffman-coded strings (RFC 7541, section 5.2 and appendix B). The code is canonical: the lengths of the codes say it
// all, since codes of one length are consecutive in the order of their symbols, and each length goes on where the one
// before it ended. So `0` (length 5) is 00000, `1` is 00001, … `t` is 01001, and the blank (length 6) is 010100.

// Length in bits of the code of each byte, sixteen in a row, and of EOS at last.
const CODE_LENGTHS = [
  [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  [28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  [5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  [13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  [7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  [6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  [20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  [24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  [22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  [21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  [19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  [20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  [26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  [30],
].flat();

const EOS = 256;
const MAX_CODE_BITS = 30;
// The padding behind the last code is shorter than a byte.
const MAX_PADDING_BITS = 7;

// A binary tree in an array: node n has its children at 2n and 2n + 1. A child that is a symbol is −1 − symbol.
const TREE = buildTree();

function buildTree(): Int16Array {
  const tree = new Int16Array(2 * CODE_LENGTHS.length);
  let nodes = 1;
  let code = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    code *= 2;
    for (const [symbol, length] of CODE_LENGTHS.entries()) {
      if (length !== bits) continue;
      let node = 0;
      for (let shift = bits - 1; shift > 0; shift--) {
        const at = 2 * node + ((code >>> shift) & 1);
        if (tree[at] === 0) tree[at] = nodes++;
        node = tree[at] as number;
      }
      tree[2 * node + (code & 1)] = -1 - symbol;
      code++;
    }
  }
  return tree;
}

/**
 * Decodes `bytes` from `start` to `end` into `target`, which must have room for 8/5 of them. Returns how many bytes it
 * wrote, or −1 for what is no Huffman code: EOS in it, or padding that is too long or not ones.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number },
  target: Uint8Array,
): number {
  let length = 0;
  let node = 0;
  // Bits since the last symbol, and whether all of them were ones.
  let pending = 0;
  let isOnes = true;
  for (let at = range.start; at < range.end; at++) {
    const byte = bytes[at] as number;
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (byte >>> shift) & 1;
      const next = TREE[2 * node + bit] as number;
      if (next >= 0) {
        node = next;
        pending++;
        if (bit === 0) isOnes = false;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === EOS) return -1;
      target[length++] = symbol;
      node = 0;
      pending = 0;
      isOnes = true;
    }
  }
  return pending <= MAX_PADDING_BITS && isOnes ? length : -1;
}
