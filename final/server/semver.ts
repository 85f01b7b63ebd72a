// Versions of servers and clusters, `major.minor.patch`: how members tell which of them can work together. Mirrors how etcd
// uses its semver package.

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `3.5.0` or `3.6.0-rc.1`, whose ending does not matter here; undefined for anything else, as `not_decided` is. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(text) ?? [];
  if (major === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** The version without its patch number: what members have to agree on. */
export function withoutPatch({ major, minor }: Version): Version {
  return { major, minor, patch: 0 };
}

export function formatVersion({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}
