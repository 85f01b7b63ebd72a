// What a caller of raft must expect: refused proposals, refused messages, and the limits of a log storage. Mirrors the
// sentinel errors of etcd's raft/storage.go, raft/raft.go, raft/rawnode.go and raft/confchange; the texts are etcd's.
// Facts that contradict the log itself are no errors but failed assertions.

/** Kinds of {@link RaftError}. */
export type RaftErrorKind =
  | 'Compacted'
  | 'SnapshotOutOfDate'
  | 'Unavailable'
  | 'SnapshotTemporarilyUnavailable'
  | 'ProposalDropped'
  | 'StepLocalMessage'
  | 'StepPeerNotFound'
  | 'ConfChange'
  | 'BadConfig';

const TEXTS: Readonly<Record<RaftErrorKind, string>> = {
  Compacted: 'requested index is unavailable due to compaction',
  SnapshotOutOfDate: 'requested index is older than the existing snapshot',
  Unavailable: 'requested entry at index is unavailable',
  SnapshotTemporarilyUnavailable: 'snapshot is temporarily unavailable',
  ProposalDropped: 'raft proposal dropped',
  StepLocalMessage: 'raft: cannot step raft local message',
  StepPeerNotFound: 'raft: cannot step as peer not found',
  ConfChange: 'invalid configuration change',
  BadConfig: 'invalid raft configuration',
};

export class RaftError extends Error {
  readonly kind: RaftErrorKind;

  /** `text` replaces the text of the kind where the reason differs from case to case. */
  constructor(kind: RaftErrorKind, text: string = TEXTS[kind]) {
    super(text);
    this.name = 'RaftError';
    this.kind = kind;
  }
}
