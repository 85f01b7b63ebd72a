// The configuration file (spec/cli.md A.2): YAML or JSON, strict types, and nothing else counts beside it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { KV } from '../../proto/load.ts';
import { freePort } from '../harness/ports.ts';
import type { Server } from '../harness/server.ts';
import { type Case, type CaseContext, type CaseGroup } from './case.ts';
import { refusedStart } from './starting.ts';

const since = 'final';

// With a file no flag counts, so none is given.
const NO_FLAGS = Object.fromEntries(
  [
    'name',
    'data-dir',
    'listen-client-urls',
    'advertise-client-urls',
    'listen-peer-urls',
    'initial-advertise-peer-urls',
    'initial-cluster',
  ].map((name) => [name, undefined]),
);

interface Places {
  readonly client: string;
  readonly peer: string;
}

/** Starts a server with the file that `write` gives for its URLs; `how` says where the file is named. */
async function startWith(
  t: CaseContext,
  write: (places: Places) => string,
  how: { flags?: Record<string, string>; env?: Record<string, string>; fileName?: string } = {},
): Promise<Server> {
  const folder = t.folder();
  const clientPort = await freePort();
  const places = { client: `http://127.0.0.1:${clientPort}`, peer: `http://127.0.0.1:${await freePort()}` };
  const file = path.join(folder, how.fileName ?? 'etcd.yml');
  fs.writeFileSync(file, write(places));
  const named = how.env === undefined ? { 'config-file': file } : {};
  return t.start({ folder, flags: { ...NO_FLAGS, ...named, ...how.flags }, clientPort, env: { ...how.env } });
}

const urlsOf = ({ client, peer }: Places, name = 'default'): string => `
listen-client-urls: ${client}
advertise-client-urls: ${client}
listen-peer-urls: ${peer}
initial-advertise-peer-urls: ${peer}
initial-cluster: ${name}=${peer}
`;

/** How many operations a txn of this server may have: shows that a number of the file counts. */
async function maxOps(server: Server): Promise<number> {
  const client = server.grpc();
  for (let count = 1; count < 10; count += 1) {
    const success = Array.from({ length: count }, (_, index) => ({ request_range: { key: Buffer.from(`${index}`) } }));
    if ((await client.unary(KV.methods.Txn, { success })).code !== 0) return count - 1;
  }
  return Number.POSITIVE_INFINITY;
}

