// Applies changes of the member list and of the cluster version, in the forms in which etcd 3.5 has them in its log: changes of
// the raft configuration, and requests on the v2 store. Mirrors the membership half of etcd's etcdserver/server.go.

import { codecs } from '../../proto/load.ts';
import { RaftConfChangeType as ChangeType } from '../../proto/schema.ts';
import type { RaftConfChange, Request } from '../../proto/schema.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { putClusterVersion, putMember, removeMember } from '../storage/schema/membership_bucket.ts';
import { writeConfState } from '../storage/schema/meta_bucket.ts';
import type { Cluster, Member } from './cluster.ts';
import { decodeMember, encodeAttributes, encodeMember } from './member_json.ts';
import { attributesPath, encodeV2Store, v2ChangeOf, VERSION_PATH } from './v2store.ts';

/** Whether a change goes into the database too: not when it is in there already. */
export interface Persistence {
  readonly persist: boolean;
}

export class Membership {
  readonly cluster: Cluster;
  readonly #backend: Backend;
  // Changes that the v2 store has had; part of every snapshot.
  #v2Index: number;

  constructor(cluster: Cluster, backend: Backend, v2Index: number) {
    this.cluster = cluster;
    this.#backend = backend;
    this.#v2Index = v2Index;
  }

  /** Applies a change of the raft configuration. */
  applyConfChange(change: RaftConfChange, { persist }: Persistence): void {
    this.#v2Index++;
    switch (change.type) {
      case ChangeType.ConfChangeRemoveNode:
        this.cluster.remove(change.node_id);
        if (persist) removeMember(this.#backend, change.node_id);
        break;
      default:
        this.#put(this.#changed(change), { persist });
    }
    if (!persist) return;
    const voters = this.cluster.members.filter((member) => !member.isLearner).map((member) => member.id);
    writeConfState(this.#backend, voters);
  }

  /** Applies a request on the v2 store; one that is not about members, as health checks made them, changes nothing. */
  applyV2(request: Pick<Request, 'Method' | 'Path' | 'Val'>, { persist }: Persistence): void {
    if (request.Method !== 'PUT') return;
    const change = v2ChangeOf(request);
    if (change === undefined)
      throw new Error(`the log holds a v2 request on ${request.Path}, which is not implemented`);
    this.#v2Index++;
    if (change.kind === 'version') {
      this.cluster.setVersion(change.version);
      if (persist) putClusterVersion(this.#backend, change.version);
      return;
    }
    const member = this.cluster.member(change.id);
    if (member !== undefined) this.#put({ ...member, ...change.attributes }, { persist });
  }

  /** The content of a raft snapshot: what the members are now. */
  encodeSnapshot(): Uint8Array {
    return encodeV2Store(this.cluster, this.#v2Index);
  }

  // A promoted learner, or new peer URLs: what the member said of itself stays.
  #changed(change: RaftConfChange): Member {
    const text = Buffer.from(change.context ?? new Uint8Array(0)).toString('utf8');
    const given = decodeMember(text);
    const known = this.cluster.member(change.node_id);
    return known === undefined ? given : { ...given, name: known.name, clientUrls: known.clientUrls };
  }

  #put(member: Member, { persist }: Persistence): void {
    this.cluster.put(member);
    if (persist) putMember(this.#backend, member.id, encodeMember(member));
  }
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
