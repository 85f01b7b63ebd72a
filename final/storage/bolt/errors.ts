// What can go wrong with a database, as kinds; kinds and texts are those of bbolt's errors package. Errors of the file
// itself (no space, bad disk) are passed on as Node gives them: storage that fails so must not be used any further.

/** Names of bbolt's errors without the prefix Err; `Corrupt` is ours for what bbolt answers with a panic. */
export type BoltErrorKind =
  | 'DatabaseNotOpen'
  | 'Invalid'
  | 'VersionMismatch'
  | 'Checksum'
  | 'Timeout'
  | 'DatabaseReadOnly'
  | 'TxNotWritable'
  | 'TxClosed'
  | 'BucketNotFound'
  | 'BucketExists'
  | 'BucketNameRequired'
  | 'KeyRequired'
  | 'KeyTooLarge'
  | 'ValueTooLarge'
  | 'IncompatibleValue'
  | 'Corrupt';

const TEXTS: Readonly<Record<BoltErrorKind, string>> = {
  DatabaseNotOpen: 'database not open',
  Invalid: 'invalid database',
  VersionMismatch: 'version mismatch',
  Checksum: 'checksum error',
  Timeout: 'timeout',
  DatabaseReadOnly: 'database is in read-only mode',
  TxNotWritable: 'tx not writable',
  TxClosed: 'tx closed',
  BucketNotFound: 'bucket not found',
  BucketExists: 'bucket already exists',
  BucketNameRequired: 'bucket name required',
  KeyRequired: 'key required',
  KeyTooLarge: 'key too large',
  ValueTooLarge: 'value too large',
  IncompatibleValue: 'incompatible value',
  Corrupt: 'database is damaged',
};

/** A failed call: its kind, and bbolt's text followed by what exactly was found. */
export class BoltError extends Error {
  readonly kind: BoltErrorKind;

  constructor(kind: BoltErrorKind, detail?: string) {
    super(detail === undefined ? TEXTS[kind] : `${TEXTS[kind]}: ${detail}`);
    this.name = 'BoltError';
    this.kind = kind;
  }
}
