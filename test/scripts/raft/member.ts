// One member of a scripted cluster: its raft, its storage, and a state machine that only appends what it applies.

import { decodeConfChange } from '../../../final/core/raft/confchange/encoding.ts';
import type { RaftConfig } from '../../../final/core/raft/config.ts';
import { RawNode, type Ready } from '../../../final/core/raft/rawnode.ts';
import { emptyConfState, MemoryStorage, metadataOf } from '../../../final/core/raft/storage.ts';
import { type RaftConfState, type RaftEntry, RaftEntryType, type RaftSnapshot } from '../../../proto/schema.ts';

/** How to start a member, less its storage. */
export type MemberOptions = Omit<RaftConfig, 'storage'>;

/** What a member has applied when it starts. Index 0: nothing at all. */
export interface InitialState {
  readonly index: number;
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
  readonly content: string;
}

// Sends the newest applied state when raft asks for a snapshot.
class ScriptStorage extends MemoryStorage {
  applied: RaftSnapshot = super.snapshot();

  override snapshot(): RaftSnapshot {
    return this.applied;
  }

  /** The state that a restart begins from. */
  persistedSnapshot(): RaftSnapshot {
    return super.snapshot();
  }
}

export class ScriptMember {
  readonly id: bigint;
  readonly options: MemberOptions;
  readonly storage = new ScriptStorage();
  node: RawNode;

  constructor(options: MemberOptions, initial: InitialState) {
    this.id = options.id;
    this.options = options;
    if (initial.index > 0) {
      const voters = [...initial.voters];
      const confState = { ...emptyConfState(), voters, learners: [...initial.learners] };
      this.storage.applySnapshot(snapshotOf(initial.index, 1, confState, new TextEncoder().encode(initial.content)));
    }
    this.node = this.#start();
  }

  /** What was applied so far, as one string of bytes. */
  get content(): Uint8Array {
    return this.storage.applied.data ?? new Uint8Array();
  }

  /** Writes, applies and advances. */
  process(ready: Ready): void {
    if (ready.snapshot !== undefined) {
      this.storage.applySnapshot(ready.snapshot);
      this.storage.applied = ready.snapshot;
    }
    if (ready.hardState !== undefined) this.storage.setHardState(ready.hardState);
    this.storage.append(ready.entries);
    for (const entry of ready.committedEntries) this.#apply(entry);
    this.node.advance(ready);
  }

  /** Forgets everything but what is in the storage. */
  restart(): void {
    this.node = this.#start();
  }

  #start(): RawNode {
    const persisted = this.storage.persistedSnapshot();
    this.storage.applied = persisted;
    const applied = metadataOf(persisted).index;
    return new RawNode({ ...this.options, storage: this.storage, applied });
  }

  #apply(entry: RaftEntry): void {
    let data = entry.Data;
    let confState = metadataOf(this.storage.applied).conf_state ?? emptyConfState();
    if (entry.Type !== RaftEntryType.EntryNormal) {
      const change = decodeConfChange(entry);
      data = change.context;
      confState = this.node.applyConfChange(change);
    }
    const content = Buffer.concat([this.content, data ?? new Uint8Array()]);
    this.storage.applied = snapshotOf(entry.Index, entry.Term, confState, content);
  }
}

function snapshotOf(index: number, term: number, confState: RaftConfState, data: Uint8Array): RaftSnapshot {
  return { data, metadata: { index, term, conf_state: confState } };
}
