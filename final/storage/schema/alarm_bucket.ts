// Active alarms in the database: the key is the encoded alarm, the value is empty (spec/storage.md 9.11). Mirrors etcd's
// schema/alarm.go.

import { codecs } from '../../../proto/load.ts';
import type { AlarmMember } from '../../../proto/schema.ts';
import type { Backend } from '../backend/backend.ts';
import { Buckets } from './buckets.ts';

const NO_VALUE = new Uint8Array(0);

export function putAlarm(backend: Backend, alarm: AlarmMember): void {
  backend.put(Buckets.alarm, codecs['etcdserverpb.AlarmMember'].encode(alarm), NO_VALUE);
}

export function deleteAlarm(backend: Backend, alarm: AlarmMember): void {
  backend.delete(Buckets.alarm, codecs['etcdserverpb.AlarmMember'].encode(alarm));
}

export function readAlarms(backend: Backend): AlarmMember[] {
  const alarms: AlarmMember[] = [];
  backend.scan(Buckets.alarm, NO_VALUE, (key) => {
    alarms.push(codecs['etcdserverpb.AlarmMember'].decode(key));
    return true;
  });
  return alarms;
}
