// The texts that stand for a member or an endpoint: cells of a table, or separated by commas in the simple format.

import type { KeyValueHash } from '../core/mvcc/hash.ts';
import type { SnapshotStatus } from '../etcdutl/snapshot_status.ts';
import { type AlarmMember, AlarmType, type Event, Event_EventType, type Member } from '../../proto/schema.ts';
import type { EndpointHealth, EndpointStatus } from './printer.ts';

/** A member without a name has not started yet: it tells the others its name when it does. */
export function memberCells(member: Member): string[] {
  return [
    member.ID.toString(16),
    member.name === '' ? 'unstarted' : 'started',
    member.name,
    member.peerURLs.join(','),
    member.clientURLs.join(','),
    member.isLearner.toString(),
  ];
}

export function statusCells({ endpoint, status }: EndpointStatus): string[] {
  const member = status.header?.member_id ?? 0n;
  return [
    endpoint,
    member.toString(16),
    status.version,
    humanBytes(status.dbSize),
    (status.leader === member).toString(),
    status.isLearner.toString(),
    status.raftTerm.toString(),
    status.raftIndex.toString(),
    status.raftAppliedIndex.toString(),
    status.errors.join(', '),
  ];
}

export function healthLine({ endpoint, healthy, took, error }: EndpointHealth): string {
  return healthy
    ? `${endpoint} is healthy: successfully committed proposal: took = ${took}`
    : `${endpoint} is unhealthy: failed to commit proposal: ${error}`;
}

/** `PUT` */
export function eventName({ type }: Event): string {
  return type === Event_EventType.DELETE ? 'DELETE' : 'PUT';
}

export function dbStatusCells({ hash, revision, totalKey, totalSize }: SnapshotStatus): string[] {
  return [hash.toString(16), revision.toString(), totalKey.toString(), humanBytes(totalSize)];
}

export function dbHashCells({ hash, revision, compactRevision }: KeyValueHash): string[] {
  return [hash.toString(), revision.toString(), compactRevision.toString()];
}

/** As protobuf's text form has it: what is zero is left out, and a blank follows each field. */
export function alarmLine({ memberID, alarm }: AlarmMember): string {
  return `${memberID === 0n ? '' : `memberID:${memberID} `}${alarm === AlarmType.NONE ? '' : `alarm:${alarmName(alarm)} `}`;
}

/** @returns `NOSPACE`; a kind that there is no name for as its number */
export function alarmName(alarm: number): string {
  return Object.entries(AlarmType).find(([, value]) => value === alarm)?.[0] ?? alarm.toString();
}

/** @returns the ID of a lease, as people type it */
export function leaseText(id: bigint): string {
  // As Go's %016x: the sign is one of the sixteen.
  return id < 0n ? `-${(-id).toString(16).padStart(15, '0')}` : id.toString(16).padStart(16, '0');
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** @returns for example `20 kB`; powers of 1000, and one decimal below ten of a unit */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.floor(Math.log(bytes) / Math.log(1000));
  const tenths = Math.floor((bytes / 1000 ** power) * 10 + 0.5);
  const shown = tenths < 100 ? (tenths / 10).toFixed(1) : halfToEven(tenths / 10).toString();
  return `${shown} ${units[power] ?? ''}`;
}

/** Go's %.0f: 20.5 is 20, and 21.5 is 22. */
function halfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
