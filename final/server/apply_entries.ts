// Applies committed entries, one after the other: requests to the store, changes of the configuration to raft, to the list of
// members and to the transport. Mirrors the apply half of etcd's etcdserver/server.go (spec/raft.md E6). Every member applies the
// same entries in the same order; only who waits for a result differs.

import { codecs } from '../../proto/load.ts';
import { RaftConfChangeType as ChangeType, RaftEntryType } from '../../proto/schema.ts';
import type { InternalRaftRequest, RaftConfChange, RaftConfState, RaftEntry, Request } from '../../proto/schema.ts';
import type { ResponseHeader } from '../../proto/schema.ts';
import { assert } from '../core/assert.ts';
import { EtcdError } from '../core/errors.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import type { Progress } from './bootstrap.ts';
import type { PeerTransport } from './peer_transport.ts';
import type { Proposals, Waiter } from './proposals.ts';
import type { Position } from './raft_loop.ts';
import type { MemberState } from './state.ts';

/** What a proposal comes to: the result, and what the header of the answer said at that moment. */
export interface Applied<T> {
  readonly result: T;
  readonly header: ResponseHeader;
}

export interface EntryApplierOptions {
  readonly node: RawNode;
  readonly transport: PeerTransport;
  readonly proposals: Proposals;
  readonly progress: Progress;
  readonly state: () => MemberState;
  readonly header: () => ResponseHeader;
  /** The empty entry with which a leader begins its term is applied. */
  readonly onFirstCommitInTerm: () => void;
  /** This member was removed. */
  readonly onRemoved: () => void;
}

export class EntryApplier {
  readonly #options: EntryApplierOptions;
  // Entries up to here have their effect in the database already; they only tell who the members are.
  #inDatabase: number;
  #applied: Position;
  #confState: RaftConfState;

  /** `applied`: the snapshot from which the member goes on; `inDatabase`: the consistent index. */
  constructor(
    options: EntryApplierOptions,
    start: { readonly applied: Position; readonly inDatabase: number; readonly confState: RaftConfState },
  ) {
    this.#options = options;
    this.#applied = start.applied;
    this.#inDatabase = start.inDatabase;
    this.#confState = start.confState;
  }

  /** The last entry that is applied. */
  get applied(): Position {
    return this.#applied;
  }

  /** The configuration of raft at that entry. */
  get confState(): RaftConfState {
    return this.#confState;
  }

  /** Applies entries that follow the last applied one. Throws what is no EtcdError: the store may be half changed then. */
  apply(entries: readonly RaftEntry[]): void {
    for (const entry of entries) {
      if (entry.Index <= this.#applied.index) continue;
      assert(entry.Index === this.#applied.index + 1, `entry ${entry.Index} behind entry ${this.#applied.index}`);
      const persist = entry.Index > this.#inDatabase;
      if (persist) this.#options.progress.applied = { index: entry.Index, term: entry.Term };
      this.#applied = { index: entry.Index, term: entry.Term };
      if (entry.Type === RaftEntryType.EntryNormal) this.#applyNormal(entry, persist);
      else this.#applyConfChange(entry, persist);
    }
  }

  /** Goes on from the database that the leader has sent. */
  restart(start: { readonly applied: Position; readonly inDatabase: number; readonly confState: RaftConfState }): void {
    this.#applied = start.applied;
    this.#inDatabase = start.inDatabase;
    this.#confState = start.confState;
  }

  #applyNormal({ Data: data }: RaftEntry, persist: boolean): void {
    if (data === undefined || data.length === 0) return this.#options.onFirstCommitInTerm();
    const own = this.#options.proposals.ofData(data);
    if (own?.request !== undefined) return this.#applyRequest(own.request, persist, own);
    const { request, v2 } = decodeRequest(data);
    if (v2 !== undefined) {
      this.#options.state().membership.applyV2(v2, { persist });
      this.#tell(this.#options.proposals.ofId(v2.ID), undefined);
      return;
    }
    const id = request.header?.ID || request.ID;
    this.#applyRequest(request, persist, this.#options.proposals.ofId(id));
  }

  #applyRequest(request: Parameters<MemberState['applier']['apply']>[0], persist: boolean, waiter?: Waiter): void {
    if (!persist) return;
    const { proposals, state } = this.#options;
    let result: unknown;
    try {
      result = state().applier.apply(request);
    } catch (error) {
      // Expected: it fails in the same way on every member.
      if (!(error instanceof EtcdError)) throw error;
      if (waiter === undefined) return;
      proposals.take(waiter);
      waiter.reject(error);
      return;
    }
    this.#tell(waiter, result);
  }

  #tell(waiter: Waiter | undefined, result: unknown): void {
    if (waiter === undefined) return;
    this.#options.proposals.take(waiter);
    waiter.resolve({ result, header: this.#options.header() } satisfies Applied<unknown>);
  }

  // A change that is refused here is refused on every member; raft gets it with node 0, which changes nothing.
  #applyConfChange(entry: RaftEntry, persist: boolean): void {
    if (entry.Type !== RaftEntryType.EntryConfChange) throw new Error(`entry ${entry.Index} has type ${entry.Type}`);
    const { node, proposals, state } = this.#options;
    const change = codecs['raftpb.ConfChange'].decode(entry.Data ?? NO_DATA);
    const waiter = proposals.ofId(change.id);
    const refused = state().membership.validate(change);
    this.#confState = node.applyConfChange(refused === undefined ? change : { ...change, node_id: 0n });
    if (refused !== undefined) {
      if (waiter === undefined) return;
      proposals.take(waiter);
      waiter.reject(new EtcdError(refused));
      return;
    }
    state().membership.applyConfChange(change, { persist, confState: this.#confState });
    this.#updatePeers(change);
    this.#tell(waiter, state().cluster.members);
  }

  #updatePeers({ type, node_id: id }: RaftConfChange): void {
    const { transport, state, onRemoved } = this.#options;
    const { localMemberId } = state().cluster;
    if (id === localMemberId) {
      if (type === ChangeType.ConfChangeRemoveNode) onRemoved();
      return;
    }
    if (type === ChangeType.ConfChangeRemoveNode) return transport.removePeer(id);
    const urls = state().cluster.member(id)?.peerUrls ?? [];
    if (type === ChangeType.ConfChangeUpdateNode) transport.updatePeer(id, urls);
    else if (!transport.peerIds.includes(id)) transport.addPeer(id, urls);
  }
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
