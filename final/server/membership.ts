// Applies changes of the member list and of the cluster version, in the forms in which etcd 3.5 has them in its log: changes of
// the raft configuration, and requests on the v2 store. Mirrors the applying half of etcd's membership/cluster.go. Nothing
// here depends on which member it is: all come to the same list, and refuse the same changes.

import { codecs } from '../../proto/load.ts';
import { RaftConfChangeType as ChangeType } from '../../proto/schema.ts';
import type { RaftConfChange, RaftConfState, Request } from '../../proto/schema.ts';
import { assert, must } from '../core/assert.ts';
import type { ErrorKind } from '../core/errors.ts';
import type { LogFields, Logger } from '../ports.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { putClusterVersion, putMember, removeMember } from '../storage/schema/membership_bucket.ts';
import { writeConfState } from '../storage/schema/meta_bucket.ts';
import { ETCD_VERSION } from '../version.ts';
import type { Cluster, Member } from './cluster.ts';
import { type ChangeContext, decodeContext } from './conf_change.ts';
import { encodeAttributes, encodeMember } from './member_json.ts';
import { attributesPath, encodeV2Store, type V2Change, v2ChangeOf, VERSION_PATH } from './v2store.ts';
import { checkOwnVersion } from './version_monitor.ts';

/** Learners that a cluster may have at a time: each is work for the leader, and none makes it safer. */
export const MAX_LEARNERS = 1;

/** What goes into the database. */
export interface Persistence {
  /** False when the database has the change already. */
  readonly persist: boolean;
  /** The configuration of raft behind the change; without it all members that are no learners are taken for voters. */
  readonly confState?: RaftConfState;
}

export class Membership {
  readonly cluster: Cluster;
  readonly #backend: Backend;
  readonly #log: Logger | undefined;
  // Changes that the v2 store has had; part of every snapshot.
  #v2Index: number;

  /** `v2Index`: changes that led to `cluster`. Throws an Error when this release is too old for its version. */
  constructor(cluster: Cluster, backend: Backend, v2Index: number, log?: Logger) {
    this.cluster = cluster;
    this.#backend = backend;
    this.#v2Index = v2Index;
    this.#log = log?.at('membership/cluster.ts');
    if (cluster.version !== undefined) checkOwnVersion(ETCD_VERSION, cluster.version);
  }

  /**
   * Why a committed change may not be made, or undefined when it may. The rules are looked at in etcd's order. Throws an
   * Error for a type that there is not, SyntaxError for a context that is none.
   */
  validate(change: RaftConfChange): ErrorKind | undefined {
    const known = this.cluster.member(change.node_id);
    if (this.cluster.isRemoved(change.node_id)) return 'MemberNotFound';
    switch (change.type) {
      case ChangeType.ConfChangeAddNode:
      case ChangeType.ConfChangeAddLearnerNode: {
        const context = decodeContext(change);
        return context.isPromote ? promotionProblem(known) : this.#additionProblem(known, context);
      }
      case ChangeType.ConfChangeRemoveNode:
        return known === undefined ? 'MemberNotFound' : undefined;
      case ChangeType.ConfChangeUpdateNode:
        if (known === undefined) return 'MemberNotFound';
        return this.#hasUrlOf(decodeContext(change).member, known) ? 'PeerURLExist' : undefined;
      default:
        throw new Error(`a change of the configuration has the unknown type ${change.type}`);
    }
  }

