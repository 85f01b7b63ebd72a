// Builds the configuration that a snapshot describes. Mirrors etcd's raft/confchange/restore.go.

import type { RaftConfChangeSingle, RaftConfState } from '../../../../proto/schema.ts';
import { RaftConfChangeType } from '../../../../proto/schema.ts';
import { EMPTY_CONFIG } from '../tracker/config.ts';
import { Changer, type ConfigAndProgress } from './confchange.ts';

/**
 * The configuration of `confState`, reached by changes from an empty one, so that it passes all checks. Sending to all
 * members begins at `lastIndex`, the last of the log. Throws RaftError `ConfChange` when no changes lead there.
 */
export function restoreConfig(confState: RaftConfState, maxInflight: number, lastIndex: number): ConfigAndProgress {
  let result: ConfigAndProgress = { config: EMPTY_CONFIG, progress: new Map() };
  const changer = (): Changer => new Changer({ ...result, maxInflight, lastIndex });
  const isJointState = confState.voters_outgoing.length > 0;
  const addNode = singles(RaftConfChangeType.ConfChangeAddNode);
  const incoming = [
    ...confState.voters.map(addNode),
    ...[...confState.learners, ...confState.learners_next].map(singles(RaftConfChangeType.ConfChangeAddLearnerNode)),
  ];
  for (const single of isJointState ? confState.voters_outgoing.map(addNode) : incoming) {
    result = changer().simple([single]);
  }
  if (!isJointState) return result;
  const outgoing = confState.voters_outgoing.map(singles(RaftConfChangeType.ConfChangeRemoveNode));
  return changer().enterJoint(confState.auto_leave, [...outgoing, ...incoming]);
}

function singles(type: number): (id: bigint) => RaftConfChangeSingle {
  return (id) => ({ type, node_id: id });
}
