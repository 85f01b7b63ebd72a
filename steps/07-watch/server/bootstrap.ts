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
  const members = content.entries.filter(({ Type }) => Type === RaftEntryType.EntryConfChange).map(memberOf);
  return { cluster: { id: ClusterID, localMemberId: NodeID, members }, wal, content };
}

// The log of a new member begins with what makes it a member.
function newMember(directory: string, { name, initialCluster, initialAdvertisePeerUrls }: Config): void {
  const advertisePeerUrls = initialAdvertisePeerUrls.map((url) => url.text);
  const cluster = newCluster({ name, initialCluster, advertisePeerUrls });
  const { id: ClusterID, localMemberId: NodeID } = cluster;
  const wal = Wal.create(directory, codecs['etcdserverpb.Metadata'].encode({ NodeID, ClusterID }));
  const entries = cluster.members.map(additionOf);
  wal.save({ term: BOOTSTRAP_TERM, vote: 0n, commit: entries.length }, entries);
  wal.close();
}

function additionOf({ id, name, peerUrls }: Member, i: number): RaftEntry {
  const context = Buffer.from(`{"id":${id},"peerURLs":${JSON.stringify(peerUrls)},"name":${JSON.stringify(name)}}`);
  const change = { type: RaftConfChangeType.ConfChangeAddNode, node_id: id, context };
  const Data = codecs['raftpb.ConfChange'].encode(change);
  return { Type: RaftEntryType.EntryConfChange, Term: BOOTSTRAP_TERM, Index: i + 1, Data };
}

// Who the members are stands in the log: after the first start the flags no longer matter.
function memberOf({ Data = new Uint8Array(0) }: RaftEntry): Member {
  const { node_id: id, context } = codecs['raftpb.ConfChange'].decode(Data);
  const { name, peerURLs } = JSON.parse(Buffer.from(context ?? []).toString());
  return { id, name, peerUrls: peerURLs };
}