  /** Applies a change of the raft configuration that {@link validate} has let through. */
  applyConfChange(change: RaftConfChange, persistence: Persistence): void {
    if (change.type === ChangeType.ConfChangeRemoveNode) {
      this.#logChange('removed member', 'removed-remote-peer', must(this.cluster.member(change.node_id), 'the member'));
      this.#remove(change.node_id, persistence);
    } else {
      const isKnown = this.cluster.member(change.node_id) !== undefined;
      this.#put(this.#changed(change), persistence);
      const [msg, what] = wordsFor(change.type, isKnown);
      this.#logChange(msg, what, must(this.cluster.member(change.node_id), 'the member'));
    }
    if (persistence.persist) writeConfState(this.#backend, persistence.confState ?? this.#voterIds());
  }

  /**
   * Applies a request on the v2 store, and returns what it was about. One that is not about members, as health checks made
   * them, changes nothing. Throws an Error when this release is too old for a version that is set, and for a member that
   * never was one: then this log is not that of the cluster.
   */
  applyV2(request: Pick<Request, 'Method' | 'Path' | 'Val'>, { persist }: Persistence): V2Change | undefined {
    if (request.Method !== 'PUT') return undefined;
    const change = v2ChangeOf(request);
    if (change === undefined)
      throw new Error(`the log holds a v2 request on ${request.Path}, which is not implemented`);
    if (change.kind === 'attributes') this.#setAttributes(change, { persist });
    else this.#setVersion(change.version, { persist });
    return change;
  }

  /** The content of a raft snapshot: what the members are now. */
  encodeSnapshot(): Uint8Array {
    return encodeV2Store(this.cluster, this.#v2Index);
  }

  #additionProblem(known: Member | undefined, { member }: ChangeContext): ErrorKind | undefined {
    if (known !== undefined) return 'MemberExist';
    if (this.#hasUrlOf(member, undefined)) return 'PeerURLExist';
    if (member.isLearner && this.cluster.learners.length + 1 > MAX_LEARNERS) return 'TooManyLearners';
    return undefined;
  }

  // Whether a member other than `self` has a peer URL of `member`.
  #hasUrlOf(member: Member, self: Member | undefined): boolean {
    const others = this.cluster.members.filter((other) => other.id !== self?.id);
    const taken = new Set(others.flatMap((other) => other.peerUrls));
    return member.peerUrls.some((url) => taken.has(url));
  }

  // What a member said of itself stays. Whether it votes is what an update says, also when that is nothing: all members
  // must come to the same, and etcd 3.5.30 is among them.
  #changed(change: RaftConfChange): Member {
    const { member, isPromote } = decodeContext(change);
    assert(member.id === change.node_id, `the change of member ${change.node_id} is about member ${member.id}`);
    const known = this.cluster.member(member.id);
    if (isPromote) return { ...must(known, `the learner ${member.id} that is promoted`), isLearner: false };
    if (change.type !== ChangeType.ConfChangeUpdateNode) return member;
    const { peerUrls, isLearner } = member;
    return { ...must(known, `the member ${member.id} that gets new URLs`), peerUrls, isLearner };
  }

  #setAttributes({ id, attributes }: V2Change & { readonly kind: 'attributes' }, persistence: Persistence): void {
    const member = this.cluster.member(id);
    if (member !== undefined) return this.#put({ ...member, ...attributes }, persistence);
    const fields = { 'updated-peer-id': id.toString(16), 'cluster-id': this.cluster.id.toString(16) };
    if (!this.cluster.isRemoved(id)) throw new Error(`failed to update; member unknown: ${fields['updated-peer-id']}`);
    this.#log?.warn('skipped attributes update of removed member', fields);
  }

  #setVersion(version: string, { persist }: Persistence): void {
    checkOwnVersion(ETCD_VERSION, version);
    this.#v2Index++;
    const before = this.cluster.version;
    if (before === undefined)
      this.#log?.info('set initial cluster version', this.#fields({ 'cluster-version': version }));
    else this.#log?.info('updated cluster version', this.#fields({ from: before, to: version }));
    this.cluster.setVersion(version);
    if (persist) putClusterVersion(this.#backend, version);
  }

  #put(member: Member, { persist }: Persistence): void {
    this.#v2Index++;
    this.cluster.put(member);
    if (persist) putMember(this.#backend, member.id, encodeMember(member));
  }

  // In the v2 store it is deleted in one place and made in another: two changes.
  #remove(id: bigint, { persist }: Persistence): void {
    this.#v2Index += 2;
    this.cluster.remove(id);
    if (persist) removeMember(this.#backend, id);
  }

  #logChange(msg: string, what: string, { id, peerUrls }: Member): void {
    this.#log?.info(msg, this.#fields({ [`${what}-id`]: id.toString(16), [`${what}-peer-urls`]: peerUrls }));
  }

  #fields(fields: LogFields): LogFields {
    const { id, localMemberId } = this.cluster;
    return { 'cluster-id': id.toString(16), 'local-member-id': localMemberId.toString(16), ...fields };
  }

  #voterIds(): bigint[] {
    return this.cluster.voters.map(({ id }) => id);
  }
}

// What the log calls a change, and the member that it is about.
function wordsFor(type: number, isKnown: boolean): readonly [string, string] {
  if (type === ChangeType.ConfChangeUpdateNode) return ['updated member', 'updated-remote-peer'];
  return isKnown ? ['promote member', 'promoted-member'] : ['added member', 'added-peer'];
}

function promotionProblem(known: Member | undefined): ErrorKind | undefined {
  if (known === undefined) return 'MemberNotFound';
  return known.isLearner ? undefined : 'MemberNotLearner';
}

/** The log entry with which a member says who it is. */
export function attributesRequest(id: bigint, member: Pick<Member, 'id' | 'name' | 'clientUrls'>): Uint8Array {
  return codecs['etcdserverpb.Request'].encode({
    ID: id,
    Method: 'PUT',
    Path: attributesPath(member.id),
    Val: encodeAttributes(member),
  });
}

/** The log entry that sets the cluster version. */
export function versionRequest(id: bigint, version: string): Uint8Array {
  return codecs['etcdserverpb.Request'].encode({ ID: id, Method: 'PUT', Path: VERSION_PATH, Val: version });
}
