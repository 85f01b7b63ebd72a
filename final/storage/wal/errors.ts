// What can be wrong with a write-ahead log. The texts are those of etcd, which operators search for (spec/storage.md 3, 4).

export type WalErrorKind =
  | 'CrcMismatch'
  | 'ConflictingMetadata'
  | 'FileNotFound'
  | 'SnapshotMismatch'
  | 'SnapshotNotFound'
  | 'SliceOutOfRange'
  | 'UnexpectedEof'
  | 'UnexpectedBlockType'
  | 'UndecodableRecord'
  | 'Locked'
  | 'Exists';

const TEXTS: Readonly<Record<WalErrorKind, string>> = {
  CrcMismatch: 'walpb: crc mismatch',
  ConflictingMetadata: 'wal: conflicting metadata found',
  FileNotFound: 'wal: file not found',
  SnapshotMismatch: 'wal: snapshot mismatch',
  SnapshotNotFound: 'wal: snapshot not found',
  SliceOutOfRange: 'wal: slice bounds out of range',
  UnexpectedEof: 'unexpected EOF',
  UnexpectedBlockType: 'wal: unexpected block type',
  UndecodableRecord: 'wal: a record cannot be decoded',
  Locked: 'wal: a segment is locked by another process',
  Exists: 'file exists',
};

export class WalError extends Error {
  readonly kind: WalErrorKind;

  /** `detail` goes behind etcd's text. */
  constructor(kind: WalErrorKind, detail = '') {
    super(`${TEXTS[kind]}${detail === '' ? '' : `: ${detail}`}`);
    this.name = 'WalError';
    this.kind = kind;
  }
}
