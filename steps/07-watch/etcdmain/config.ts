// The configuration of a server: values with types, made from the texts of flags, and checked as etcd checks them.
// Mirrors etcd's embed/config.go.

import { isIP } from 'node:net';
import { FLAGS } from './config_table.ts';
import { type EtcdUrl, hostAndPort, parseUrls } from './urls.ts';

export interface Config {
  readonly name: string;
  readonly dataDir: string;
  readonly listenPeerUrls: readonly EtcdUrl[];
  readonly listenClientUrls: readonly EtcdUrl[];
  readonly initialAdvertisePeerUrls: readonly EtcdUrl[];
  readonly advertiseClientUrls: readonly EtcdUrl[];
  /** name=url,name=url,… */
  readonly initialCluster: string;
}

/** Value texts by flag name: what was given. The rest has the table's defaults. */
export type ConfigValues = ReadonlyMap<string, string>;

/** A configuration that is refused: exit status 1. */
export class ConfigError extends Error {}

/** Turns texts, each of them already well-formed for its flag, into a configuration. */
export function toConfig(values: ConfigValues): Config {
  const text = (flag: string): string => values.get(flag) ?? FLAGS.get(flag)?.default ?? '';
  const urls = (flag: string): EtcdUrl[] => parseUrls(text(flag) || (FLAGS.get(flag)?.default ?? ''));
  const advertisedPeers = urls('initial-advertise-peer-urls');
  return {
    name: text('name'),
    dataDir: text('data-dir') || `${text('name')}.etcd`,
    listenPeerUrls: urls('listen-peer-urls'),
    listenClientUrls: urls('listen-client-urls'),
    initialAdvertisePeerUrls: advertisedPeers,
    advertiseClientUrls: urls('advertise-client-urls'),
    initialCluster: text('initial-cluster') || advertisedPeers.map((url) => `${text('name')}=${url.text}`).join(','),
  };
}

/** Checks what no single flag can tell. Throws {@link ConfigError} with etcd's text. */
export function validate(config: Config): void {
  checkBindUrls(config.listenPeerUrls);
  checkBindUrls(config.listenClientUrls);
}

// A listener is bound to an address; a name could mean several. localhost is the one exception.
function checkBindUrls(urls: readonly EtcdUrl[]): void {
  for (const url of urls) {
    if (url.scheme === 'https' || url.scheme === 'unixs') {
      throw new ConfigError(`TLS is not yet implemented: cannot listen on ${url.text}`);
    }
    if (url.scheme === 'unix') continue;
    const { host } = hostAndPort(url);
    if (host !== 'localhost' && isIP(host) === 0) throw new ConfigError(`expected IP in URL for binding (${url.text})`);
  }
}
