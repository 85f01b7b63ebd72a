// Why a proposal was not applied in time, as far as this member can tell. Mirrors parseProposeCtxErr of etcd's server.go
// (spec/raft.md E8).

import type { ErrorKind } from '../core/errors.ts';
import type { Cluster } from './cluster.ts';

export interface TimeoutView {
  /** When the proposal was made, and since when the leader is known, in ms of the steady clock. */
  readonly begin: number;
  readonly leadSince: number;
  readonly electionMs: number;
  /** The member that leads; 0 = none is known. */
  readonly lead: bigint;
  readonly cluster: Cluster;
  /** Since when the connection to a member stands; undefined while it does not. */
  readonly activeSince: (id: bigint) => number | undefined;
}

/** The error that goes with it. */
export function timeoutKind(view: TimeoutView): ErrorKind {
  const { begin, leadSince, electionMs, lead, cluster } = view;
  if (begin > leadSince - 2 * electionMs && begin < leadSince) return 'TimeoutDueToLeaderFail';
  if (lead === 0n) return 'Timeout';
  const isConnected = lead === cluster.localMemberId ? hasQuorum(view) : wasConnected(view, lead);
  return isConnected ? 'Timeout' : 'TimeoutDueToConnectionLost';
}

function wasConnected({ begin, activeSince }: TimeoutView, id: bigint): boolean {
  const since = activeSince(id);
  return since !== undefined && since < begin;
}

function hasQuorum(view: TimeoutView): boolean {
  const { members, localMemberId } = view.cluster;
  const connected = members.filter(({ id }) => id === localMemberId || wasConnected(view, id));
  return connected.length > members.length / 2;
}
