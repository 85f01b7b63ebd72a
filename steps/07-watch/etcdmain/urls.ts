// URLs of listeners and members. Mirrors etcd's pkg/types/urls.go: the forms and the texts of its errors are those that
// operators know (spec/cli.md A.3).

/** A URL as etcd allows it: a scheme and an address, nothing else. */
export interface EtcdUrl {
  readonly scheme: 'http' | 'https' | 'unix' | 'unixs';
  /** `host:port`, or the path of a socket. */
  readonly address: string;
  /** As it was written. */
  readonly text: string;
}

const SCHEMES = ['http', 'https', 'unix', 'unixs'] as const;

/** Parses one URL. Throws an Error with etcd's text. */
function parseUrl(text: string): EtcdUrl {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/.exec(text);
  if (match === null && /^[^/?#]*:/.test(text) && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) {
    throw new Error(`parse "${text}": first path segment in URL cannot contain colon`);
  }
  const [, schemeText = '', host = '', path = ''] = match ?? [];
  const [badPort] = /:[^:\]]*[^:\]\d][^:\]]*$/.exec(host) ?? [];
  if (badPort !== undefined) throw new Error(`parse "${text}": invalid port "${badPort}" after host`);
  const scheme = SCHEMES.find((known) => known === schemeText);
  if (scheme === undefined) throw new Error(`URL scheme must be http, https, unix, or unixs: ${text}`);
  if (scheme === 'unix' || scheme === 'unixs') return { scheme, address: host + path, text };
  if (path !== '') throw new Error(`URL must not contain a path: ${text}`);
  if (!/^(\[.*\]|[^:[]*):\d+$/.test(host)) throw new Error(`URL address does not have the form "host:port": ${text}`);
  return { scheme, address: host, text };
}

/** Parses a comma-separated list; a URL given twice counts once; the list is sorted. An empty text is an empty list. */
export function parseUrls(text: string): EtcdUrl[] {
  if (text === '') return [];
  const byText = new Map<string, EtcdUrl>();
  for (const one of text.split(',')) {
    const url = parseUrl(one.trim());
    byText.set(url.text, url);
  }
  return [...byText.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** Host and port of an http or https URL; an IPv6 host is given without brackets. */
export function hostAndPort(url: EtcdUrl): { readonly host: string; readonly port: number } {
  const colon = url.address.lastIndexOf(':');
  return {
    host: url.address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.address.slice(colon + 1)),
  };
}
