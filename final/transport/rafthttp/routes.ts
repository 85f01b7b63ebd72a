// The paths below /raft of the peer port: what other members ask of us. Status codes, texts and the order of the checks are
// those of etcd's rafthttp/http.go (spec/raft.md C4).

import type http from 'node:http';
import { codecs } from '../../../proto/load.ts';
import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import { SnapDbWriter } from '../../storage/snap/snap_db.ts';
import { ETCD_VERSION } from '../../version.ts';
import { HTTP_BODY_BYTES } from '../../limits.ts';
import { type HttpHandler, type HttpRoutes, methodOnly, readBody, send, sendText } from '../etcdhttp/base.ts';
import { PEER_MESSAGE_BYTES, PEER_SILENCE_MS, PIPELINE_MESSAGE_BYTES } from '../limits.ts';
import type { PeerContext } from './context.ts';
import { headerOf, hexId, incompatibility, parseHexId } from './headers.ts';
import { processMessage } from './inbox.ts';
import { MessageDecoder } from './message_codec.ts';
import type { Peer } from './peer.ts';
import { PIPELINE_PATH } from './pipeline.ts';
import { PROBING_PATH } from './prober.ts';
import { SNAPSHOT_PATH } from './snapshot_sender.ts';
import type { StreamKind } from './stream_codec.ts';
import { STREAM_PATH } from './stream_reader.ts';

/** What the paths need of the transport. */
export interface PeerTable {
  peer(id: bigint): Peer | undefined;
  addRemote(id: bigint, urls: readonly string[]): void;
}

export function raftRoutes(context: PeerContext, peers: PeerTable): HttpRoutes {
  const posts = (next: (request: http.IncomingMessage, response: http.ServerResponse) => Promise<void>): HttpHandler =>
    methodOnly('POST', (request, response) => {
      if (!isCompatible(context, request, response)) return;
      addRemoteOf(peers, request);
      void next(request, response);
    });
  return new Map<string, HttpHandler>([
    [PIPELINE_PATH, posts((request, response) => takeMessage(context, request, response))],
    [SNAPSHOT_PATH, posts((request, response) => takeSnapshot(context, request, response))],
    [STREAM_PATH, methodOnly('GET', (request, response) => attachStream(context, peers, request, response))],
    [PROBING_PATH, (_request, response) => probe(context, response)],
  ]);
}

// Answers 412 when the sender cannot be in a cluster with us.
function isCompatible(context: PeerContext, request: http.IncomingMessage, response: http.ServerResponse): boolean {
  response.setHeader('X-Etcd-Cluster-Id', hexId(context.local.clusterId));
  const problem = incompatibility(request.headers, context.local);
  if (problem === undefined) return true;
  context.log.warn('request was refused', { from: headerOf(request.headers, 'x-server-from'), error: problem });
  sendText(response, 412, `${problem}\n`);
  return false;
}

function addRemoteOf(peers: PeerTable, request: http.IncomingMessage, from = senderOf(request)): void {
  const urls = headerOf(request.headers, 'x-peerurls');
  if (from !== undefined && urls !== undefined) peers.addRemote(from, urls.split(','));
}

function senderOf(request: http.IncomingMessage): bigint | undefined {
  return parseHexId(headerOf(request.headers, 'x-server-from') ?? '');
}

// ---- /raft/stream/KIND/ID

function attachStream(
  context: PeerContext,
  peers: PeerTable,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  response.setHeader('X-Server-Version', ETCD_VERSION);
  if (!isCompatible(context, request, response)) return;
  const path = (request.url ?? '').split('?', 1)[0] as string;
  const slash = path.lastIndexOf('/');
  const kind = path.slice(STREAM_PATH.length, Math.max(slash, STREAM_PATH.length));
  if (kind !== 'msgapp' && kind !== 'message') return sendText(response, 404, 'invalid path\n');
  const from = parseHexId(path.slice(slash + 1));
  if (from === undefined) return sendText(response, 404, 'invalid from\n');
  if (context.handler.isIdRemoved(from)) return sendText(response, 410, 'removed member\n');
  const peer = peers.peer(from);
  if (peer === undefined) {
    addRemoteOf(peers, request, from);
    return sendText(response, 404, 'error sender not found\n');
  }
  if (headerOf(request.headers, 'x-raft-to') !== hexId(context.local.id)) {
    return sendText(response, 412, 'to field mismatch\n');
  }
  attach(peer, kind, response);
}

