// The one table from expected errors to what a client gets: gRPC code and message. Clients match on the message, so it is
// etcd's to the byte (spec/rpc.md 3.1). Mirrors etcd's api/v3rpc/rpctypes/error.go and etcdserver/api/v3rpc/util.go.

import { AssertionError } from '../../core/assert.ts';
import { type ErrorKind, EtcdError } from '../../core/errors.ts';
import type { Ports } from '../../ports.ts';
import { Code, StatusError } from '../../transport/grpc/status.ts';

export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

export const RPC_STATUS: Readonly<Record<ErrorKind, RpcStatus>> = {
  EmptyKey: { code: Code.InvalidArgument, message: 'etcdserver: key is not provided' },
  KeyNotFound: { code: Code.InvalidArgument, message: 'etcdserver: key not found' },
  ValueProvided: { code: Code.InvalidArgument, message: 'etcdserver: value is provided' },
  LeaseProvided: { code: Code.InvalidArgument, message: 'etcdserver: lease is provided' },
  TooManyOps: { code: Code.InvalidArgument, message: 'etcdserver: too many operations in txn request' },
  DuplicateKey: { code: Code.InvalidArgument, message: 'etcdserver: duplicate key given in txn request' },
  InvalidSortOption: { code: Code.InvalidArgument, message: 'etcdserver: invalid sort option' },
  Compacted: { code: Code.OutOfRange, message: 'etcdserver: mvcc: required revision has been compacted' },
  FutureRev: { code: Code.OutOfRange, message: 'etcdserver: mvcc: required revision is a future revision' },
  NoSpace: { code: Code.ResourceExhausted, message: 'etcdserver: mvcc: database space exceeded' },
  LeaseNotFound: { code: Code.NotFound, message: 'etcdserver: requested lease not found' },
  LeaseExist: { code: Code.FailedPrecondition, message: 'etcdserver: lease already exists' },
  LeaseTTLTooLarge: { code: Code.OutOfRange, message: 'etcdserver: too large lease TTL' },
  RequestTooLarge: { code: Code.InvalidArgument, message: 'etcdserver: request is too large' },
  // Unknown, though the table of etcd's client says otherwise (spec/rpc.md 3.2).
  RequestTooManyRequests: { code: Code.Unknown, message: 'etcdserver: too many requests' },
  AuthNotEnabled: { code: Code.FailedPrecondition, message: 'etcdserver: authentication is not enabled' },
  Corrupt: { code: Code.DataLoss, message: 'etcdserver: corrupt cluster' },
  Stopped: { code: Code.Unavailable, message: 'etcdserver: server stopped' },
  NoLeader: { code: Code.Unavailable, message: 'etcdserver: no leader' },
  NotLeader: { code: Code.FailedPrecondition, message: 'etcdserver: not leader' },
  LeaderChanged: { code: Code.Unavailable, message: 'etcdserver: leader changed' },
  Timeout: { code: Code.Unavailable, message: 'etcdserver: request timed out' },
  TimeoutDueToLeaderFail: {
    code: Code.Unavailable,
    message: 'etcdserver: request timed out, possibly due to previous leader failure',
  },
  TimeoutDueToConnectionLost: {
    code: Code.Unavailable,
    message: 'etcdserver: request timed out, possibly due to connection lost',
  },
  TimeoutWaitAppliedIndex: {
    code: Code.Unavailable,
    message: 'etcdserver: request timed out, waiting for the applied index took too long',
  },
  TimeoutLeaderTransfer: {
    code: Code.Unknown,
    message: 'etcdserver: request timed out, leader transfer took too long',
  },
  Unhealthy: { code: Code.Unavailable, message: 'etcdserver: unhealthy cluster' },
  BadLeaderTransferee: { code: Code.FailedPrecondition, message: 'etcdserver: bad leader transferee' },
  NotSupportedForLearner: { code: Code.Unavailable, message: 'etcdserver: rpc not supported for learner' },
  MemberExist: { code: Code.FailedPrecondition, message: 'etcdserver: member ID already exist' },
  PeerURLExist: { code: Code.FailedPrecondition, message: 'etcdserver: Peer URLs already exists' },
  // Unknown, as with too many requests.
  MemberNotEnoughStarted: {
    code: Code.Unknown,
    message: 'etcdserver: re-configuration failed due to not enough started members',
  },
  MemberBadURLs: { code: Code.InvalidArgument, message: 'etcdserver: given member URLs are invalid' },
  MemberNotFound: { code: Code.NotFound, message: 'etcdserver: member not found' },
  MemberNotLearner: {
    code: Code.FailedPrecondition,
    message: 'etcdserver: can only promote a learner member',
  },
  LearnerNotReady: {
    code: Code.FailedPrecondition,
    message: 'etcdserver: can only promote a learner member which is in sync with leader',
  },
  TooManyLearners: { code: Code.FailedPrecondition, message: 'etcdserver: too many learner members in cluster' },
  // What a request gets that has waited in vain for a leader to be proposed to.
  DeadlineExceeded: { code: Code.DeadlineExceeded, message: 'context deadline exceeded' },
  ProposalDropped: { code: Code.Unknown, message: 'raft proposal dropped' },
  // Said between members.
  NotPrimary: { code: Code.Unknown, message: 'not a primary lessor' },
};

/** What a client gets for anything a handler threw. A broken invariant ends the process instead of answering. */
export function toRpcStatus(error: unknown, ports: Ports): RpcStatus {
  if (error instanceof EtcdError) return RPC_STATUS[error.kind];
  if (error instanceof StatusError) return { code: error.code, message: error.message };
  if (error instanceof AssertionError) return ports.crash(error);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  ports.log.at('api/v3rpc/rpctypes.ts').error('unexpected error in a request', { error: message, stacktrace: stack });
  return { code: Code.Unknown, message };
}
