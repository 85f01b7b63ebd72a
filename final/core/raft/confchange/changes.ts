// What a configuration change asks for: both kinds as one, whether it needs a joint configuration, and its text. Mirrors
// etcd's raft/raftpb/confchange.go.

import type { RaftConfChangeSingle, RaftConfChangeV2 } from '../../../../proto/schema.ts';
import { RaftConfChangeTransition, RaftConfChangeType } from '../../../../proto/schema.ts';
import { type ConfChange, isConfChangeV1 } from './encoding.ts';

/** The change as one of the second kind, which can express all of the first. */
export function asConfChangeV2(change: ConfChange): RaftConfChangeV2 {
  if (!isConfChangeV1(change)) return change;
  const { type, node_id, context } = change;
  return { transition: RaftConfChangeTransition.ConfChangeTransitionAuto, changes: [{ type, node_id }], context };
}

/** Whether the change goes through a joint configuration, and whether that is left automatically. */
export function jointMode(change: RaftConfChangeV2): 'simple' | 'joint-auto-leave' | 'joint-explicit' {
  const isAuto = change.transition === RaftConfChangeTransition.ConfChangeTransitionAuto;
  if (isAuto && change.changes.length <= 1) return 'simple';
  const isExplicit = change.transition === RaftConfChangeTransition.ConfChangeTransitionJointExplicit;
  return isExplicit ? 'joint-explicit' : 'joint-auto-leave';
}

/** Whether the change asks to leave the joint configuration. */
export function isLeaveJoint(change: RaftConfChangeV2): boolean {
  return change.transition === RaftConfChangeTransition.ConfChangeTransitionAuto && change.changes.length === 0;
}

/** The change as etcd's log lines show it. */
export function describeConfChange(change: ConfChange): string {
  const context = `[${(change.context ?? []).join(' ')}]`;
  if (isConfChangeV1(change)) return `{${typeName(change.type)} ${change.node_id} ${context} ${change.id}}`;
  const transition = nameIn(RaftConfChangeTransition, change.transition);
  return `{${transition} [${change.changes.map(describeSingle).join(' ')}] ${context}}`;
}

function describeSingle(single: RaftConfChangeSingle): string {
  return `{${typeName(single.type)} ${single.node_id}}`;
}

function typeName(type: number): string {
  return nameIn(RaftConfChangeType, type);
}

function nameIn(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}