// A stream needs the chunks that HTTP/1.1 has.
function attach(peer: Peer, kind: StreamKind, response: http.ServerResponse): void {
  if (response.req.httpVersion === '1.1') peer.attach(kind, response);
  else sendText(response, 505, 'HTTP Version Not Supported\n');
}

// ---- /raft

async function takeMessage(
  context: PeerContext,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  request.socket.setTimeout(PEER_SILENCE_MS);
  const body = await readBody(request, PIPELINE_MESSAGE_BYTES);
  request.socket.setTimeout(0);
  if (body === undefined) return sendText(response, 400, 'error reading raft message\n');
  const message = decoded(body);
  if (message === undefined) return sendText(response, 400, 'error unmarshalling raft message\n');
  try {
    await processMessage(context, message);
  } catch (error) {
    const fields = { from: hexId(message.from), error: (error as Error).message };
    context.log.warn('failed to process Raft message', fields);
    return refuseAndClose(response, 'error processing raft message\n');
  }
  response.writeHead(204).end();
}

function decoded(body: Uint8Array): RaftMessage | undefined {
  try {
    return codecs['raftpb.Message'].decode(body);
  } catch {
    return undefined;
  }
}

function refuseAndClose(response: http.ServerResponse, text: string): void {
  response.setHeader('Connection', 'close');
  sendText(response, 500, text);
}

// ---- /raft/snapshot

async function takeSnapshot(
  context: PeerContext,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  request.socket.setTimeout(PEER_SILENCE_MS);
  const body = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const refuse = (status: number, text: string): Promise<void> => {
    context.log.warn('refused a database snapshot', { from: headerOf(request.headers, 'x-server-from'), error: text });
    sendText(response, status, `${text}\n`);
    return discard(body, request);
  };
  const decoder = new MessageDecoder(PEER_MESSAGE_BYTES);
  let message: RaftMessage;
  try {
    message = await readHead(body, decoder);
  } catch (error) {
    return refuse(400, `failed to decode raft message (${(error as Error).message})`);
  }
  if (message.type !== RaftMessageType.MsgSnap) return refuse(400, 'wrong raft message type');
  const fields = { from: hexId(message.from), index: message.snapshot?.metadata?.index ?? 0 };
  context.log.info('receiving database snapshot', fields);
  try {
    const bytes = await saveDatabase(context, { body, first: decoder.rest(), index: fields.index });
    context.log.info('received and saved database snapshot', { ...fields, bytes });
  } catch (error) {
    return refuse(500, `failed to save KV snapshot (${(error as Error).message})`);
  }
  request.socket.setTimeout(0);
  try {
    await processMessage(context, message);
  } catch (error) {
    return refuse(500, `failed to process raft message (${(error as Error).message})`);
  }
  response.writeHead(204).end();
}

// Reads what still comes, so that the sender gets to see the answer; a sender that goes on and on is cut off.
async function discard(body: AsyncIterator<Buffer>, request: http.IncomingMessage): Promise<void> {
  try {
    let bytes = 0;
    for (let chunk = await body.next(); chunk.done !== true; chunk = await body.next()) {
      bytes += chunk.value.length;
      if (bytes > HTTP_BODY_BYTES) return void request.destroy();
    }
  } catch {
    // The connection has ended.
  }
}

async function readHead(body: AsyncIterator<Buffer>, decoder: MessageDecoder): Promise<RaftMessage> {
  for (;;) {
    const message = decoder.next();
    if (message !== undefined) return message;
    const chunk = await body.next();
    if (chunk.done === true) throw new Error(decoder.isInside ? 'unexpected EOF' : 'EOF');
    decoder.add(chunk.value);
  }
}

interface Database {
  readonly body: AsyncIterator<Buffer>;
  /** What of it came with the message. */
  readonly first: Uint8Array;
  readonly index: number;
}

// Resolves with its size, in bytes.
async function saveDatabase(context: PeerContext, { body, first, index }: Database): Promise<number> {
  const writer = new SnapDbWriter(context.fs, context.snapDirectory);
  try {
    writer.write(first);
    for (let chunk = await body.next(); chunk.done !== true; chunk = await body.next()) writer.write(chunk.value);
  } catch (error) {
    writer.abort();
    throw error;
  }
  await writer.commit(index);
  return writer.size;
}

// ---- /raft/probing

function probe(context: PeerContext, response: http.ServerResponse): void {
  const now = new Date(context.clock.wall()).toISOString();
  const text = `${JSON.stringify({ OK: true, Now: now })}\n`;
  send(response, { status: 200, type: 'text/plain; charset=utf-8', text });
}
