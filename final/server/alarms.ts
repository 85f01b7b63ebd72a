// Alarms: what is wrong with a member, known to all, kept over restarts, and in force until somebody ends it. Mirrors etcd's
// v3alarm/alarms.go and the alarm half of apply.go (spec/rpc.md 11.1).

import { AlarmRequest_AlarmAction as Action, AlarmType } from '../../proto/schema.ts';
import type { AlarmMember, AlarmRequest } from '../../proto/schema.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { deleteAlarm, putAlarm, readAlarms } from '../storage/schema/alarm_bucket.ts';

export class Alarms {
  readonly #backend: Backend;
  #active: AlarmMember[];

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#active = readAlarms(backend);
  }

  /** All of `type`, or all when it is NONE. */
  list(type: number): AlarmMember[] {
    return this.#active.filter(({ alarm }) => type === AlarmType.NONE || alarm === type);
  }

  has(type: number): boolean {
    return this.#active.some(({ alarm }) => alarm === type);
  }

  /** Does what the request asks; returns the alarms it is about. An action that is not defined does nothing. */
  apply({ action, memberID, alarm }: AlarmRequest): AlarmMember[] {
    switch (action) {
      case Action.GET:
        return this.list(alarm);
      case Action.ACTIVATE:
        return alarm === AlarmType.NONE ? [] : [this.#activate({ memberID, alarm })];
      case Action.DEACTIVATE:
        return this.#deactivate({ memberID, alarm });
      default:
        return [];
    }
  }

  #activate(alarm: AlarmMember): AlarmMember {
    if (!this.#active.some((one) => isSame(one, alarm))) {
      this.#active.push(alarm);
      putAlarm(this.#backend, alarm);
    }
    return alarm;
  }

  #deactivate(alarm: AlarmMember): AlarmMember[] {
    const ended = this.#active.filter((one) => isSame(one, alarm));
    this.#active = this.#active.filter((one) => !isSame(one, alarm));
    for (const one of ended) deleteAlarm(this.#backend, one);
    return ended;
  }
}

function isSame(a: AlarmMember, b: AlarmMember): boolean {
  return a.memberID === b.memberID && a.alarm === b.alarm;
}

/** NOSPACE, CORRUPT, or the number of a kind that is not known. */
export function alarmName(type: number): string {
  return Object.entries(AlarmType).find(([, value]) => value === type)?.[0] ?? String(type);
}
