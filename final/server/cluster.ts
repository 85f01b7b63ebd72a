// The members of the cluster: who they are, where they are, who was removed, and the version they agree on. Mirrors etcd's
// membership/cluster.go. Changes come out of the log, in its order, so every member has the same list.

import { createHash } from 'node:crypto';
import { parseUrl } from '../etcdmain/urls.ts';
import { NOTHING_RESOLVED, type ResolvedUrls, urlDifference } from './peer_urls.ts';

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

  /** Those that vote, by ascending ID. */
  get voters(): Member[] {
    return this.members.filter((member) => !member.isLearner);
  }

  /** Those that only follow so far, by ascending ID. */
  get learners(): Member[] {
    return this.members.filter((member) => member.isLearner);
  }

  /** Those that have started at least once, by ascending ID. */
  get started(): Member[] {
    return this.members.filter(isStarted);
  }

  /** IDs of members that were removed and may not come back. */
  get removed(): readonly bigint[] {
    return [...this.#removed];
  }

  /** Whether `id` was a member and was removed: nobody may have it again. */
  isRemoved(id: bigint): boolean {
    return this.#removed.has(id);
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

  /** Forgets everybody, before the list of a snapshot is read. */
  clear(): void {
    this.#members.clear();
    this.#removed.clear();
    this.#version = undefined;
  }

  setVersion(version: string): void {
    this.#version = version;
  }
}

/** Whether a member has been there at all: it says its name when it starts. */
export function isStarted(member: Member): boolean {
  return member.name !== '';
}

export interface BootstrapSettings {
  readonly name: string;
  /** name=url,name=url,… */
  readonly initialCluster: string;
  readonly token: string;
  readonly advertisePeerUrls: readonly string[];
  /** The cluster runs already and has its own IDs; absent = false. */
  readonly isJoining?: boolean;
}

/**
 * The cluster that `settings` describe, with all its members; the local one is that of the name. To a member that joins its
 * IDs are not the true ones yet (see join.ts), and its advertised URLs are not looked at, as in etcd: the cluster knows
 * them. `resolved`: the addresses of host names in {@link urlsToResolve}. Throws an Error with etcd's text when the settings
 * contradict each other.
 */
export function bootstrapCluster(settings: BootstrapSettings, resolved: ResolvedUrls = NOTHING_RESOLVED): Cluster {
  const urlsByName = parseInitialCluster(settings.initialCluster);
  const own = ownUrls(settings, urlsByName);
  if (settings.isJoining !== true) checkAdvertised({ settings, own, resolved });
  checkDuplicates(urlsByName);
  return clusterOf(settings, urlsByName);
}

/** URLs whose host names count when the settings are checked: see {@link bootstrapCluster}. Throws as it does. */
export function urlsToResolve(settings: BootstrapSettings): string[] {
  return [...settings.advertisePeerUrls, ...ownUrls(settings, parseInitialCluster(settings.initialCluster))];
}

function ownUrls({ name }: BootstrapSettings, urlsByName: ReadonlyMap<string, string[]>): string[] {
  const own = urlsByName.get(name);
  if (own === undefined) throw new Error(`couldn't find local name "${name}" in the initial cluster configuration`);
  return own;
}

function clusterOf({ name, token }: BootstrapSettings, urlsByName: ReadonlyMap<string, string[]>): Cluster {
  const members = new Map<bigint, Member>();
  for (const [memberName, peerUrls] of urlsByName) {
    const id = memberId(peerUrls, token);
    if (id === 0n) throw new Error('cannot use 0 as member id');
    if (members.has(id)) throw new Error(`member exists with identical ID ${id.toString(16)}`);
    members.set(id, { id, name: memberName, peerUrls, clientUrls: [], isLearner: false });
  }
  const localMemberId = memberId(urlsByName.get(name) ?? [], token);
  const cluster = new Cluster({ id: clusterId([...members.keys()]), localMemberId });
  for (const member of members.values()) cluster.put(member);
  return cluster;
}

/** First 8 bytes of SHA-1 over the sorted peer URLs and the token, without separators (spec/rpc.md 5). */
export function memberId(peerUrls: readonly string[], token: string): bigint {
  return firstEightBytes([...peerUrls].sort().join('') + token);
}

/** The ID of a member that is added to a running cluster. `wallMs`: now, in ms since 1970; what counts is the second. */
export function addedMemberId(peerUrls: readonly string[], wallMs: number): bigint {
  return memberId(peerUrls, String(Math.floor(wallMs / 1000)));
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

/** The URLs of each name, sorted. A name that is repeated has several. Throws an Error with etcd's text. */
export function parseInitialCluster(text: string): Map<string, string[]> {
  const urlsByName = new Map<string, string[]>();
  for (const part of text.split(',')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const url = initialUrl(equals < 0 ? '' : part.slice(equals + 1));
    urlsByName.set(name, [...(urlsByName.get(name) ?? []), url].sort());
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
  const urls = [...urlsByName.values()].flat();
  if (new Set(urls).size === urls.length) return;
  throw new Error(`initial cluster ${shownUrls(urlsByName)} has duplicate url`);
}

interface AdvertiseCheck {
  readonly settings: BootstrapSettings;
  readonly own: readonly string[];
  readonly resolved: ResolvedUrls;
}

// What this member says of itself must be what the others were told of it.
function checkAdvertised({ settings, own, resolved }: AdvertiseCheck): void {
  const { name, advertisePeerUrls } = settings;
  const difference = urlDifference(advertisePeerUrls, own, resolved);
  if (difference === undefined) return;
  const advertised = [...advertisePeerUrls].sort();
  const onlyOwn = own.filter((url) => !advertised.includes(url)).map((url) => `${name}=${url}`);
  if (onlyOwn.length > 0) {
    throw new Error(
      `--initial-cluster has ${onlyOwn.join(',')} but missing from --initial-advertise-peer-urls=${advertised.join(',')} (${difference})`,
    );
  }
  // etcd shows the advertised URLs here as if they were the initial cluster.
  const shown = shownUrls(new Map([[name, advertised]]));
  const onlyAdvertised = advertised.filter((url) => !own.includes(url));
  if (onlyAdvertised.length > 0) {
    throw new Error(
      `--initial-advertise-peer-urls has ${onlyAdvertised.join(',')} but missing from --initial-cluster=${shown}`,
    );
  }
  throw new Error(`failed to resolve ${advertised.join(',')} to match --initial-cluster=${shown} (${difference})`);
}

function shownUrls(urlsByName: ReadonlyMap<string, readonly string[]>): string {
  const pairs = [...urlsByName].flatMap(([name, urls]) => urls.map((url) => `${name}=${url}`));
  return pairs.sort().join(',');
}
