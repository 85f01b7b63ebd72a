// Peer URLs: what those of a new member must be, and whether two lists mean the same places, as one may have a host name where
// the other has its address. Mirrors etcd's pkg/types/urls.go and pkg/netutil.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { EtcdError } from '../core/errors.ts';
import { type EtcdUrl, hostAndPort, parseUrl } from '../etcdmain/urls.ts';
import type { Clock, Logger } from '../ports.ts';

/** How long a host name may stay unknown, and how often it is asked for, in ms: name servers come up with the members. */
const LOOKUP_LIMIT_MS = 30_000;
const LOOKUP_RETRY_MS = 1000;

/** The address of a host name. Rejects when there is none. */
export type HostLookup = (host: string) => Promise<string>;

/** What URLs are once their host names are addresses; a URL that is not in it is as written. An Error: it has no address. */
export type ResolvedUrls = ReadonlyMap<string, string | Error>;

export const NOTHING_RESOLVED: ResolvedUrls = new Map();

/** Asks the system, for an IPv4 address first, as etcd does. */
export const lookupHost: HostLookup = async (host) => (await lookup(host, { verbatim: false })).address;

export interface ResolveOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly lookup?: HostLookup;
}

/** Looks up the host names in `urls` for up to 30 s. Never rejects; what is no URL, as an update can leave, is left out. */
export async function resolveUrls(urls: readonly string[], options: ResolveOptions): Promise<ResolvedUrls> {
  const named = [...new Set(urls)].filter((url) => hostName(url) !== undefined);
  return new Map(await Promise.all(named.map(async (url) => [url, await resolveUrl(url, options)] as const)));
}

async function resolveUrl(text: string, { clock, log, lookup = lookupHost }: ResolveOptions): Promise<string | Error> {
  const url = parseUrl(text);
  const { host, port } = hostAndPort(url);
  const end = clock.now() + LOOKUP_LIMIT_MS;
  for (;;) {
    try {
      const address = await lookup(host);
      return `${url.scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      log.warn('failed to resolve URL Host', { url: text, host: url.address, error: reason.message });
      if (clock.now() + LOOKUP_RETRY_MS > end) return reason;
    }
    await clock.sleep(LOOKUP_RETRY_MS);
  }
}

// The host of a URL that has to be looked up. localhost is not: it is different on every machine.
function hostName(text: string): string | undefined {
  const url = urlOf(text);
  if (url === undefined || url.scheme === 'unix' || url.scheme === 'unixs') return undefined;
  const { host } = hostAndPort(url);
  return host === 'localhost' || isIP(host) !== 0 ? undefined : host;
}

function urlOf(text: string): EtcdUrl | undefined {
  try {
    return parseUrl(text);
  } catch {
    return undefined;
  }
}

/** The URLs of a member that is to be added, sorted: its ID is made of them. Error: MemberBadURLs. */
export function newMemberUrls(urls: readonly string[]): string[] {
  const parsed = urls.map((url) => urlOf(url.trim()));
  if (parsed.length === 0 || parsed.includes(undefined)) throw new EtcdError('MemberBadURLs');
  return parsed.flatMap((url) => (url === undefined ? [] : [url.text])).sort();
}

/** What keeps two lists of URLs from meaning the same places, in etcd's words; undefined when they do. */
export function urlDifference(
  a: readonly string[],
  b: readonly string[],
  resolved: ResolvedUrls = NOTHING_RESOLVED,
): string | undefined {
  if (a.length !== b.length) return `len(${quoted([...a].sort())}) != len(${quoted([...b].sort())})`;
  const unknown = [...a, ...b].map((url) => resolved.get(url)).find((found) => found instanceof Error);
  if (unknown !== undefined) return unknown.message;
  const left = a.map((url) => String(resolved.get(url) ?? url)).sort();
  const right = b.map((url) => String(resolved.get(url) ?? url)).sort();
  const at = left.findIndex((url, i) => url !== right[i]);
  return at < 0 ? undefined : `resolved urls: "${left[at]}" != "${right[at]}"`;
}

// As Go prints a list of texts.
function quoted(urls: readonly string[]): string {
  return `[${urls.map((url) => JSON.stringify(url)).join(' ')}]`;
}
