// Members as JSON, the form in which they stand in the log, in raft snapshots and in the database (spec/storage.md 3.19, 6.6,
// 9.15). IDs are unquoted numbers beyond 2^53, which JSON.parse would round, so they are written and cut out as text.

import type { Member } from './cluster.ts';

/** What raft has to know of a member. */
export interface RaftAttributes {
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** What a member says of itself. */
export interface Attributes {
  readonly name: string;
  readonly clientUrls: readonly string[];
}

/** A whole member: context of a change of the configuration, and its row in the bucket `members`. */
export function encodeMember(member: Member): string {
  const raft = encodeRaftAttributes(member).slice(1, -1);
  const own = encodeAttributes(member).slice(1, -1);
  return `{${[`"id":${member.id}`, raft, own].filter((part) => part !== '').join(',')}}`;
}

export function encodeRaftAttributes({ peerUrls, isLearner }: RaftAttributes): string {
  return goJson({ peerURLs: peerUrls, ...(isLearner ? { isLearner } : {}) });
}

export function encodeAttributes({ name, clientUrls }: Attributes): string {
  return goJson({
    ...(name === '' ? {} : { name }),
    ...(clientUrls.length === 0 ? {} : { clientURLs: clientUrls }),
  });
}

/** Reads {@link encodeMember}. Throws SyntaxError. */
export function decodeMember(text: string): Member {
  const id = /^\{\s*"id"\s*:\s*(\d+)/.exec(text)?.[1];
  if (id === undefined) throw new SyntaxError(`a member without ID: ${text}`);
  return { id: BigInt(id), ...decodeRaftAttributes(text), ...decodeAttributes(text) };
}

export function decodeRaftAttributes(text: string): RaftAttributes {
  const { peerURLs, isLearner = false } = JSON.parse(text) as { peerURLs?: string[] | null; isLearner?: boolean };
  return { peerUrls: peerURLs ?? [], isLearner };
}

export function decodeAttributes(text: string): Attributes {
  const { name = '', clientURLs } = JSON.parse(text) as { name?: string; clientURLs?: string[] | null };
  return { name, clientUrls: clientURLs ?? [] };
}

/** JSON as Go writes it, with what might stand in HTML escaped: equal content is then equal bytes on all members. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
