// `read log`: from each line that a server writes to the source line that wrote it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { canWrite, findCalls, messageOf } from '../../docs/tools/log_messages.ts';
import { logCallsOf } from '../../docs/tools/log_ts.ts';
import { PageIndex } from '../../docs/tools/pages.ts';
import { freePorts, startServer } from '../../docs/tools/servers.ts';
import { loadChain, REPOSITORY } from '../../steps/tool/chain.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Codes, read } from './tools_code.ts';

describe('read log', () => {
  const codes = new Codes();
  const scratch = makeScratch();
  after(() => removeScratch(scratch));

  for (const { slug, folder, step } of loadChain().links) {
    if (step === undefined) continue;
    it(`${slug}: finds every call that the text shows`, () => {
      const { code } = codes.of(folder);
      const found = logCallsOf(code).map(({ file, line }) => `${file}:${line}`);
      const shown = code.files.flatMap((file) =>
        fs
          .readFileSync(path.join(REPOSITORY, file), 'utf8')
          .split('\n')
          .flatMap((line, i) => (/\.(info|warn|fatal)\((['"`]|$)/.test(line) ? [`${file}:${i + 1}`] : [])),
      );
      assert.deepEqual(found.toSorted(), shown.toSorted());
    });
  }

  it('annotates the log of a real start and stop, line by line', async () => {
    const lines: string[] = [];
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const peer = `http://127.0.0.1:${peerPort}`;
    const server = await startServer({
      folder: path.join(REPOSITORY, 'steps/03-kv'),
      name: 'n1',
      clientPort,
      flags: ['--listen-peer-urls', peer],
      preload: [],
      env: {},
      cwd: scratch,
      onLine: (line) => lines.push(line),
    });
    const ended = new Promise((resolve) => server.process.once('close', resolve));
    // It begins to listen for signals just behind its last line.
    await delay(200);
    server.process.kill('SIGTERM');
    await ended;
    const file = path.join(scratch, 'n1.log');
    fs.writeFileSync(file, `${lines.join('\n')}\nno log line\n`);
    const { code, text } = await read('log', '--file', file, '--in', '03');
    assert.equal(code, 0);
    assert.doesNotMatch(text, /not found in this code/);
    assert.match(text, /^info {2}Running: \n {6}etcdmain\/main\.ts:\d+ {2}main\n/);
    assert.match(text, /info {2}configuring client listeners\n {6}embed\/etcd\.ts:\d+ {2}configureListeners\n/);
    assert.match(text, /info {2}received signal; shutting down\n {6}etcdmain\/main\.ts:\d+ {2}stopOnSignal\n/);
    assert.match(text, /\n\? no log line$/);
    assert.ok(lines.length > 10, `${lines.length} lines`);
  });

  it('tells a message of another program', async () => {
    const file = path.join(scratch, 'other.log');
    fs.writeFileSync(file, '{"level":"info","caller":"a/b.go:1","msg":"something else entirely"}\n');
    const { text } = await read('log', '--file', file);
    assert.match(text, /not found in this code \(caller a\/b\.go:1\)/);
    fs.writeFileSync(file, 'plain text\n');
    assert.equal((await read('log', '--file', file)).code, 1);
  });

  it('finds a message by a part, by all of it, and filled in', async () => {
    const { code, text } = await read('log', 'closing', 'etcd');
    assert.equal(code, 0);
    assert.match(
      text,
      /: 1 place\n\ninfo {3}embed\/etcd\.ts:\d+ {2}close\n {9}"closing etcd server"\n {9}fields {6}name, advertise-client-urls\n/,
    );
    const inStep = logCallsOf(codes.of('steps/05-raft').code);
    assert.deepEqual(
      findCalls(inStep, 'closing etcd server').map(({ symbol }) => symbol),
      ['close'],
    );
    const [filled] = findCalls(inStep, 'configuring peer listeners');
    assert.equal(filled === undefined ? '' : messageOf(filled), 'configuring … listeners');
    assert.deepEqual(filled?.fields, ['listen-${port}-urls']);
    const inFinal = logCallsOf(codes.of('final').code);
    assert.deepEqual(
      findCalls(inFinal, 'became leader at term 7').map(({ symbol }) => symbol),
      ['Raft.becomeLeader'],
    );
  });

  it('finds both messages of a choice', () => {
    const messages = logCallsOf(codes.of('final').code).map(messageOf);
    assert.ok(messages.includes('setting up initial cluster version'));
    assert.ok(messages.includes('updating cluster version'));
  });

  it('suggests messages that share words', async () => {
    const { code, text } = await read('log', 'cloosing server');
    assert.equal(code, 1);
    assert.match(text, /the nearest are:\n {2}closed etcd server\n {2}closing etcd server$/);
  });

  it('refuses command lines that make no sense', async () => {
    assert.equal((await read('log')).code, 2);
    assert.equal((await read('log', 'a', '--file', 'b')).code, 2);
    assert.equal((await read('log', '--file', path.join(scratch, 'nowhere.log'))).code, 1);
  });

  it('takes no message of open parts alone for the writer of everything', () => {
    const call = { level: 'info', fields: [], file: 'a', line: 1, symbol: undefined, text: '', caller: undefined };
    assert.ok(!canWrite({ ...call, parts: ['', ' ', ''] }, 'any text'));
    assert.ok(canWrite({ ...call, parts: ['became ', ' at term ', ''] }, 'became leader at term 2'));
    assert.ok(!canWrite({ ...call, parts: ['became ', ' at term ', ''] }, 'it became leader at term 2'));
  });
});

describe('the pages that explain a symbol', () => {
  it('are found by links and by blocks; the nearest step and the nearest symbol count', () => {
    const root = makeScratch();
    fs.mkdirSync(path.join(root, 'docs', 'method'), { recursive: true });
    const write = (name: string, text: string): void => fs.writeFileSync(path.join(root, 'docs', name), text);
    write('01-listeners.en.md', '```hunks\nembed/etcd.ts\n```\n');
    write('04-wal.en.md', '```hunks\nembed/etcd.ts#startEtcd,close\n```\n');
    write('05-raft.en.md', 'See [x](../steps/05-raft/server/raft_loop.ts#RaftLoop.#handle).\n');
    write('method/trace.en.md', '```code\nsteps/05-raft/server/raft_loop.ts#RaftLoop\n```\n');
    const index = new PageIndex(root);
    assert.equal(index.pageOf('05-raft', 'embed/etcd.ts', 'startEtcd'), 'docs/04-wal.en.md');
    assert.equal(index.pageOf('03-kv', 'embed/etcd.ts', 'startEtcd'), 'docs/01-listeners.en.md');
    assert.equal(index.pageOf('05-raft', 'embed/etcd.ts', 'configureListeners'), 'docs/01-listeners.en.md');
    assert.equal(index.pageOf('05-raft', 'server/raft_loop.ts', 'RaftLoop.#handle'), 'docs/05-raft.en.md');
    assert.equal(index.pageOf('05-raft', 'server/raft_loop.ts', 'RaftLoop.run'), 'docs/method/trace.en.md');
    assert.equal(index.pageOf('05-raft', 'server/apply.ts', 'Applier'), undefined);
    removeScratch(root);
  });
});
