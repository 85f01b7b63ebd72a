// How a program that was run for a command ended, in the words of the real etcdctl 3.4.23.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runProgram } from '../../../final/etcdctl/run_program.ts';
import { makeScratch, removeScratch } from '../../harness/scratch.ts';

const timeout = 30_000;
const env = { PATH: process.env['PATH'] };

describe('a program that cannot be started', () => {
  const big = 'x'.repeat(200_000);
  const cases: [words: readonly string[], expected: RegExp][] = [
    [[], /^exec: no command$/],
    [['', 'a'], /^exec: no command$/],
    [['no-such-program'], /^exec: "no-such-program": executable file not found in \$PATH$/],
    [['./no-such-program'], /^fork\/exec \.\/no-such-program: no such file or directory$/],
    [['/etc/passwd/x'], /^fork\/exec \/etc\/passwd\/x: not a directory$/],
    [['/etc/passwd'], /^fork\/exec \/etc\/passwd: permission denied$/],
    [[`/${'a'.repeat(300)}`], /^fork\/exec \/a+: file name too long$/],
    [['true', big], /^fork\/exec \/(usr\/)?bin\/true: argument list too long$/],
  ];
  for (const [words, expected] of cases) {
    test(words.map((word) => word.slice(0, 30)).join(' '), { timeout }, async () => {
      assert.match((await runProgram(words, env)) ?? '', expected);
    });
  }

  test('variables can be too long too', { timeout }, async () => {
    const failure = await runProgram(['true'], { ...env, BIG: big });
    assert.match(failure ?? '', /^fork\/exec \S+\/true: argument list too long$/);
  });

  test('folders and what may not be run are passed over in PATH; the current folder is refused', {
    timeout,
  }, async () => {
    const folder = makeScratch();
    try {
      const [first, second] = [path.join(folder, 'first'), path.join(folder, 'second')];
      fs.mkdirSync(path.join(first, 'dir'), { recursive: true });
      fs.mkdirSync(second);
      fs.writeFileSync(path.join(first, 'prog'), 'no program');
      fs.writeFileSync(path.join(second, 'prog'), '#!/bin/sh\nexit 7\n', { mode: 0o755 });
      const PATH = `${first}:${second}`;
      assert.equal(await runProgram(['prog'], { PATH }), 'exit status 7');
      assert.equal(await runProgram(['dir'], { PATH }), 'exec: "dir": executable file not found in $PATH');
      const relative = path.relative(process.cwd(), second);
      const refused = 'exec: "prog": cannot run executable found relative to current directory';
      assert.equal(await runProgram(['prog'], { PATH: relative }), refused);
    } finally {
      removeScratch(folder);
    }
  });
});

describe('a program that ended', () => {
  const signals = {
    HUP: 'hangup',
    INT: 'interrupt',
    QUIT: 'quit',
    ILL: 'illegal instruction',
    TRAP: 'trace/breakpoint trap',
    ABRT: 'aborted',
    BUS: 'bus error',
    FPE: 'floating point exception',
    KILL: 'killed',
    USR1: 'user defined signal 1',
    SEGV: 'segmentation fault',
    USR2: 'user defined signal 2',
    PIPE: 'broken pipe',
    ALRM: 'alarm clock',
    TERM: 'terminated',
    STKFLT: 'stack fault',
    XCPU: 'CPU time limit exceeded',
    XFSZ: 'file size limit exceeded',
    VTALRM: 'virtual timer expired',
    PROF: 'profiling timer expired',
    IO: 'I/O possible',
    PWR: 'power failure',
    SYS: 'bad system call',
  };
  for (const [name, expected] of Object.entries(signals)) {
    test(`by SIG${name}`, { timeout }, async () => {
      // Not every shell knows all names; no core file is written.
      const number = Object.entries(os.constants.signals).find(([known]) => known === `SIG${name}`)?.[1];
      const words = ['sh', '-c', `ulimit -c 0; kill -${number} $$; sleep 5`];
      assert.equal(await runProgram(words, env), `signal: ${expected}`);
    });
  }

  test('by itself', { timeout }, async () => {
    assert.equal(await runProgram(['true'], env), undefined);
    assert.equal(await runProgram(['sh', '-c', 'exit 3'], env), 'exit status 3');
  });

  test('its first word is what was typed', { timeout }, async () => {
    assert.equal(await runProgram(['bash', '-c', '[ "$BASH_ARGV0" = bash ] || [ "$0" = bash ]'], env), undefined);
  });
});

test('signals behind the first do not end a process that gives something back', { timeout }, async () => {
  const file = new URL('../../../final/etcdctl/io_node.ts', import.meta.url).href;
  const script = `
    import { nodeIo } from '${file}';
    const signal = nodeIo().interrupted();
    setInterval(() => undefined, 1000);
    signal.addEventListener('abort', () => setTimeout(() => { console.log('given back'); process.exit(0); }, 700));
    console.log('ready');`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  let sent = 0;
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
    if (sent > 0 || !out.includes('ready')) return;
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM', 'SIGTERM'] as const) {
      setTimeout(() => child.kill(signal), 100 * sent);
      sent += 1;
    }
  });
  const end = await new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
  assert.deepEqual([end, out], [[0, null], 'ready\ngiven back\n']);
});
