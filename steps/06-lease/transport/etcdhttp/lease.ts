// What other members ask of the leader's leases: only it knows how long they live. Mirrors etcd's lease/leasehttp/http.go.

import type http from 'node:http';
import { codecs } from '../../../../proto/load.ts';
import { type ErrorKind, EtcdError } from '../../core/errors.ts';
import type { LeaseKeeper } from '../../server/leases.ts';
import { LEASE_BODY_BYTES } from '../limits.ts';
import { type HttpHandler, methodOnly, readBody, send, sendText } from './base.ts';

/** The texts by which members tell each other what is wrong with a lease. */
export const LEASE_PROBLEMS: ReadonlyMap<ErrorKind, string> = new Map([
  ['LeaseNotFound', 'lease not found'],
  ['NotPrimary', 'not a primary lessor'],
]);

/** POST /leases: keeps a lease alive. */
export function renewHandler(leases: LeaseKeeper): HttpHandler {
  return answering(async (body) => {
    const { ID } = codecs['etcdserverpb.LeaseKeepAliveRequest'].decode(body);
    return codecs['etcdserverpb.LeaseKeepAliveResponse'].encode({ ID, TTL: await leases.renewHere(ID) });
  });
}

/** POST /leases/internal: how long a lease lives yet. */
export function leaseTimesHandler(leases: LeaseKeeper): HttpHandler {
  return answering((body) => {
    const { LeaseTimeToLiveRequest: asked } = codecs['leasepb.LeaseInternalRequest'].decode(body);
    if (asked === undefined) throw new Error('no lease');
    const { ttl, grantedTtl, keys } = leases.timeToLiveHere(asked.ID, asked.keys);
    const LeaseTimeToLiveResponse = { header: {}, ID: asked.ID, TTL: ttl, grantedTTL: grantedTtl, keys };
    return codecs['leasepb.LeaseInternalResponse'].encode({ LeaseTimeToLiveResponse });
  });
}

function answering(work: (body: Uint8Array) => Uint8Array | Promise<Uint8Array>): HttpHandler {
  return methodOnly('POST', (request, response) => void answer(request, response, work));
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  work: (body: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<void> {
  const body = await readBody(request, LEASE_BODY_BYTES);
  if (body === undefined) return sendText(response, 400, 'error reading body\n');
  try {
    send(response, { status: 200, type: 'application/protobuf', text: await work(body) });
  } catch (error) {
    const kind = error instanceof EtcdError ? error.kind : undefined;
    const text = kind === undefined ? undefined : LEASE_PROBLEMS.get(kind);
    sendText(response, kind === 'LeaseNotFound' ? 404 : 400, `${text ?? 'error unmarshalling request'}\n`);
  }
}
