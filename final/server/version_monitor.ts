// The version that the cluster agrees on: the leader asks all members which release they are, and lets the oldest decide
// (spec/raft.md D8). Features that an older member does not know stay off. Mirrors monitorVersions of etcd's server.go and
// cluster_util.go.

import type { Clock, Logger } from '../ports.ts';
import type { Member } from './cluster.ts';
import { compareVersions, formatVersion, parseVersion, type Version, withoutPatch } from './semver.ts';

/** How often the leader looks, in ms. */
export const VERSION_INTERVAL_MS = 4000;

/** What a cluster has that has not agreed yet while some member does not answer. */
export const MIN_CLUSTER_VERSION = '3.0.0';

/** The release of a member (`server`) and the version of the cluster that it knows; `not_decided` when it knows none. */
export interface MemberVersions {
  readonly server: string;
  readonly cluster: string;
}

/**
 * The cluster version that fits all members, `3.5.0`, or undefined when one of them is not known. `releases`: what each
 * said; undefined = it did not answer.
 */
export function decideVersion(releases: readonly (string | undefined)[]): string | undefined {
  let oldest: Version | undefined;
  for (const release of releases) {
    const version = release === undefined ? undefined : parseVersion(release);
    if (version === undefined) return undefined;
    if (oldest === undefined || compareVersions(version, oldest) < 0) oldest = version;
  }
  return oldest === undefined ? undefined : formatVersion(withoutPatch(oldest));
}

/**
 * The version to propose, or undefined when nothing has to change. It is raised, and lowered by one minor version only, as
 * after a downgrade that was asked for: an older member could not have started otherwise.
 */
export function versionToPropose(current: string | undefined, decided: string | undefined): string | undefined {
  if (current === undefined) return decided ?? MIN_CLUSTER_VERSION;
  const now = parseVersion(current);
  const next = decided === undefined ? undefined : parseVersion(decided);
  if (now === undefined || next === undefined || now.major !== next.major) return undefined;
  const isRaised = compareVersions(now, next) < 0;
  const isDowngraded = compareVersions(next, { ...withoutPatch(now), minor: now.minor - 1 }) === 0;
  return isRaised || isDowngraded ? decided : undefined;
}

/** Throws an Error with etcd's text when the cluster has a version that is newer than the release `own`. */
export function checkOwnVersion(own: string, clusterVersion: string): void {
  const release = parseVersion(own);
  const agreed = parseVersion(clusterVersion);
  if (release === undefined || agreed === undefined) throw new Error(`"${clusterVersion}" is no cluster version`);
  if (compareVersions(withoutPatch(release), agreed) >= 0) return;
  throw new Error(
    `invalid downgrade; server version is lower than determined cluster version (current-server-version ${own}, determined-cluster-version ${clusterVersion})`,
  );
}

export interface VersionMonitorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly isLeader: () => boolean;
  /** The members now, and the version that they have agreed on. */
  readonly cluster: () => { readonly members: readonly Member[]; readonly version: string | undefined };
  readonly localId: bigint;
  readonly ownVersion: string;
  /** Asks a peer URL. Rejects when there is no answer; how long that may take is the caller's matter. */
  readonly fetchVersion: (url: string) => Promise<MemberVersions>;
  /** Rejects when the proposal failed; then it is made again later. */
  readonly propose: (version: string) => Promise<unknown>;
}

export class VersionMonitor {
  readonly #options: VersionMonitorOptions;
  readonly #log: Logger;
  #stop: (() => void) | undefined;
  #isLooking = false;
  // Asked for while a look goes on.
  #isWanted = false;

  constructor(options: VersionMonitorOptions) {
    this.#options = options;
    this.#log = options.log.at('etcdserver/version_monitor.ts');
  }

  start(): void {
    this.#stop = this.#options.clock.every(VERSION_INTERVAL_MS, () => this.look());
  }

  /** No look begins any more; one that goes on proposes nothing. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Looks now, as behind the first commit of a term. Only one look goes on at a time; what is asked for meanwhile follows. */
  look(): void {
    this.#isWanted = true;
    // Nothing in it rejects: what fails is logged, and looked at again later.
    if (!this.#isLooking) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isLooking = true;
    while (this.#isWanted && this.#stop !== undefined) {
      this.#isWanted = false;
      await this.#lookOnce();
    }
    this.#isLooking = false;
  }

  async #lookOnce(): Promise<void> {
    const { isLeader, cluster, propose } = this.#options;
    if (!isLeader()) return;
    const releases = await Promise.all(cluster().members.map((member) => this.#releaseOf(member)));
    if (this.#stop === undefined || !isLeader()) return;
    const version = versionToPropose(cluster().version, decideVersion(releases));
    if (version === undefined) return;
    const fields = { 'cluster-version': version };
    const isFirst = cluster().version === undefined;
    this.#log.info(isFirst ? 'setting up initial cluster version' : 'updating cluster version', fields);
    try {
      await propose(version);
    } catch (error) {
      this.#log.warn('failed to update cluster version', { ...fields, error: String(error) });
    }
  }

  // The first of its URLs that answers counts.
  async #releaseOf({ id, peerUrls }: Member): Promise<string | undefined> {
    const { localId, ownVersion, fetchVersion } = this.#options;
    if (id === localId) return ownVersion;
    for (const url of peerUrls) {
      try {
        return (await fetchVersion(url)).server;
      } catch (error) {
        const fields = { 'remote-member-id': id.toString(16), url, error: String(error) };
        this.#log.warn('failed to get version', fields);
      }
    }
    return undefined;
  }
}