const accepted: Case[] = [
  {
    name: 'a file configures a server, and flags beside it do not count',
    since,
    server: 'none',
    run: async (t) => {
      const server = await startWith(t, (places) => `name: fromfile\nmax-txn-ops: 3\n${urlsOf(places, 'fromfile')}`, {
        flags: { name: 'flagname', 'max-txn-ops': '1' },
      });
      assert.equal(await maxOps(server), 3);
      assert.match(server.stderr, /will be ignored if provided/);
      const folders = fs.readdirSync(server.folder);
      assert.ok(folders.includes('fromfile.etcd') && !folders.includes('flagname.etcd'), folders.join());
    },
  },
  {
    name: 'variables beside a file do not count',
    since,
    server: 'none',
    run: async (t) => {
      const env = { ETCD_MAX_TXN_OPS: '1', ETCD_SNAPSHOT_COUNT: 'nonsense' };
      const server = await startWith(t, (places) => `max-txn-ops: 3\n${urlsOf(places)}`, {
        flags: { 'config-file': 'etcd.yml' },
        env,
      });
      assert.equal(await maxOps(server), 3);
    },
  },
  {
    name: 'the file may be JSON',
    since,
    server: 'none',
    run: async (t) => {
      const server = await startWith(t, ({ client, peer }) =>
        JSON.stringify({
          'max-txn-ops': 2,
          'listen-client-urls': client,
          'advertise-client-urls': client,
          'listen-peer-urls': peer,
          'initial-advertise-peer-urls': peer,
          'initial-cluster': `default=${peer}`,
          'grpc-keepalive-min-time': 1_000_000_000,
          'pre-vote': true,
          'log-outputs': ['stderr'],
          'host-whitelist': '127.0.0.1,a',
        }),
      );
      assert.equal(await maxOps(server), 2);
    },
  },
  {
    name: 'the file may be named by a variable',
    since,
    server: 'none',
    run: async (t) => {
      const server = await startWith(t, (places) => `max-txn-ops: 2\n${urlsOf(places)}`, {
        env: { ETCD_CONFIG_FILE: 'etcd.yml' },
      });
      assert.equal(await maxOps(server), 2);
    },
  },
  {
    name: 'unknown keys are ignored, empty values leave the default, and words of YAML 1.1 are bools',
    since,
    server: 'none',
    run: async (t) => {
      const odd = 'nosuch: 5\nname: ~\nmax-request-bytes:\npre-vote: yes\nlog-outputs: []\nmax-txn-ops: 0x2\n';
      const server = await startWith(t, (places) => `# a comment\n${odd}${urlsOf(places)}`);
      assert.equal(await maxOps(server), 2);
    },
  },
  {
    name: 'of a key that comes twice the last one counts, and the case of a key does not matter',
    since,
    server: 'none',
    run: async (t) => {
      const server = await startWith(t, (places) => `max-txn-ops: 5\nmax-txn-ops: 4\n${urlsOf(places)}`);
      assert.equal(await maxOps(server), 4);
      const other = await startWith(t, (places) => `MAX-txn-ops: 3\n${urlsOf(places)}`);
      assert.equal(await maxOps(other), 3);
    },
  },
  {
    name: 'with a file nobody insists on an advertised URL',
    since,
    server: 'none',
    run: async (t) => {
      await startWith(t, (places) => urlsOf(places).replace(/^advertise-client-urls:.*$/m, ''));
    },
  },
];

/** A case that a file is refused. 3.5 names the struct of a field more exactly than 3.4. */
function refusedFile(name: string, content: string, text: string, only?: '3.5'): Case {
  return {
    name,
    since,
    ...(only === undefined ? {} : { only }),
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      fs.writeFileSync(path.join(folder, 'etcd.yml'), content);
      const expected =
        t.target.line === '3.4' ? text.replace(/configYAML\.(Config|configJSON)\./, 'configYAML.') : text;
      const flags = { ...NO_FLAGS, 'config-file': 'etcd.yml' };
      await refusedStart(t, { folder, flags }, { status: 1, text: expected });
    },
  };
}

const cannot = (what: string, field: string, type: string): string =>
  `json: cannot unmarshal ${what} into Go struct field configYAML.Config.${field} of type ${type}`;

