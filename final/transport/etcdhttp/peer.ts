// The HTTP paths of the peer port, one a line. Mirrors etcd's etcdhttp/peer.go.

import type { Cluster } from '../../server/cluster.ts';
import { getOnly, type HttpHandler, route, send } from './base.ts';
import { version } from './version.ts';

/** The handler of the peer port. */
export function peerHandler(cluster: Cluster): HttpHandler {
  return route(
    new Map<string, HttpHandler>([
      ['/version', version],
      ['/members', membersHandler(cluster)],
    ]),
  );
}

// JSON.stringify has no 64-bit integers: the IDs are put in as text.
function membersHandler(cluster: Cluster): HttpHandler {
  return getOnly((_request, response) => {
    const members = cluster.members.map((member) => {
      const rest = { peerURLs: member.peerUrls, name: member.name, clientURLs: member.clientUrls };
      return `{"id":${member.id},${JSON.stringify(rest).slice(1)}`;
    });
    response.setHeader('X-Etcd-Cluster-Id', cluster.id.toString(16));
    send(response, { status: 200, type: 'application/json', text: `[${members.join(',')}]\n` });
  });
}
