// What locks and elections can fail with, apart from a call that fails (spec/rpc.md 12).

/** Texts of etcd: its services send them as they are. */
const texts = {
  locked: 'mutex: Locked by another session',
  sessionExpired: 'mutex: session is expired',
  lockReleased: 'mutex: lock has already been released',
  notLeader: 'election: not leader',
  noLeader: 'election: no leader',
  watcherLost: 'lost watcher waiting for delete',
} as const;

export type ConcurrencyErrorKind = keyof typeof texts;

export class ConcurrencyError extends Error {
  readonly kind: ConcurrencyErrorKind;

  constructor(kind: ConcurrencyErrorKind) {
    super(texts[kind]);
    this.name = 'ConcurrencyError';
    this.kind = kind;
  }
}
