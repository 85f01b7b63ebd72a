// What raft is told at its start, and the checks of it. Mirrors Config of etcd's raft/raft.go.

import { RaftError } from './errors.ts';
import { NONE } from './messages.ts';
import type { ReadOnlyOption } from './read_only.ts';
import type { RaftStorage } from './storage.ts';

export interface RaftConfig {
  /** The own id; not 0. */
  readonly id: bigint;
  /** Ticks without a sign of the leader before an election; the actual number is drawn from [electionTick, 2·electionTick). */
  readonly electionTick: number;
  /** Ticks between two heartbeats of a leader; below {@link electionTick}. */
  readonly heartbeatTick: number;
  readonly storage: RaftStorage;
  /** The last index that was applied before a restart; nothing at or below it is handed out again. */
  readonly applied?: number;
  /** Limit on the encoded entries of one append in bytes; one entry is always sent. */
  readonly maxSizePerMsg: number;
  /** Limit on the committed entries of one Ready in bytes; absent: {@link maxSizePerMsg}. */
  readonly maxCommittedSizePerReady?: number;
  /** Limit on the payload of the entries of a leader that are not committed yet, in bytes; absent or 0: none. */
  readonly maxUncommittedEntriesSize?: number;
  /** Appends that may be under way to one follower. */
  readonly maxInflightMsgs: number;
  /** Whether a leader steps down when it has not heard from a quorum for an election timeout. */
  readonly checkQuorum: boolean;
  /** Whether a member asks whether it could win before it raises its term. */
  readonly preVote: boolean;
  /** How a leader makes sure that it still is one, before it answers a read. */
  readonly readOnlyOption: ReadOnlyOption;
  /** Whether a follower refuses proposals instead of passing them to the leader. */
  readonly disableProposalForwarding?: boolean;
  /** A uniformly distributed integer in [0, below): raft's only source of chance. */
  readonly random: (below: number) => number;
  readonly logger?: RaftLogger;
}

/** Takes raft's log lines. */
export interface RaftLogger {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** Throws RaftError `BadConfig` with etcd's text unless `config` can work. */
export function validateConfig(config: RaftConfig): void {
  const reason = badConfigReason(config);
  if (reason !== undefined) throw new RaftError('BadConfig', reason);
}

function badConfigReason(config: RaftConfig): string | undefined {
  if (config.id === NONE) return 'cannot use none as id';
  if (config.heartbeatTick <= 0) return 'heartbeat tick must be greater than 0';
  if (config.electionTick <= config.heartbeatTick) return 'election tick must be greater than heartbeat tick';
  if (config.maxInflightMsgs <= 0) return 'max inflight messages must be greater than 0';
  if (config.readOnlyOption === 'lease-based' && !config.checkQuorum) {
    return 'CheckQuorum must be enabled when ReadOnlyOption is ReadOnlyLeaseBased';
  }
  return undefined;
}

/** A logger that drops everything. */
export const SILENT_LOGGER: RaftLogger = { debug() {}, info() {}, warn() {}, error() {} };
