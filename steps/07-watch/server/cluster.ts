// The cluster and the IDs that follow from the peer URLs of its members. Mirrors etcd's membership/cluster.go.

import { createHash } from 'node:crypto';
import { parseUrls } from '../etcdmain/urls.ts';

// Makes the IDs of one cluster unlike those of another that has the same URLs.
const TOKEN = 'etcd-cluster';

export interface Member {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
}

export interface Cluster {
  readonly id: bigint;
  readonly localMemberId: bigint;
  /** By ascending ID. */
  readonly members: readonly Member[];
}

export interface BootstrapSettings {
  readonly name: string;
  /** name=url,name=url,… */
  readonly initialCluster: string;
  readonly advertisePeerUrls: readonly string[];
}

/** The cluster that `settings` describe. Throws an Error with etcd's text when they contradict each other. */
export function newCluster({ name, initialCluster, advertisePeerUrls }: BootstrapSettings): Cluster {
  const urlsByName = parseInitialCluster(initialCluster);
  const own = urlsByName.get(name);
  if (own === undefined) throw new Error(`couldn't find local name "${name}" in the initial cluster configuration`);
  const advertised = advertisePeerUrls.join();
  if (own.join() !== advertised) {
    const where = `missing from --initial-advertise-peer-urls=${advertised}`;
    throw new Error(`--initial-cluster has ${own.map((url) => `${name}=${url}`).join()} but ${where}`);
  }
  const members = [...urlsByName].map(([name, peerUrls]) => ({ id: memberId(peerUrls, TOKEN), name, peerUrls }));
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  const ids = members.map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw new Error(`initial cluster ${initialCluster} has duplicate url`);
  return { id: clusterId(ids), localMemberId: memberId(own, TOKEN), members };
}

/** The URLs of each name, sorted. A name that is repeated has several. */
function parseInitialCluster(text: string): Map<string, string[]> {
  const urlsByName = new Map<string, string[]>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals);
    const [url] = parseUrls(part.slice(equals + 1));
    if (url?.scheme !== 'http') throw new Error(`error setting up initial cluster: no http URL of a member: ${part}`);
    urlsByName.set(name, [...(urlsByName.get(name) ?? []), url.text].sort());
  }
  return urlsByName;
}

/** First 8 bytes of SHA-1 over the sorted peer URLs and the token, without separators. */
function memberId(peerUrls: readonly string[], token: string): bigint {
  return firstEightBytes([...peerUrls].sort().join('') + token);
}

/** First 8 bytes of SHA-1 over the ascending member IDs, 8 bytes each. */
function clusterId(memberIds: readonly bigint[]): bigint {
  const bytes = Buffer.alloc(memberIds.length * 8);
  [...memberIds].sort((a, b) => (a < b ? -1 : 1)).forEach((id, i) => bytes.writeBigUInt64BE(id, i * 8));
  return firstEightBytes(bytes);
}

function firstEightBytes(data: string | Buffer): bigint {
  return createHash('sha1').update(data).digest().readBigUInt64BE(0);
}
