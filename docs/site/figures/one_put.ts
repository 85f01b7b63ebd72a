// The figure `one-put`: the way of one put from the socket to the reply, through the layers, redrawn at each step that changes it.
// The stations are listed here; that each is called by the one before is checked against the call graph, and where one only
// hands over, the station says how.

import { sourcePage } from '../blocks/code_html.ts';
import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { escapeHtml } from '../source/highlight.ts';
import { noveltyOf } from './novelty.ts';
import type { FigureOptions } from './registry.ts';
import { splitName } from '../source/symbols.ts';

/** A station of the way. */
interface Station {
  /** `path#Symbol` in the step. */
  readonly at: string;
  /** What happens there. */
  readonly says: string;
  /** How the way gets here when the station before does not call this one. */
  readonly by?: string;
}

// Between two stations there may be a small helper.
const HOPS_MAX = 2;

const ARRIVES: readonly Station[] = [
  { at: 'embed/listeners.ts#Listener.serve', says: 'a connection comes in' },
  { at: 'embed/serve.ts#sniff', says: 'its first bytes say HTTP/2', by: 'the listener calls back with the socket' },
  { at: 'transport/grpc/server.ts#GrpcServer.accept', says: 'so it belongs to gRPC', by: 'sniff calls back' },
  {
    at: 'transport/grpc/server.ts#adaptUnary',
    says: 'the request is decoded and its handler is called',
    by: 'the library calls the adapted handler for each request',
  },
  { at: 'api/v3rpc/kv.ts#registerKV', says: 'the handler of Put', by: 'adaptUnary calls the registered handler' },
  { at: 'core/txn/check.ts#checkPut', says: 'a request that no store may see is refused here' },
  { at: 'server/server.ts#EtcdServer.put', says: 'from the protocol to the member', by: 'the handler goes on' },
];

const REPLIES: Station = {
  at: 'server/server.ts#EtcdServer.#withHeader',
  says: 'the response gets its header, and goes back up the same way',
  by: 'the results return',
};

const WAYS: Readonly<Record<string, readonly Station[]>> = {
  '03-kv': [
    ...ARRIVES,
    { at: 'server/apply.ts#Applier.put', says: 'the one place where changes are carried out' },
    { at: 'core/mvcc/kvstore.ts#KVStore.put', says: 'a new revision, in memory' },
    REPLIES,
  ],
  '04-wal': [
    ...ARRIVES,
    { at: 'server/server.ts#EtcdServer.#propose', says: 'first the log, then the store' },
    { at: 'server/propose.ts#encodeProposal', says: 'the request as an entry of the log' },
    { at: 'server/server.ts#EtcdServer.#append', says: 'with term and index', by: 'the proposal goes on' },
    { at: 'storage/wal/wal.ts#Wal.save', says: 'written and synced before anything else happens' },
    { at: 'storage/wal/record.ts#encodeFrame', says: 'framed, with a rolling CRC' },
    { at: 'server/apply.ts#Applier.apply', says: 'what is on the disk is carried out', by: 'the write is done' },
    { at: 'server/apply.ts#Applier.put', says: 'the one place where changes are carried out' },
    { at: 'core/mvcc/kvstore.ts#KVStore.put', says: 'a new revision, in memory' },
    REPLIES,
  ],
  '05-raft': [
    ...ARRIVES,
    { at: 'server/server.ts#EtcdServer.#propose', says: 'a promise, kept when the entry is applied' },
    { at: 'server/proposer.ts#Proposer.propose', says: 'queued under its request ID' },
    { at: 'server/raft_loop.ts#RaftLoop.run', says: 'once a turn of the event loop', by: 'wake asks for a turn' },
    { at: 'server/proposer.ts#Proposer.collect', says: 'all that waits goes together', by: 'the loop collects' },
    { at: 'core/raft/rawnode.ts#RawNode.propose', says: 'into the state machine' },
    {
      at: 'core/raft/leader.ts#stepLeader',
      says: 'a leader appends; a follower would pass it on',
      by: 'step asks the role',
    },
    { at: 'core/raft/replication.ts#appendEntries', says: 'an index and a term, and messages for the others' },
    {
      at: 'core/raft/rawnode.ts#RawNode.ready',
      says: 'what is to be written, sent and applied',
      by: 'the loop goes on',
    },
    {
      at: 'transport/rafthttp/transport.ts#RaftHttpTransport.send',
      says: 'to the followers, while the leader itself writes',
      by: 'a leader sends first',
    },
    { at: 'storage/wal/wal.ts#Wal.save', says: 'written and synced', by: 'then it saves' },
    {
      at: 'server/raft_member.ts#RaftMember.process',
      says: 'the answers of the followers arrive',
      by: 'they have written it too, and post their answers',
    },
    { at: 'core/raft/log.ts#RaftLog.maybeCommit', says: 'a majority has it: committed', by: 'the leader counts' },
    {
      at: 'server/raft_member.ts#RaftMember.#apply',
      says: 'applied in the order of the log, on every member',
      by: 'the next Ready has it among the committed entries',
    },
    { at: 'server/apply.ts#Applier.apply', says: 'carried out', by: 'the member calls back the server' },
    { at: 'server/apply.ts#Applier.put', says: 'the one place where changes are carried out' },
    { at: 'core/mvcc/kvstore.ts#KVStore.put', says: 'a new revision, the same on every member' },
    { at: 'server/proposer.ts#Proposer.take', says: 'who waited for this request ID is told', by: 'applying is done' },
    REPLIES,
  ],
};

