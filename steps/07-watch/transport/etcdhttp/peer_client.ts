// What a member asks others over HTTP beside the messages of raft: the other side of lease.ts. Mirrors the requests of etcd's
// lease/leasehttp/http.go.

import http from 'node:http';
import { codecs } from '../../../../proto/load.ts';
import { EtcdError } from '../../core/errors.ts';
import type { PeerCalls } from '../../server/peer_calls.ts';
import { LEASE_ANSWER_BYTES, LEASE_ANSWER_MS } from '../limits.ts';
import { readBody } from './base.ts';
import { LEASE_PROBLEMS } from './lease.ts';

const agent = new http.Agent({ keepAlive: true });

/** The calls as the server takes them. */
export const httpPeerCalls: PeerCalls = {
  async renewLease(url, ID) {
    const answer = await post(`${url}/leases`, codecs['etcdserverpb.LeaseKeepAliveRequest'].encode({ ID }));
    return codecs['etcdserverpb.LeaseKeepAliveResponse'].decode(answer).TTL;
  },
  async leaseTimes(url, { id, withKeys }) {
    const asked = { LeaseTimeToLiveRequest: { ID: id, keys: withKeys } };
    const answer = await post(`${url}/leases/internal`, codecs['leasepb.LeaseInternalRequest'].encode(asked));
    const { LeaseTimeToLiveResponse: times } = codecs['leasepb.LeaseInternalResponse'].decode(answer);
    if (times === undefined) throw new Error(`${url} gave an empty answer`);
    return { ttl: times.TTL, grantedTtl: times.grantedTTL, keys: times.keys };
  },
};

async function post(url: string, body: Uint8Array): Promise<Uint8Array> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const headers = { 'Content-Type': 'application/protobuf', 'Content-Length': body.length };
    const request = http.request(url, { method: 'POST', agent, headers, timeout: LEASE_ANSWER_MS });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url}`)));
    request.on('error', reject);
    request.on('response', resolve);
    request.end(body);
  });
  const answer = await readBody(response, LEASE_ANSWER_BYTES);
  if (answer === undefined) throw new Error(`${url} broke off its answer`);
  if (response.statusCode === 200) return answer;
  const text = answer.toString().trim();
  for (const [kind, problem] of LEASE_PROBLEMS) if (text === problem) throw new EtcdError(kind);
  throw new Error(`${url} answered with status ${response.statusCode}: ${text}`);
}
