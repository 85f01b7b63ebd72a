// The paths below /raft of the peer port: what other members ask of us. Status codes, texts and the order of the checks are
// those of etcd's rafthttp/http.go.

import type http from 'node:http';
import { codecs } from '../../../../proto/load.ts';
import type { RaftMessage } from '../../../../proto/schema.ts';
import type { PeerHandler } from '../../server/peer_transport.ts';
import { type HttpHandler, type HttpRoutes, methodOnly, readBody, sendText } from '../etcdhttp/base.ts';
import { PIPELINE_MESSAGE_BYTES } from '../limits.ts';
import { hexId } from './headers.ts';
import { PIPELINE_PATH } from './pipeline.ts';

export function raftRoutes(handler: PeerHandler): HttpRoutes {
  const post = methodOnly('POST', (request, response) => {
    const clusterId = hexId(handler.cluster.id);
    response.setHeader('X-Etcd-Cluster-Id', clusterId);
    if (request.headers['x-etcd-cluster-id'] !== clusterId) return sendText(response, 412, 'cluster ID mismatch\n');
    void takeMessage(handler, request, response);
  });
  return new Map<string, HttpHandler>([[PIPELINE_PATH, post]]);
}

async function takeMessage(
  handler: PeerHandler,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const body = await readBody(request, PIPELINE_MESSAGE_BYTES);
  if (body === undefined) return sendText(response, 400, 'error reading raft message\n');
  const message = decoded(body);
  if (message === undefined) return sendText(response, 400, 'error unmarshalling raft message\n');
  if (message.to !== handler.cluster.localMemberId) return sendText(response, 500, 'error processing raft message\n');
  handler.process(message);
  response.writeHead(204).end();
}

function decoded(body: Uint8Array): RaftMessage | undefined {
  try {
    return codecs['raftpb.Message'].decode(body);
  } catch {
    return undefined;
  }
}
