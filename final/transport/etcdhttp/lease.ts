// What other members ask of the leader's leases: only it knows how long they live. Mirrors etcd's lease/leasehttp/http.go.

import type http from 'node:http';
import { type ErrorKind, EtcdError } from '../../core/errors.ts';
import { HTTP_BODY_BYTES } from '../../limits.ts';
import { codecs } from '../../../proto/load.ts';
import { PIPELINED_HEADER } from './post_pipeline.ts';
import { type HttpHandler, readBody, send, sendText } from './base.ts';

/** The leases as the leader knows them. */
export interface LeaseApi {
  /**
   * Seconds that the lease lives from now on. Rejects with EtcdError LeaseNotFound, NotPrimary, TimeoutWaitAppliedIndex, or Timeout
   * for a lease whose time is over and which is to be asked for again.
   */
  renewLease(id: bigint): Promise<number>;
  /** In seconds. Rejects as {@link renewLease} does. */
  leaseTimes(id: bigint, withKeys: boolean): Promise<LeaseTimes>;
}

export interface LeaseTimes {
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: Uint8Array[];
}

/** The texts by which members tell each other what is wrong with a lease. */
export const LEASE_PROBLEMS: ReadonlyMap<ErrorKind, string> = new Map([
  ['LeaseNotFound', 'lease not found'],
  ['NotPrimary', 'not a primary lessor'],
  ['Timeout', 'waiting for the end of the lease has timed out'],
  ['TimeoutWaitAppliedIndex', 'waiting for node to catch up its applied index has timed out'],
]);

/** POST /leases: keeps a lease alive. */
export function renewHandler(api: LeaseApi): HttpHandler {
  return answering(400, async (body) => {
    const { ID } = codecs['etcdserverpb.LeaseKeepAliveRequest'].decode(body);
    return async () => codecs['etcdserverpb.LeaseKeepAliveResponse'].encode({ ID, TTL: await api.renewLease(ID) });
  });
}

/** POST /leases/internal: how long a lease lives yet. */
export function leaseTimesHandler(api: LeaseApi): HttpHandler {
  return answering(500, async (body) => {
    const { LeaseTimeToLiveRequest: asked } = codecs['leasepb.LeaseInternalRequest'].decode(body);
    if (asked === undefined) throw new Error('no lease');
    return async () => {
      const { ttl, grantedTtl, keys } = await api.leaseTimes(asked.ID, asked.keys);
      const LeaseTimeToLiveResponse = { header: {}, ID: asked.ID, TTL: ttl, grantedTTL: grantedTtl, keys };
      return codecs['leasepb.LeaseInternalResponse'].encode({ LeaseTimeToLiveResponse });
    };
  });
}

// Members of etcd ask again after these.
const TIMEOUTS: ReadonlySet<ErrorKind | undefined> = new Set(['Timeout', 'TimeoutWaitAppliedIndex']);

/** Reads a request, and returns what answers it. Rejects when the request makes no sense. */
type Parse = (body: Uint8Array) => Promise<() => Promise<Uint8Array>>;

// `otherStatus`: of problems that have none of their own.
function answering(otherStatus: number, parse: Parse): HttpHandler {
  return (request, response) => {
    response.setHeader(PIPELINED_HEADER, 'true');
    if (request.method !== 'POST') return sendText(response, 405, 'Method Not Allowed\n');
    void answer({ request, response, otherStatus }, parse);
  };
}

// Other members ask without waiting for their answers; what is answered in one turn leaves in one write.
function gather(response: http.ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

interface Exchange {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly otherStatus: number;
}

async function answer({ request, response, otherStatus }: Exchange, parse: Parse): Promise<void> {
  const body = await readBody(request, HTTP_BODY_BYTES);
  if (body === undefined) return sendText(response, 400, 'error reading body\n');
  const work = await parse(body).catch(() => undefined);
  if (work === undefined) return sendText(response, 400, 'error unmarshalling request\n');
  try {
    const text = await work();
    gather(response);
    send(response, { status: 200, type: 'application/protobuf', text });
  } catch (error) {
    const kind = error instanceof EtcdError ? error.kind : undefined;
    const text = kind === undefined ? (error as Error).message : (LEASE_PROBLEMS.get(kind) ?? kind);
    const status = kind === 'LeaseNotFound' ? 404 : TIMEOUTS.has(kind) ? 408 : otherStatus;
    gather(response);
    sendText(response, status, `${text}\n`);
  }
}
