// Makes a member from its data directory. Mirrors etcd's NewServer.

import type { Config } from '../etcdmain/config.ts';
import type { Ports } from '../ports.ts';
import { bootstrap, type BootstrapOptions } from './bootstrap.ts';
import { EtcdServer, type ServerOptions } from './server.ts';

const LOG_CALLER = 'etcdserver/server.ts';

/** Opens the data directory of `config` and rebuilds the member from it. Rejects with etcd's text when that cannot be. */
export async function newServer(
  config: Config,
  ports: Ports,
  options: ServerOptions & Pick<BootstrapOptions, 'segmentBytes'>,
): Promise<EtcdServer> {
  const { calls, segmentBytes } = options;
  const bootstrapped = await bootstrap({ config, ports, calls, segmentBytes });
  const { cluster, isNew, hardState, backend } = bootstrapped;
  const ids = { 'local-member-id': cluster.localMemberId.toString(16), 'cluster-id': cluster.id.toString(16) };
  const log = ports.log.at(LOG_CALLER);
  if (isNew) log.info('starting local member', ids);
  else log.info('restarting local member', { ...ids, 'commit-index': hardState.commit });
  try {
    return new EtcdServer(config, ports, bootstrapped, options);
  } catch (error) {
    backend.abandon();
    throw error;
  }
}
