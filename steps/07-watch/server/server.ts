// The member: what it stores, who it is, and the operations that the API layer offers to clients. Mirrors etcd's
// etcdserver/server.go and v3_server.go.

import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RaftMessage,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
} from '../../../proto/schema.ts';
import { Lessor } from '../core/lease/lessor.ts';
import { KVStore } from '../core/mvcc/kvstore.ts';
import type { WatchableStore } from '../core/mvcc/watchable_store.ts';
import { executeRange } from '../core/txn/range.ts';
import type { Wal } from '../storage/wal/wal.ts';
import { Applier } from './apply.ts';
import type { Bootstrapped } from './bootstrap.ts';
import type { Cluster } from './cluster.ts';
import { IdGenerator } from './id_generator.ts';
import { LeaderCalls } from './leader_calls.ts';
import { LeaseKeeper } from './leases.ts';
import type { PeerCalls } from './peer_calls.ts';
import type { PeerTransport } from './peer_transport.ts';
import type { Proposal } from './propose.ts';
import { ELECTION_MS, RaftMember } from './raft_member.ts';
import { Watchers } from './watchers.ts';

// No lease may expire while an election goes on: one and a half election timeouts, in whole seconds.
const MIN_LEASE_TTL = Math.ceil((1.5 * ELECTION_MS) / 1000);

export class EtcdServer {
  readonly cluster: Cluster;
  readonly leases: LeaseKeeper;
  readonly #lessor = new Lessor(MIN_LEASE_TTL);
  readonly #watchers = new Watchers();
  readonly #store = new KVStore(this.#lessor, this.#watchers.hub);
  readonly #applier = new Applier(this.#store, this.#lessor);
  readonly #wal: Wal;
  readonly #ids: IdGenerator;
  readonly #raft: RaftMember;

  constructor(bootstrapped: Bootstrapped, transport: PeerTransport, calls: PeerCalls) {
    const { cluster, wal } = bootstrapped;
    this.cluster = cluster;
    this.#wal = wal;
    this.#ids = new IdGenerator(cluster.localMemberId, Date.now());
    const apply = (request: Proposal): unknown => this.#apply(request);
    const onPromoted = (): void => this.leases.promote(ELECTION_MS);
    this.#raft = new RaftMember({ bootstrapped, ids: this.#ids, transport, apply, onPromoted });
    this.leases = new LeaseKeeper({
      lessor: this.#lessor,
      ids: this.#ids,
      isPrimary: () => this.#raft.isPrimary,
      leader: new LeaderCalls({ calls, leader: () => cluster.members.find(({ id }) => id === this.leader) }),
      grant: (request) => this.#propose({ lease_grant: request }),
      revoke: (request) => this.#propose({ lease_revoke: request }),
    });
  }

  /** Begins to take part; nothing goes on before. */
  start(): void {
    this.#raft.start();
    this.leases.start();
  }

  /** What every response header says of this member. */
  header(): ResponseHeader {
    return {
      cluster_id: this.cluster.id,
      member_id: this.cluster.localMemberId,
      revision: this.#store.currentRevision,
      raft_term: this.#raft.state.term,
    };
  }

  /** The hub of all watchers. */
  get watchers(): WatchableStore {
    return this.#watchers.hub;
  }

  /** The member that leads. */
  get leader(): bigint {
    return this.#raft.state.lead;
  }

  /** The term, the index of the last committed entry, and that of the last one applied. */
  raftStatus(): { readonly term: number; readonly index: number; readonly applied: number } {
    const { term, log } = this.#raft.state;
    return { term, index: log.committed, applied: log.applied };
  }

  /** Takes a message of another member. */
  process(message: RaftMessage): void {
    this.#raft.process(message);
  }

  /** Reads; unless the request is serializable, all that was acknowledged before: such a read goes through the log. */
  async range(request: RangeRequest): Promise<RangeResponse> {
    if (request.serializable) return this.#withHeader(executeRange(this.#store, request));
    return this.#propose({ range: request });
  }

  /** Writes one key. */
  put(request: PutRequest): Promise<PutResponse> {
    return this.#propose({ put: request });
  }

  /** Deletes the keys of a range. */
  deleteRange(request: DeleteRangeRequest): Promise<DeleteRangeResponse> {
    return this.#propose({ delete_range: request });
  }

  /** Ends it; what was acknowledged is on the disk already. */
  stop(): void {
    this.leases.stop();
    this.#watchers.stop();
    this.#raft.stop();
    this.#wal.close();
  }

  #withHeader<R extends { header: ResponseHeader | undefined }>(response: R): R {
    response.header = this.header();
    return response;
  }

  // A change is in the log, and the log on the disk, before it is applied, and so before anybody hears of it.
  async #propose<R>(proposal: Proposal): Promise<R> {
    return (await this.#raft.proposer.propose(proposal)) as R;
  }

  #apply(request: Proposal): unknown {
    return this.#withHeader(this.#applier.apply(request) as { header: ResponseHeader | undefined });
  }
}
