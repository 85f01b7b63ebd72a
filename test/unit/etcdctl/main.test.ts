import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import type { Client, ClientOptions } from '../../../final/client/client.ts';
import { ClientError } from '../../../final/client/errors.ts';
import { main, type Services } from '../../../final/etcdctl/main.ts';
import { newPrinter } from '../../../final/etcdctl/printers.ts';
import { goldenFile } from '../../golden/covered.ts';
import { fakeIo } from './fake_io.ts';

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly connected: readonly ClientOptions[];
}

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Ran> {
  const fake = fakeIo(input);
  const connected: ClientOptions[] = [];
  const client = {
    range: async () => ({ header: undefined, kvs: [{ key: Buffer.from('a'), value: Buffer.from('1') }] }),
    put: async () => Promise.reject(new ClientError(3, 'etcdserver: key is not provided')),
    close: () => undefined,
  } as unknown as Client;
  const services: Services = {
    connect: async (options) => {
      connected.push(options);
      return client;
    },
    printers: async () => newPrinter,
  };
  const status = await main({ argv, env, io: fake.io, services });
  return { status, stdout: fake.stdout().toString(), stderr: fake.stderr(), connected };
}

describe('help', () => {
  interface HelpCase {
    readonly name: string;
    readonly argv: readonly string[];
    readonly stdout: string;
  }
  const golden = JSON.parse(fs.readFileSync(goldenFile, 'utf8')) as HelpCase[];
  for (const { name, argv, stdout } of golden.filter((one) => /^help|-help$|^no-command$/.test(one.name))) {
    test(name, async () => assert.deepEqual(await run(argv), { status: 0, stdout, stderr: '', connected: [] }));
  }
});

describe('commands', () => {
  test('print what comes', async () => {
    assert.equal((await run(['get', 'a'])).stdout, 'a\n1\n');
    assert.match((await run(['version'])).stdout, /^etcdctl version: 3\.4\.23\nAPI version: 3\.4\n$/);
  });

  test('a failed request is exit status 1, with the text of the server', async () => {
    const { status, stderr } = await run(['put', '', 'v']);
    assert.deepEqual([status, stderr], [1, 'Error: etcdserver: key is not provided\n']);
  });

  test('that are not there yet say so, and do not connect', async () => {
    const { status, stderr, connected } = await run(['migrate']);
    assert.deepEqual([status, stderr, connected], [1, 'Error: etcdctl migrate is not yet implemented\n', []]);
  });

  test('an unknown format is refused before anything is done', async () => {
    const { status, stderr, connected } = await run(['get', 'a', '-w', 'yaml']);
    assert.deepEqual([status, stderr, connected], [4, 'Error: unsupported output format\n', []]);
  });
});

describe('flags', () => {
  const refused: [argv: readonly string[], message: string][] = [
    [['get', '--rev=x'], 'invalid argument "x" for "--rev" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [['get', 'a', '--nope'], 'unknown flag: --nope'],
    [['get', '--limit'], 'flag needs an argument: --limit'],
    [
      ['get', '--dial-timeout=1é'],
      'invalid argument "1é" for "--dial-timeout" flag: time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"',
    ],
    [['get', '---x'], 'bad flag syntax: ---x'],
    [['get', '-x'], "unknown shorthand flag: 'x' in -x"],
  ];
  for (const [argv, message] of refused) {
    test(argv.join(' '), async () => {
      const { status, stdout, stderr } = await run(argv);
      assert.deepEqual([status, stderr], [1, `Error: ${message}\n\nError: ${message}\n`]);
      assert.match(stdout, /^NAME:\n\tget - /);
    });
  }

  test('become options of the client', async () => {
    const argv = ['--endpoints=a:1, b:2', 'get', 'x', '--user=u:p:q', '--dial-timeout', '1m', '--keepalive-time=3s'];
    const [options] = (await run(argv)).connected;
    const { endpoints, user, password, dialTimeoutMs, keepaliveTimeMs, tls } = options ?? {};
    assert.deepEqual(
      [endpoints, user, password, dialTimeoutMs, keepaliveTimeMs, tls],
      [['a:1', 'b:2'], 'u', 'p:q', 60_000, 3_000, undefined],
    );
  });

  const tls: [argv: readonly string[], message: string][] = [
    [['--cert='], 'empty string is passed to --cert option'],
    [['--cert=c.pem'], 'KeyFile and CertFile must both be present[key: , cert: c.pem]'],
    [['--cacert=no-such.pem'], 'open no-such.pem: no such file or directory'],
  ];
  for (const [argv, message] of tls) {
    test(argv.join(' '), async () => {
      const { status, stderr } = await run([...argv, 'get', 'a']);
      assert.deepEqual([status, stderr], [128, `Error: ${message}\n`]);
    });
  }

  test('a password is asked for', async () => {
    const { stdout, connected } = await run(['--user=u', 'get', 'a'], {}, 'secret');
    assert.match(stdout, /^Password: /);
    assert.equal(connected[0]?.password, 'secret');
  });
});

describe('environment', () => {
  test('fills in what was not typed', async () => {
    const env = { ETCDCTL_WRITE_OUT: 'json', ETCDCTL_ENDPOINTS: 'e:1,f:2', ETCDCTL_API: '3' };
    const { stdout, connected, stderr } = await run(['get', 'a'], env);
    assert.match(stdout, /^\{/);
    assert.deepEqual([connected[0]?.endpoints, stderr], [['e:1', 'f:2'], '']);
  });

  test('and the command line exclude each other', async () => {
    const { status, stderr } = await run(['get', 'a', '--hex'], { ETCDCTL_HEX: '' });
    assert.equal(status, 1);
    assert.match(stderr, /C \| pkg\/flags: conflicting environment variable "ETCDCTL_HEX" is shadowed by/);
  });

  test('an unknown variable is a warning', async () => {
    const { status, stderr } = await run(['get', 'a'], { ETCDCTL_FOO: '1' });
    assert.equal(status, 0);
    assert.match(stderr, /W \| pkg\/flags: unrecognized environment variable ETCDCTL_FOO=1\n$/);
  });

  test('another API is refused', async () => {
    assert.equal((await run(['get', 'a'], { ETCDCTL_API: '4' })).stderr, 'unsupported API version 4\n');
  });
});

test('a mistyped command brings those that are near', async () => {
  const { status, stderr } = await run(['pit']);
  const told = 'Error: unknown command "pit" for "etcdctl"\n\nDid you mean this?\n\tget\n\tput\n\n';
  assert.deepEqual([status, stderr], [1, `${told}Run 'etcdctl --help' for usage.\n${told}`]);
});
