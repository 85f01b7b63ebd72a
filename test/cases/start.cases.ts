// What the program prints when it is asked about itself, and what a start and a stop log (spec/cli.md A.4 to A.6).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { FLAGS } from '../../final/etcdmain/config_table.ts';
import { runProgram } from '../harness/process.ts';
import type { Case, CaseContext, CaseGroup } from './case.ts';
import { checkStartLog, logOf } from './start_log.ts';
import { get, STOP_LIMIT_MS } from './starting.ts';

const since = 'final';

/** Runs the program with nothing but `args` to its end. */
function runAlone(t: CaseContext, args: readonly string[], env: Record<string, string> = {}) {
  return runProgram({ command: [...t.target.command, ...args], cwd: t.folder(), env });
}

const answers: Case[] = [
  {
    name: '--version prints four lines and nothing else',
    since,
    server: 'none',
    run: async (t) => {
      for (const args of [['--version'], ['-version'], ['--version=true', '--name=x']]) {
        const { code, stdout, stderr } = await runAlone(t, args, { ETCD_NAME: 'x', ETCD_FOO: 'y' });
        assert.deepEqual([code, stderr], [0, '']);
        assert.match(
          stdout,
          /^etcd Version: 3\.[45]\.\d+\nGit SHA: .+\nGo Version: .+\nGo OS\/Arch: (linux|darwin|win32|windows)\/\w+\n$/,
        );
      }
    },
  },
  {
    name: '--help prints the flags on stdout and the usage on stderr',
    since,
    server: 'none',
    run: async (t) => {
      for (const args of [['--help'], ['-h'], ['-help', '--version']]) {
        const { code, stdout, stderr } = await runAlone(t, args);
        assert.equal(code, 0);
        assert.match(stderr, /^Usage:\n\n {2}etcd \[flags\]\n {4}Start an etcd server\.\n\n {2}etcd --version\n/);
        assert.ok(stderr.endsWith('\n\n'));
        assert.match(stdout, /^\nMember:\n {2}--name 'default'\n {4}\w/);
        for (const name of ['Clustering:', 'Security:', "--initial-cluster-state 'new'", "--data-dir '${name}.etcd'"]) {
          assert.ok(stdout.includes(`\n${name.startsWith('--') ? '  ' : ''}${name}\n`), name);
        }
      }
    },
  },
  {
    name: 'a flag that cannot be parsed is told above the usage',
    since,
    server: 'none',
    run: async (t) => {
      const { code, stdout, stderr } = await runAlone(t, ['--nosuch']);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^flag provided but not defined: -nosuch\nUsage:\n\n {2}etcd \[flags\]\n/);
    },
  },
];

// The help of the real 3.5 forgets this one.
const NOT_IN_HELP = 'experimental-snapshot-catchup-entries';

const known: Case[] = [
  {
    name: 'every flag of 3.5 is known, and takes its default',
    since,
    only: '3.5',
    server: 'none',
    run: async (t) => {
      const args = [...FLAGS.values()].map((one) => `--${one.name}=${one.default}`);
      const { code, stderr } = await runAlone(t, [...args, '--version']);
      assert.deepEqual([code, stderr], [0, '']);
    },
  },
  {
    name: 'the help lists the flags of 3.5 and no others',
    since,
    only: '3.5',
    server: 'none',
    run: async (t) => {
      const { stdout } = await runAlone(t, ['--help']);
      const listed = [...stdout.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name]) => name);
      const without = (names: readonly (string | undefined)[]) => new Set(names.filter((name) => name !== NOT_IN_HELP));
      assert.deepEqual(without(listed), without([...FLAGS.keys()]));
    },
  },
  {
    name: 'a server starts with every flag at its default, but for its places',
    since,
    notOnReal: 'some of its defaults can only be left out, not given',
    server: 'none',
    run: async (t) => {
      const flags = [...FLAGS.values()].filter(({ name }) => !/urls$|^name$|^data-dir$|^initial-cluster$/.test(name));
      const server = await t.start({ flags: Object.fromEntries(flags.map((one) => [one.name, one.default])) });
      assert.equal((await get(server, '/health')).status, 200);
    },
  },
];

const logs: Case[] = [
  {
    name: 'a start logs one JSON object a line, with the lines that operators know, in order',
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start({ flags: { logger: 'zap', 'log-outputs': 'stderr' } });
      await checkStartLog(server, t.target);
    },
  },
  {
    name: 'a stop logs its lines in order',
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start({ flags: { logger: 'zap', 'log-outputs': 'stderr' } });
      server.signal('SIGTERM');
      await server.ended(STOP_LIMIT_MS);
      const messages = logOf(server.stderr).map(({ msg }) => msg);
      const expected = [
        'closing etcd server',
        'skipped leadership transfer for single voting member cluster',
        'closed etcd server',
      ];
      assert.deepEqual(
        messages.filter((msg) => expected.includes(String(msg))),
        expected,
      );
    },
  },
  {
    name: 'a signal is logged by its name',
    since: '01-listeners',
    only: '3.5',
    server: 'none',
    run: async (t) => {
      for (const [signal, name] of [
        ['SIGTERM', 'terminated'],
        ['SIGINT', 'interrupt'],
      ] as const) {
        const server = await t.start();
        server.signal(signal);
        await server.ended(STOP_LIMIT_MS);
        const line = logOf(server.stderr).find(({ msg }) => msg === 'received signal; shutting down');
        assert.equal(line?.['signal'], name);
      }
    },
  },
  {
    name: '--log-level leaves out what is below it',
    since,
    server: 'none',
    run: async (t) => {
      const flags = { logger: 'zap', 'log-outputs': 'stderr', 'log-level': 'error' };
      const server = await t.start({ flags });
      const levels = logOf(server.stderr).map(({ level }) => level);
      // What is said before the flags are understood has its own level.
      assert.ok(!levels.slice(3).some((level) => level === 'info' || level === 'warn'), server.stderr);
      assert.ok(!server.stderr.includes('now serving peer'));
    },
  },
  {
    name: '--log-outputs writes to stdout and to files as well',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const file = path.join(folder, 'etcd.log');
      const server = await t.start({ folder, flags: { logger: 'zap', 'log-outputs': `stdout,${file}` } });
      assert.match(server.stdout, /"msg":"starting an etcd server"/);
      assert.match(fs.readFileSync(file, 'utf8'), /"msg":"starting an etcd server"/);
      assert.doesNotMatch(server.stderr, /"msg":"starting an etcd server"/);
    },
  },
  {
    name: 'the level of the log may be written in capitals, and empty it is info',
    since,
    only: '3.5',
    server: 'none',
    run: async (t) => {
      for (const level of ['INFO', '']) {
        const server = await t.start({ flags: { 'log-level': level } });
        assert.match(server.stderr, /"msg":"starting an etcd server"/);
        assert.equal((await get(server, '/health')).status, 200);
      }
    },
  },
];

/** The cases of start, stop and log. */
export const startCases: CaseGroup = { name: 'start', cases: [...answers, ...known, ...logs] };
