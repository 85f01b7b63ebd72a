// What tests of the parts of a member share: the state of a member on a disk in memory.

import { toConfig, type Config } from '../../../final/etcdmain/config.ts';
import type { Ports } from '../../../final/ports.ts';
import type { Progress } from '../../../final/server/bootstrap.ts';
import { Cluster, type Member } from '../../../final/server/cluster.ts';
import { MemberState } from '../../../final/server/state.ts';
import { Watchers } from '../../../final/server/watchers.ts';
import { Backend } from '../../../final/storage/backend/backend.ts';
import { DB } from '../../../final/storage/bolt/db.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { writeConsistentIndex } from '../../../final/storage/schema/meta_bucket.ts';
import type { RaftConfState } from '../../../proto/schema.ts';
import { keptLog, steppedClock } from './fixture.ts';

export const LOCAL = 1n;

export function memberOf(id: bigint, rest: Partial<Member> = {}): Member {
  return { id, name: '', peerUrls: [`http://p${id}:1`], clientUrls: [], isLearner: false, ...rest };
}

export function votersOf(voters: readonly bigint[]): RaftConfState {
  return { voters: [...voters], learners: [], voters_outgoing: [], learners_next: [], auto_leave: false };
}

/** The state of member 1 of a cluster of `members`, and what surrounds it. */
export function memberState(members: readonly bigint[], flags: Readonly<Record<string, string>> = {}) {
  const config: Config = toConfig(new Map(Object.entries({ 'data-dir': 'data', ...flags })));
  const fs = new MemFileSystem();
  for (const folder of ['data/member/snap', 'data/member/wal']) fs.makeDirectory(folder);
  const path = 'data/member/snap/db';
  DB.open(fs.open(path, 'create')).close();
  const progress: Progress = { applied: { index: 0, term: 0 } };
  const backend = new Backend({
    fs,
    file: fs.open(path, 'write'),
    path,
    batchLimit: config.backendBatchLimit,
    beforeCommit: (it) => writeConsistentIndex(it, progress.applied),
  });
  const cluster = new Cluster({ id: 9n, localMemberId: LOCAL });
  for (const id of members) cluster.put(memberOf(id));
  const { log, lines } = keptLog();
  const time = steppedClock();
  const ports: Ports = {
    clock: time.clock,
    random: () => 0,
    fs,
    log,
    crash: (error) => {
      throw error;
    },
  };
  const state = new MemberState({ config, ports, backend, cluster, v2Index: 0, watchers: new Watchers(ports).hub });
  return { config, fs, progress, backend, cluster, ports, state, time, lines };
}
