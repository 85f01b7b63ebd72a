// The members of the cluster: who they are, where they are, who was removed, and the version they agree on. Mirrors etcd's
// membership/cluster.go. Changes come out of the log, in its order, so every member has the same list.

import { createHash } from 'node:crypto';
import { parseUrl } from '../etcdmain/urls.ts';

export interface Member {
  readonly id: bigint;
  /** Empty until the member has published itself. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export class Cluster {
  readonly id: bigint;
  readonly localMemberId: bigint;
  readonly #members = new Map<bigint, Member>();
  readonly #removed = new Set<bigint>();
  #version: string | undefined;

  constructor(ids: { readonly id: bigint; readonly localMemberId: bigint }) {
    this.id = ids.id;
    this.localMemberId = ids.localMemberId;
  }

  /** All members, by ascending ID. */
  get members(): Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** IDs of members that were removed and may not come back. */
  get removed(): readonly bigint[] {
    return [...this.#removed];
  }

  /** `3.5.0`, or undefined before the members have agreed. */
  get version(): string | undefined {
    return this.#version;
  }

  member(id: bigint): Member | undefined {
    return this.#members.get(id);
  }

  /** Adds a member, or changes what is known of it. */
  put(member: Member): void {
    this.#members.set(member.id, member);
  }

  remove(id: bigint): void {
    this.#members.delete(id);
    this.#removed.add(id);
  }

  setVersion(version: string): void {
    this.#version = version;
  }
}

export interface BootstrapSettings {
  readonly name: string;
  /** name=url,name=url,… */
  readonly initialCluster: string;
  readonly initialClusterState: string;
  readonly token: string;
  readonly advertisePeerUrls: readonly string[];
}

/** The cluster that `settings` begin, with its one member. Throws an Error with etcd's text when they contradict each other. */
export function bootstrapCluster(settings: BootstrapSettings): Cluster {
  const urlsByName = parseInitialCluster(settings.initialCluster);
  const own = urlsByName.get(settings.name);
  if (own === undefined)
    throw new Error(`couldn't find local name "${settings.name}" in the initial cluster configuration`);
  checkAdvertised(settings, own);
  checkDuplicates(urlsByName);
  if (urlsByName.size > 1) throw new Error('a cluster of several members is not yet implemented');
  if (settings.initialClusterState !== 'new') throw new Error('joining an existing cluster is not yet implemented');
  const id = memberId(own, settings.token);
  const cluster = new Cluster({ id: clusterId([id]), localMemberId: id });
  cluster.put({ id, name: settings.name, peerUrls: own, clientUrls: [], isLearner: false });
  return cluster;
}

/** First 8 bytes of SHA-1 over the sorted peer URLs and the token, without separators (spec/rpc.md 5). */
export function memberId(peerUrls: readonly string[], token: string): bigint {
  return firstEightBytes([...peerUrls].sort().join('') + token);
}

/** First 8 bytes of SHA-1 over the ascending member IDs, 8 bytes each (spec/rpc.md 5). */
export function clusterId(memberIds: readonly bigint[]): bigint {
  const bytes = Buffer.alloc(memberIds.length * 8);
  [...memberIds].sort((a, b) => (a < b ? -1 : 1)).forEach((id, i) => bytes.writeBigUInt64BE(id, i * 8));
  return firstEightBytes(bytes);
}

function firstEightBytes(data: string | Buffer): bigint {
  return createHash('sha1').update(data).digest().readBigUInt64BE(0);
}

/** The URLs of each name. A name that is repeated has several; a URL belongs to one name. Throws an Error with etcd's text. */
export function parseInitialCluster(text: string): Map<string, string[]> {
  const urlsByName = new Map<string, string[]>();
  for (const part of text.split(',')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    urlsByName.set(name, [...(urlsByName.get(name) ?? []), initialUrl(equals < 0 ? '' : part.slice(equals + 1))]);
  }
  return urlsByName;
}

function initialUrl(text: string): string {
  try {
    return parseUrl(text.trim()).text;
  } catch (error) {
    throw new Error(`error setting up initial cluster: ${(error as Error).message}`);
  }
}

// A URL belongs to one name.
function checkDuplicates(urlsByName: ReadonlyMap<string, readonly string[]>): void {
  const pairs = [...urlsByName].flatMap(([name, urls]) => urls.map((url) => ({ name, url })));
  if (new Set(pairs.map(({ url }) => url)).size === pairs.length) return;
  const shown = pairs.map(({ name, url }) => `${name}=${url}`).sort();
  throw new Error(`initial cluster ${shown.join(',')} has duplicate url`);
}

function checkAdvertised(settings: BootstrapSettings, own: readonly string[]): void {
  const advertised = [...settings.advertisePeerUrls].sort();
  if (advertised.join() === [...own].sort().join()) return;
  const missing = own.map((url) => `${settings.name}=${url}`).join(',');
  const resolved = `"${advertised.join(',')}" != "${[...own].sort().join(',')}"`;
  throw new Error(
    `--initial-cluster has ${missing} but missing from --initial-advertise-peer-urls=${advertised.join(',')} (resolved urls: ${resolved})`,
  );
}
