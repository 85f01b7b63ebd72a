// Records one write: three members of step 05, one put through a follower, and what each of them does until all have
// applied it. Members are named by their part: n1 leads, n2 was asked, n3 is the third.

import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RaftMessageType } from '../../proto/schema.ts';
import { putOnce } from './put_once.ts';
import { freePorts, inScratch, startServer, type StepServer } from './servers.ts';

/** One thing that a member did. */
export interface WriteEvent {
  readonly member: string;
  readonly kind: 'put' | 'send' | 'receive' | 'save' | 'commit' | 'apply' | 'reply';
  /** What there is to say of it: `MsgApp, entry 5`. */
  readonly text: string;
  /** Of a message: the other end. */
  readonly peer?: string;
  /** Of a message that arrived: the place in the list of the event that sent it. */
  readonly sentBy?: number;
  /** What does it: `file#Symbol`, relative to the step. */
  readonly code: string;
  /** Milliseconds since the put came in. */
  readonly ms: number;
}

export interface WriteRecording {
  readonly step: string;
  readonly members: readonly { readonly name: string; readonly part: string }[];
  readonly events: readonly WriteEvent[];
}

/** What the probe reports: see probe/write_probe.ts. */
interface Report {
  readonly member: number;
  readonly probe: 'put' | 'send' | 'receive' | 'save' | 'ready' | 'apply' | 'reply';
  readonly at: number;
  readonly [field: string]: unknown;
}

const WAIT_LIMIT_MS = 15_000;
const PARTS = ['leader', 'follower, was asked', 'follower'] as const;
const CODE: Readonly<Record<WriteEvent['kind'], string>> = {
  put: 'server/server.ts#EtcdServer.put',
  send: 'transport/rafthttp/transport.ts#RaftHttpTransport.send',
  receive: 'server/server.ts#EtcdServer.process',
  save: 'storage/wal/wal.ts#Wal.save',
  commit: 'core/raft/log.ts#RaftLog.commitTo',
  apply: 'server/apply.ts#Applier.put',
  reply: 'server/server.ts#EtcdServer.put',
};

