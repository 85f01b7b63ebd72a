// Makes the raft node of a member from what its data directory holds. Mirrors the start functions of etcd's etcdserver/raft.go.

import { RawNode } from '../core/raft/rawnode.ts';
import { MemoryStorage } from '../core/raft/storage.ts';
import type { Config } from '../etcdmain/config.ts';
import { MAX_INFLIGHT_APPENDS, MAX_MESSAGE_ENTRY_BYTES } from '../limits.ts';
import type { Ports } from '../ports.ts';
import { type Bootstrapped, pointOf } from './bootstrap.ts';

const LOG_CALLER = 'raft/raft.ts';

/** The node, and the log in memory that it reads. */
export function newRaftNode(
  config: Config,
  ports: Ports,
  bootstrapped: Bootstrapped,
): { readonly node: RawNode; readonly storage: MemoryStorage } {
  const { cluster, snapshot, entries, hardState } = bootstrapped;
  const storage = new MemoryStorage();
  if (snapshot !== undefined) storage.applySnapshot(snapshot);
  storage.setHardState(hardState);
  storage.append([...entries]);
  const log = ports.log.at(LOG_CALLER);
  const node = new RawNode({
    id: cluster.localMemberId,
    electionTick: electionTicks(config),
    heartbeatTick: 1,
    storage,
    applied: pointOf(snapshot).index,
    maxSizePerMsg: MAX_MESSAGE_ENTRY_BYTES,
    maxInflightMsgs: MAX_INFLIGHT_APPENDS,
    checkQuorum: true,
    preVote: config.preVote,
    readOnlyOption: 'safe',
    random: ports.random,
    logger: {
      debug: (text) => log.debug(text),
      info: (text) => log.info(text),
      warn: (text) => log.warn(text),
      error: (text) => log.error(text),
    },
  });
  return { node, storage };
}

/** Ticks of an election timeout. */
export function electionTicks({ electionMs, heartbeatMs }: Pick<Config, 'electionMs' | 'heartbeatMs'>): number {
  return Math.floor(electionMs / heartbeatMs);
}