const refused: Case[] = [
  {
    name: 'a file that is not there, and one that is a folder, are refused',
    since,
    server: 'none',
    run: async (t) => {
      const start = (file: string) => ({ flags: { ...NO_FLAGS, 'config-file': file } });
      await refusedStart(t, start('none.yml'), { status: 1, text: 'open none.yml: no such file or directory' });
      await refusedStart(t, start('/'), { status: 1, text: 'read /: is a directory' });
    },
  },
  {
    name: 'flags beside a file are parsed all the same',
    since,
    server: 'none',
    run: async (t) => {
      const options = { flags: { ...NO_FLAGS, 'config-file': 'etcd.yml' }, arguments: ['--nosuch'] };
      await refusedStart(t, options, { status: 2, text: 'flag provided but not defined: -nosuch' });
    },
  },
  refusedFile(
    'a text where a number belongs is refused',
    'heartbeat-interval: abc\n',
    cannot('string', 'heartbeat-interval', 'uint'),
  ),
  refusedFile(
    'a number in quotes is a text',
    'heartbeat-interval: "100"\n',
    cannot('string', 'heartbeat-interval', 'uint'),
  ),
  refusedFile(
    'a negative number where none belongs is refused',
    'heartbeat-interval: -4\n',
    cannot('number -4', 'heartbeat-interval', 'uint'),
  ),
  refusedFile('a fraction is refused', 'heartbeat-interval: 1.5\n', cannot('number 1.5', 'heartbeat-interval', 'uint')),
  refusedFile(
    'a list where a number belongs is refused',
    'heartbeat-interval: [1]\n',
    cannot('array', 'heartbeat-interval', 'uint'),
  ),
  refusedFile(
    'a map where a number belongs is refused',
    'heartbeat-interval: {a: 1}\n',
    cannot('object', 'heartbeat-interval', 'uint'),
  ),
  refusedFile('a number where a text belongs is refused', 'name: 5\n', cannot('number', 'name', 'string')),
  refusedFile('a bool where a text belongs is refused', 'name: true\n', cannot('bool', 'name', 'string')),
  refusedFile('a text where a bool belongs is refused', 'pre-vote: "true"\n', cannot('string', 'pre-vote', 'bool')),
  refusedFile('a number where a bool belongs is refused', 'pre-vote: 1\n', cannot('number', 'pre-vote', 'bool')),
  refusedFile(
    'the outputs of the log are a list',
    'log-outputs: stderr\n',
    cannot('string', 'log-outputs', '[]string'),
  ),
  refusedFile(
    'the outputs of the log are texts',
    'log-outputs: [stderr, 5]\n',
    cannot('number', 'log-outputs', 'string'),
  ),
  refusedFile(
    'durations are nanoseconds',
    'grpc-keepalive-min-time: 5s\n',
    cannot('string', 'grpc-keepalive-min-time', 'time.Duration'),
  ),
  refusedFile(
    'URLs are one text',
    'listen-client-urls: [http://a:1]\n',
    'cannot unmarshal array into Go struct field configYAML.configJSON.listen-client-urls of type string',
    '3.5',
  ),
  refusedFile(
    'a whitelist is one text',
    'host-whitelist: [a]\n',
    'cannot unmarshal array into Go struct field configYAML.configJSON.host-whitelist of type string',
    '3.5',
  ),
  refusedFile(
    'a uint32 has 32 bits in a file too',
    'max-concurrent-streams: 4294967296\n',
    cannot('number 4294967296', 'max-concurrent-streams', 'uint32'),
    '3.5',
  ),
  refusedFile(
    'a bad URL in a file is refused',
    'listen-client-urls: foo\n',
    'unexpected error setting up listen-client-urls: URL scheme must be http, https, unix, or unixs: foo',
  ),
  refusedFile('a bad state of the cluster is refused', 'initial-cluster-state: foo\n', 'unexpected clusterState "foo"'),
  refusedFile(
    'what is not checked while reading is checked behind it',
    'election-timeout: 50001\n',
    '--election-timeout[50001ms] is too long',
  ),
  refusedFile('a list is no configuration', '- a\n', 'cannot unmarshal array into Go value of type embed.configYAML'),
  refusedFile(
    'a text is no configuration',
    'justtext\n',
    'cannot unmarshal string into Go value of type embed.configYAML',
  ),
  refusedFile('what is no YAML is refused', 'a: [1, 2\n', 'error converting YAML to JSON: yaml: line '),
  refusedFile('an unknown anchor is refused', 'heartbeat-interval: *b\n', 'error converting YAML to JSON: yaml: '),
];

const notYet: Case[] = [
  {
    ...refusedFile(
      'a key of a file that cannot be served yet is refused',
      'client-transport-security:\n  cert-file: a.pem\n',
      '--cert-file is not yet implemented (set to "a.pem")',
    ),
    notOnReal: 'it can',
  },
];

/** The cases of the configuration file. */
export const configFileCases: CaseGroup = { name: 'config_file', cases: [...accepted, ...refused, ...notYet] };
