// The Cluster service: who the members are, and changes of that (spec/rpc.md 10). Mirrors etcd's api/v3rpc/member.go.

import { Cluster } from '../../../proto/load.ts';
import type { Member as MemberMessage, ResponseHeader } from '../../../proto/schema.ts';
import type { Member } from '../../server/cluster.ts';
import { newMemberUrls } from '../../server/peer_urls.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';

/** Changes of the members. Each resolves to all members behind it. */
export interface MemberChanges {
  /** Errors: MemberNotEnoughStarted, Unhealthy, MemberExist, PeerURLExist, TooManyLearners. */
  add(input: {
    readonly peerUrls: readonly string[];
    readonly isLearner: boolean;
  }): Promise<{ readonly member: Member; readonly members: readonly Member[] }>;
  /** Errors: MemberNotEnoughStarted, Unhealthy, MemberNotFound. */
  remove(id: bigint): Promise<readonly Member[]>;
  /** Errors: MemberNotFound, PeerURLExist. */
  update(id: bigint, peerUrls: readonly string[]): Promise<readonly Member[]>;
  /** Errors: LearnerNotReady, MemberNotFound, MemberNotLearner, MemberNotEnoughStarted. */
  promote(id: bigint): Promise<readonly Member[]>;
}

/** What the service needs of the member. */
export interface ClusterApi {
  readonly members: MemberChanges;
  header(revision: number): ResponseHeader;
  /** With `linearizable` all changes that were acknowledged before. Errors: those of a linearizable read. */
  memberList(linearizable: boolean): Promise<readonly Member[]>;
}

/** Registers etcdserverpb.Cluster. */
export function registerCluster(grpc: GrpcServer, server: ClusterApi): void {
  // The header of a membership answer carries no revision.
  const answer = (members: readonly Member[]): { header: ResponseHeader; members: MemberMessage[] } => ({
    header: server.header(0),
    members: members.map(toMessage),
  });
  grpc.addService(Cluster, {
    async MemberAdd({ peerURLs, isLearner }) {
      const { member, members } = await server.members.add({ peerUrls: newMemberUrls(peerURLs), isLearner });
      return { member: toMessage(member), ...answer(members) };
    },
    async MemberRemove({ ID }) {
      return answer(await server.members.remove(ID));
    },
    // The URLs are stored as they are given, whatever they are: etcd does not look at them here.
    async MemberUpdate({ ID, peerURLs }) {
      return answer(await server.members.update(ID, peerURLs));
    },
    async MemberList({ linearizable }) {
      return answer(await server.memberList(linearizable));
    },
    async MemberPromote({ ID }) {
      return answer(await server.members.promote(ID));
    },
  });
}

function toMessage({ id, name, peerUrls, clientUrls, isLearner }: Member): MemberMessage {
  return { ID: id, name, peerURLs: [...peerUrls], clientURLs: [...clientUrls], isLearner };
}
