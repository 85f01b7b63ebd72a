// Brings a member that was stopped, or killed, up to the end of its log. Entries whose effect the database holds already only
// tell who the members are, which is not read from the database (spec/storage.md 12.2, 12.17).

import { codecs } from '../../proto/load.ts';
import { type InternalRaftRequest, RaftEntryType, type RaftEntry, type Request } from '../../proto/schema.ts';
import { readConsistentIndex } from '../storage/schema/meta_bucket.ts';
import type { Applier } from './apply.ts';
import type { Bootstrapped } from './bootstrap.ts';
import type { Membership } from './membership.ts';

export interface ReplayOptions {
  readonly bootstrapped: Bootstrapped;
  readonly applier: Applier;
  readonly membership: Membership;
}

/**
 * Applies all entries that the log holds: with one member, what is in the log is committed. Throws an Error when there is one
 * that cannot be applied yet.
 */
export function replayLog({ bootstrapped, applier, membership }: ReplayOptions): void {
  const { backend, progress } = bootstrapped;
  // A database beside a new log is older than the log, wherever it comes from.
  const { index: known } = bootstrapped.isNew ? { index: 0 } : readConsistentIndex(backend);
  for (const entry of bootstrapped.entries) {
    const persist = entry.Index > known;
    if (persist) progress.applied = { index: entry.Index, term: entry.Term };
    applyEntry(entry, { applier, membership, persist });
    if (backend.isCommitDue(1)) backend.commit();
  }
  // What an older log left in the database must not count for this one.
  if (bootstrapped.isNew) backend.commit();
}

interface Targets {
  readonly applier: Applier;
  readonly membership: Membership;
  readonly persist: boolean;
}

function applyEntry(entry: RaftEntry, { applier, membership, persist }: Targets): void {
  if (entry.Type === RaftEntryType.EntryConfChange) {
    membership.applyConfChange(codecs['raftpb.ConfChange'].decode(entry.Data ?? NO_DATA), { persist });
    return;
  }
  if (entry.Type !== RaftEntryType.EntryNormal)
    throw new Error(`entry ${entry.Index} has the unknown type ${entry.Type}`);
  // The first entry of a term is empty.
  if (entry.Data === undefined || entry.Data.length === 0) return;
  const { request, v2 } = decodeRequest(entry.Data);
  if (v2 !== undefined) membership.applyV2(v2, { persist });
  else if (persist) applier.replay(request);
}

const NO_DATA = new Uint8Array(0);

type Decoded =
  | { readonly request: InternalRaftRequest; readonly v2: undefined }
  | { readonly request: undefined; readonly v2: Request };

// An entry is an InternalRaftRequest, or, in the older form, a v2 Request alone. The method of the latter stands where the
// former has a nested message, and no method is one (spec/storage.md 5.12).
function decodeRequest(data: Uint8Array): Decoded {
  let request: InternalRaftRequest;
  try {
    request = codecs['etcdserverpb.InternalRaftRequest'].decode(data);
  } catch {
    return { request: undefined, v2: codecs['etcdserverpb.Request'].decode(data) };
  }
  return request.v2 === undefined ? { request, v2: undefined } : { request: undefined, v2: request.v2 };
}
