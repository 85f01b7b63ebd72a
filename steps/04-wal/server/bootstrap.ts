// From a data directory to what a member starts with: a new log, or everything that an earlier run left. Mirrors etcd's
// etcdserver/bootstrap.go.

import path from 'node:path';
import { codecs } from '../../../proto/load.ts';
import { RaftConfChangeType, RaftEntryType, type RaftEntry } from '../../../proto/schema.ts';
import type { Config } from '../etcdmain/config.ts';
import { Wal, type WalContent } from '../storage/wal/wal.ts';
import { type Cluster, type Member, newCluster } from './cluster.ts';

// What a log begins with is from before any election.
const BOOTSTRAP_TERM = 1;

export interface Bootstrapped {
  readonly cluster: Cluster;
  readonly wal: Wal;
  readonly content: WalContent;
}

/** Opens or makes the log in the data directory. Throws an Error when it is damaged. */
export function bootstrap(config: Config): Bootstrapped {
  const directory = path.join(config.dataDir, 'member', 'wal');
  if (!Wal.exists(directory)) newMember(directory, config);
  const { wal, content } = Wal.open(directory);
  const { NodeID, ClusterID } = codecs['etcdserverpb.Metadata'].decode(content.metadata);
  return { cluster: { id: ClusterID, localMemberId: NodeID }, wal, content };
}

// The log of a new member begins with what makes it a member.
function newMember(directory: string, { name, listenPeerUrls }: Config): void {
  const peerUrls = listenPeerUrls.map((url) => url.text);
  const { id: ClusterID, localMemberId: NodeID } = newCluster(peerUrls);
  const wal = Wal.create(directory, codecs['etcdserverpb.Metadata'].encode({ NodeID, ClusterID }));
  const entries = [additionOf({ id: NodeID, name, peerUrls })];
  wal.save({ term: BOOTSTRAP_TERM, vote: 0n, commit: entries.length }, entries);
  wal.close();
}

function additionOf({ id, name, peerUrls }: Member): RaftEntry {
  const context = Buffer.from(`{"id":${id},"peerURLs":${JSON.stringify(peerUrls)},"name":${JSON.stringify(name)}}`);
  const change = { type: RaftConfChangeType.ConfChangeAddNode, node_id: id, context };
  const Data = codecs['raftpb.ConfChange'].encode(change);
  return { Type: RaftEntryType.EntryConfChange, Term: BOOTSTRAP_TERM, Index: 1, Data };
}