const LANES = ['transport', 'api', 'server', 'core', 'storage'] as const;
const LANE_WIDTH = 160;
const ROW_HEIGHT = 44;
const BOX = { width: 148, height: 28 };
const TOP = 34;
// What fits into a box beside the number.
const NAME_CHARACTERS = 18;

/** Renders the way of a put at the page's step: a drawing, and the stations as a list. */
export function onePut(context: Context, chapter: Chapter, { base, caption }: FigureOptions): string {
  const { link } = chapter;
  const stations = WAYS[link?.slug ?? ''];
  if (link === undefined || stations === undefined) throw new Error(`no way of a put is drawn for ${link?.slug}`);
  checkWay(context, link.folder, stations);
  const boxes = stations.map((station, i) => boxOf(station, i, noveltyOf(context, chapter, station.at) === 'new'));
  const arrows = stations.slice(1).map((station, i) => arrow(stations[i] as Station, station, i));
  const used = Math.max(...stations.map(({ at }) => laneOf(at))) + 1;
  const width = used * LANE_WIDTH;
  const height = TOP + stations.length * ROW_HEIGHT;
  const lanes = LANES.slice(0, used).map((lane, i) => {
    const x = i * LANE_WIDTH;
    return (
      `<rect class="lane${i % 2}" x="${x}" y="0" width="${LANE_WIDTH}" height="${height}"/>` +
      `<text class=lane x="${x + LANE_WIDTH / 2}" y="20">${lane}</text>`
    );
  });
  const items = stations.map(({ at, says, by }) => {
    const { path, symbol } = splitName(at);
    const file = `${link.folder}/${path}`;
    const line = context.file(file)?.symbols.find(({ name }) => name === symbol)?.begin ?? 1;
    const mark = noveltyOf(context, chapter, at) === 'new' ? ' <span class="badge new">new</span>' : '';
    const how = by === undefined ? '' : ` <span class=note>(${escapeHtml(by)})</span>`;
    return `<li><a href="${base}${sourcePage(file)}#L${line}">${escapeHtml(symbol)}</a>${mark}: ${escapeHtml(says)}${how}</li>`;
  });
  return (
    `<div class=scroll tabindex=0 role=region aria-label="drawing: one put">` +
    `<svg class=put viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role=img aria-label="${escapeHtml(caption)}">` +
    `${lanes.join('')}${arrows.join('')}${boxes.join('')}</svg></div><ol class=stations>${items.join('')}</ol>`
  );
}

// A station that does not exist, or that nobody calls any more, is an error of the page.
function checkWay(context: Context, folder: string, stations: readonly Station[]): void {
  const graph = context.callGraph(folder);
  for (const [i, { at, by }] of stations.entries()) {
    const { path, symbol } = splitName(at);
    const file = context.file(`${folder}/${path}`);
    if (file?.symbols.some(({ name }) => name === symbol) !== true) throw new Error(`one-put: there is no ${at}`);
    const before = stations[i - 1];
    if (before === undefined || by !== undefined) continue;
    if (!graph.reaches(`${folder}/${before.at}`, `${folder}/${at}`, HOPS_MAX))
      throw new Error(`one-put: ${before.at} does not call ${at}`);
  }
}

function laneOf(at: string): number {
  const [folder = ''] = at.split('/');
  const lane = LANES.findIndex((name) => name === (folder === 'embed' ? 'transport' : folder));
  if (lane < 0) throw new Error(`one-put: no lane for ${at}`);
  return lane;
}

function boxOf({ at }: Station, row: number, isNew: boolean): string {
  const x = laneOf(at) * LANE_WIDTH + (LANE_WIDTH - BOX.width) / 2;
  const y = TOP + row * ROW_HEIGHT;
  const { symbol } = splitName(at);
  const name = symbol.length > NAME_CHARACTERS ? (symbol.split('.').at(-1) ?? symbol) : symbol;
  return (
    `<g class="station${isNew ? ' new' : ''}"><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>` +
    `<text x="${x + BOX.width / 2}" y="${y + 18}">${row + 1} ${escapeHtml(name)}</text></g>`
  );
}

// Down from the middle of one box, across, and into the next.
function arrow(from: Station, to: Station, row: number): string {
  const x1 = laneOf(from.at) * LANE_WIDTH + LANE_WIDTH / 2;
  const x2 = laneOf(to.at) * LANE_WIDTH + LANE_WIDTH / 2;
  const y1 = TOP + row * ROW_HEIGHT + BOX.height;
  const y2 = TOP + (row + 1) * ROW_HEIGHT;
  const middle = (y1 + y2) / 2;
  const dashed = to.by === undefined ? '' : ' class=dashed';
  return `<path${dashed} d="M${x1} ${y1}V${middle}H${x2}V${y2}"/><path class=head d="M${x2 - 4} ${y2 - 6}L${x2} ${y2}L${x2 + 4} ${y2 - 6}"/>`;
}
