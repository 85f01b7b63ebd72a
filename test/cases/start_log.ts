// The log of a start as operators read it (spec/cli.md A.6): one JSON object a line, known messages in a known order.

import assert from 'node:assert/strict';
import type { Server } from '../harness/server.ts';
import type { Target } from '../harness/target.ts';
import { eventually } from './starting.ts';

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The lines of a log that are JSON objects; 3.4 begins with some that are none. */
export function logOf(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}

// In this order; others may stand between them.
const START = [
  'configuring peer listeners',
  'configuring client listeners',
  'starting an etcd server',
  'starting local member',
  'starting etcd server',
];

const ANYWHERE = [
  'added member',
  'serving peer traffic',
  'set initial cluster version',
  'published local member to cluster through raft',
];

// With these words only from 3.5 on.
const SINCE_35 = ['Running: ', 'ready to serve client requests'];

const INSECURE = 'serving client traffic insecurely; this is strongly discouraged!';

/** Asserts that a started server has logged its start. */
export async function checkStartLog(server: Server, target: Target): Promise<void> {
  // The last line comes a moment after the first answer.
  await eventually(5000, () => Promise.resolve(server.stderr.includes(INSECURE) ? true : undefined));
  await eventually(5000, () =>
    Promise.resolve(server.stderr.includes('set initial cluster version') ? true : undefined),
  );
  const lines = logOf(server.stderr);
  const messages = lines.map(({ msg }) => String(msg));
  assert.deepEqual(
    messages.filter((msg) => START.includes(msg)),
    START,
  );
  for (const msg of [...ANYWHERE, INSECURE, ...(target.line === '3.4' ? [] : SINCE_35)]) {
    assert.ok(messages.includes(msg), `no line says "${msg}"`);
  }
  for (const line of lines) checkForm(line);
  const find = (msg: string): LogLine => lines.find((line) => line['msg'] === msg) ?? {};
  const settings = find('starting an etcd server');
  assert.deepEqual(
    [settings['name'], settings['data-dir'], settings['heartbeat-interval'], settings['election-timeout']],
    ['n1', 'data', '100ms', '1s'],
  );
  assert.deepEqual(settings['listen-client-urls'], [server.clientUrl]);
  assert.deepEqual(settings['initial-cluster'], `n1=${server.peerUrl}`);
  assert.equal(find('serving peer traffic')['address'], `127.0.0.1:${server.peerPort}`);
  assert.equal(find(INSECURE)['address'], server.endpoint);
  assert.match(String(find('starting local member')['local-member-id']), /^[0-9a-f]{1,16}$/);
}

function checkForm(line: LogLine): void {
  const names = Object.keys(line).filter((name) => name !== 'logger');
  assert.deepEqual(names.slice(0, 4), ['level', 'ts', 'caller', 'msg']);
  assert.match(String(line['level']), /^(debug|info|warn|error|dpanic|panic|fatal)$/);
  assert.match(String(line['ts']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/);
  assert.match(String(line['caller']), /^[\w./-]+$|^[\w./-]+:\d+$/);
}