/** Records a write. `step`: the absolute folder of step 05. Rejects when the members do not come to agree. */
export function recordWrite(step: string): Promise<WriteRecording> {
  return inScratch(async (scratch) => {
    const reports: Report[] = [];
    const servers: StepServer[] = [];
    try {
      await startCluster(step, scratch, (report) => reports.push(report), servers);
      const leader = await waitFor(reports, () => leaderOf(reports));
      const asked = (leader + 1) % 3;
      await waitFor(reports, () => (isSettled(reports, leader) ? true : undefined));
      const from = reports.length;
      await putOnce((servers[asked] as StepServer).clientPort);
      await waitFor(reports, () =>
        reports.slice(from).filter(({ probe }) => probe === 'apply').length === 3 ? true : undefined,
      );
      // What the last commits are answered with.
      await delay(30);
      const order = [leader, asked, 3 - leader - asked];
      return {
        step: path.basename(step),
        members: PARTS.map((part, i) => ({ name: `n${i + 1}`, part })),
        events: toEvents(reports, from, order),
      };
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
}

async function startCluster(
  step: string,
  scratch: string,
  onReport: (report: Report) => void,
  servers: StepServer[],
): Promise<void> {
  const ports = await freePorts(6);
  const peer = (i: number): string => `http://127.0.0.1:${ports[3 + i]}`;
  const cluster = [0, 1, 2].map((i) => `n${i + 1}=${peer(i)}`).join(',');
  const started = [0, 1, 2].map((member) =>
    startServer({
      folder: step,
      name: `n${member + 1}`,
      clientPort: ports[member] as number,
      flags: [
        '--listen-peer-urls',
        peer(member),
        '--initial-advertise-peer-urls',
        peer(member),
        '--initial-cluster',
        cluster,
      ],
      preload: [new URL('./probe/write_probe.ts', import.meta.url).href],
      env: { READ_STEP_FOLDER: step },
      cwd: scratch,
      onLine: (line) => {
        if (line.startsWith('{"probe"')) onReport({ member, ...JSON.parse(line) });
      },
    }),
  );
  const results = await Promise.allSettled(started);
  for (const result of results) if (result.status === 'fulfilled') servers.push(result.value);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function waitFor<T>(reports: readonly Report[], find: () => T | undefined): Promise<T> {
  const end = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (performance.now() > end) break;
    await delay(1);
  }
  throw new Error(`the members have not come so far after ${WAIT_LIMIT_MS} ms; ${reports.length} reports`);
}

function leaderOf(reports: readonly Report[]): number | undefined {
  const last = reports.findLast(({ probe, role }) => probe === 'ready' && role === 'leader');
  return last?.member;
}

// A round of heartbeats was just answered by both, and nothing has moved since the one before: the next is 100 ms away.
function isSettled(reports: readonly Report[], leader: number): boolean {
  const beat = reports.findLastIndex((one) => one.probe === 'send' && one['type'] === RaftMessageType.MsgHeartbeat);
  const before = reports
    .slice(0, beat)
    .findLastIndex((one) => one.probe === 'receive' && one['type'] === RaftMessageType.MsgHeartbeatResp);
  const answers = reports
    .slice(beat)
    .filter(
      (one) => one.member === leader && one.probe === 'receive' && one['type'] === RaftMessageType.MsgHeartbeatResp,
    );
  const moved = reports.slice(Math.max(0, before)).some((one) => one.probe === 'save');
  return before > 0 && answers.length === 2 && !moved;
}

const MESSAGE_NAMES = new Map<number, string>(Object.entries(RaftMessageType).map(([name, number]) => [number, name]));
const UNTOLD = new Set<unknown>([RaftMessageType.MsgHeartbeat, RaftMessageType.MsgHeartbeatResp]);

// `order`: the members that are to be n1, n2 and n3.
function toEvents(all: readonly Report[], from: number, order: readonly number[]): WriteEvent[] {
  const idOf = new Map(all.filter(({ probe }) => probe === 'ready').map((one) => [one['id'], one.member]));
  const nameOf = (member: number | undefined): string => `n${order.indexOf(member ?? -1) + 1}`;
  const commits = new Map(order.map((member) => [member, committedBefore(all.slice(0, from), member)]));
  const reports = all
    .slice(from)
    .filter((one) => !UNTOLD.has(one['type']))
    .sort((a, b) => a.at - b.at);
  const begin = reports.find(({ probe }) => probe === 'put')?.at ?? 0;
  const sent: { readonly key: string; readonly place: number; taken: boolean }[] = [];
  const events: WriteEvent[] = [];
  const add = (member: number, kind: WriteEvent['kind'], text: string, more: Partial<WriteEvent>, at: number): void => {
    events.push({
      member: nameOf(member),
      kind,
      text,
      ...more,
      code: CODE[kind],
      ms: Math.round((at - begin) * 100) / 100,
    });
  };
  for (const one of reports) {
    const { member, probe, at } = one;
    if (probe === 'put') add(member, 'put', 'put greeting', {}, at);
    else if (probe === 'reply') add(member, 'reply', `reply, revision ${Number(one['revision'])}`, {}, at);
    else if (probe === 'apply') add(member, 'apply', 'apply the put', {}, at);
    else if (probe === 'save') add(member, 'save', saveText(one), {}, at);
    else if (probe === 'ready') {
      const commit = Number(one['commit']);
      if (commit > (commits.get(member) ?? 0)) add(member, 'commit', `entry ${commit} is committed`, {}, at);
      commits.set(member, commit);
    } else {
      const isSend = probe === 'send';
      const peer = idOf.get(isSend ? one['to'] : one['from']);
      const key = JSON.stringify([
        one['from'],
        one['to'],
        one['type'],
        one['index'],
        one['commit'],
        one['entries'],
        one['reject'],
      ]);
      const source = isSend ? undefined : sent.find((message) => message.key === key && !message.taken);
      if (source !== undefined) source.taken = true;
      if (isSend) sent.push({ key, place: events.length, taken: false });
      add(
        member,
        probe,
        messageText(one),
        { peer: nameOf(peer), ...(source === undefined ? {} : { sentBy: source.place }) },
        at,
      );
    }
  }
  return events;
}

function committedBefore(reports: readonly Report[], member: number): number {
  return Number(reports.findLast((one) => one.member === member && one.probe === 'ready')?.['commit'] ?? 0);
}

function saveText(report: Report): string {
  return report['entries'] === 0 ? 'save the hard state, sync' : `save entry ${Number(report['index'])}, sync`;
}

function messageText(report: Report): string {
  const name = MESSAGE_NAMES.get(Number(report['type'])) ?? 'message';
  const [index, commit, entries] = [Number(report['index']), Number(report['commit']), Number(report['entries'])];
  if (report['type'] === RaftMessageType.MsgProp) return `${name}, the put`;
  if (report['type'] === RaftMessageType.MsgAppResp) return `${name}, has up to ${index}`;
  return entries > 0 ? `${name}, entry ${index + 1}, commit ${commit}` : `${name}, commit ${commit}`;
}
