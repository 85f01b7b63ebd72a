// What can be wrong with a write-ahead log. The texts are those of etcd, which operators search for.

export type WalErrorKind = 'CrcMismatch' | 'UnexpectedEof';

const TEXTS: Readonly<Record<WalErrorKind, string>> = {
  CrcMismatch: 'walpb: crc mismatch',
  UnexpectedEof: 'unexpected EOF',
};

export class WalError extends Error {
  readonly kind: WalErrorKind;

  constructor(kind: WalErrorKind) {
    super(TEXTS[kind]);
    this.name = 'WalError';
    this.kind = kind;
  }
}
