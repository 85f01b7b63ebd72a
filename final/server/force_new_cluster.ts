// --force-new-cluster: the member goes on alone, whatever became of the others. Mirrors etcd's etcdserver/bootstrap.go
// (spec/raft.md D12). What is committed stays; what is not is dropped; then entries remove all others, as if they had been voted for.

import { codecs } from '../../proto/load.ts';
import { RaftConfChangeType as ChangeType, RaftEntryType } from '../../proto/schema.ts';
import type { RaftEntry, RaftHardState, RaftSnapshot } from '../../proto/schema.ts';
import type { Wal } from '../storage/wal/wal.ts';

export interface ForceOptions {
  readonly content: { readonly entries: readonly RaftEntry[]; readonly hardState: RaftHardState };
  readonly snapshot: RaftSnapshot | undefined;
  readonly localId: bigint;
  /** The last entry that the database has: it was committed, even if a crash has lost the hard state that said so. */
  readonly inDatabase: number;
  /** Gets the entries that are added. */
  readonly wal: Wal;
}

/** The log with which the member goes on alone; it is on the disk when this returns. */
export function forceNewCluster(options: ForceOptions): ForceOptions['content'] {
  const { content, snapshot, localId, inDatabase, wal } = options;
  const { term, vote } = content.hardState;
  const commit = Math.max(content.hardState.commit, inDatabase);
  const committed = content.entries.filter((entry) => entry.Index <= commit);
  const ids = membersOf(snapshot, committed);
  const changes: RaftEntry[] = [];
  const append = (type: number, id: bigint, context?: Uint8Array): void => {
    const Data = codecs['raftpb.ConfChange'].encode({ id: 0n, type, node_id: id, context });
    const Index = commit + changes.length + 1;
    changes.push({ Type: RaftEntryType.EntryConfChange, Term: term, Index, Data });
  };
  if (!ids.has(localId)) {
    const context = Buffer.from(`{"id":${localId},"peerURLs":["http://localhost:2380"]}`);
    append(ChangeType.ConfChangeAddNode, localId, context);
  }
  for (const id of [...ids].sort((a, b) => (a < b ? -1 : 1))) {
    if (id !== localId) append(ChangeType.ConfChangeRemoveNode, id);
  }
  const hardState = { term, vote, commit: commit + changes.length };
  wal.save(hardState, changes);
  wal.sync();
  return { entries: [...committed, ...changes], hardState };
}

// Voters of the snapshot, and what the committed entries made of them.
function membersOf(snapshot: RaftSnapshot | undefined, committed: readonly RaftEntry[]): Set<bigint> {
  const ids = new Set(snapshot?.metadata?.conf_state?.voters);
  for (const { Type, Data } of committed) {
    if (Type !== RaftEntryType.EntryConfChange || Data === undefined) continue;
    const { type, node_id: id } = codecs['raftpb.ConfChange'].decode(Data);
    if (type === ChangeType.ConfChangeRemoveNode) ids.delete(id);
    else ids.add(id);
  }
  return ids;
}
