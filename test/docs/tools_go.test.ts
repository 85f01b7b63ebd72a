// The reading tools on the Go sources of etcd 3.5. Without ETCD_SOURCE only what needs no sources is tested: a small program.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { walkGo } from '../../docs/tools/go_calls.ts';
import { GoCode } from '../../docs/tools/go_code.ts';
import { PUT_STATIONS } from '../../docs/tools/go_symbols.ts';
import { goLogCallsOf } from '../../docs/tools/log_go.ts';
import { canWrite, findCalls, messageOf } from '../../docs/tools/log_messages.ts';
import { findBreakpoints } from '../../docs/tools/trace_go.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Codes, ETCD_SOURCE, NO_GO_SOURCE, read } from './tools_code.ts';

const MAIN = `package main

// A program with a flag of each form.
func newConfig() *config {
	fs.StringVar(&cfg.ec.Name, "name", cfg.ec.Name, "a \\"name\\"")
	fs.Var(flags.NewURLs("x"), "listen-urls", "where")
	fs.Var(flags.NewUint32Value(cfg.ec.MaxStreams), "max-streams", "most")
	return cfg
}

func (cfg *config) parse() {
	cfg.ec.ListenURLs = flags.URLsFromFlag(fs, "listen-urls")
	cfg.ec.MaxStreams = flags.Uint32FromFlag(fs, "max-streams")
}

func Main() {
	cfg := newConfig()
	cfg.parse()
	start(cfg)
}

func start(cfg *config) {
	lg.Info("starting", zap.String("name", cfg.ec.Name), zap.Error(err))
	lg.Warn(fmt.Sprintf("%x at term %d", id, term))
	r.logger.Infof("%x became leader at term %d", id, term)
	t.Fatal("not a log")
	// lg.Info("in a comment")
	s := "lg.Info(\\"in a text\\")"
}
`;
const CONFIG = `package main

type Config struct {
	Name       string \`json:"name"\`
	ListenURLs []url.URL
	MaxStreams uint32 \`json:"max-streams"\`
}
`;

describe('the reading tools on a small program in Go', () => {
  const folder = makeScratch();
  after(() => removeScratch(folder));
  fs.mkdirSync(path.join(folder, 'server', 'etcdmain'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'go.mod'), 'module example.org/small\n');
  fs.writeFileSync(path.join(folder, 'server', 'etcdmain', 'main.go'), MAIN);
  fs.writeFileSync(path.join(folder, 'server', 'etcdmain', 'config.go'), CONFIG);
  fs.writeFileSync(
    path.join(folder, 'server', 'etcdmain', 'main_test.go'),
    'package main\nfunc TestName() { use(cfg.ec.Name) }\n',
  );

  const FLAGS: readonly (readonly [flag: string, field: string, place: RegExp])[] = [
    ['name', 'Name', /type {3}server\/etcdmain\/config\.go:4\n/],
    ['listen-urls', 'ListenURLs', /field {2}server\/etcdmain\/main\.go:12 {2}config\.parse\n/],
    ['max-streams', 'MaxStreams', /field {2}server\/etcdmain\/main\.go:13 {2}config\.parse\n/],
  ];
  for (const [flag, field, place] of FLAGS) {
    it(`follows --${flag} to its field`, async () => {
      const { code, text } = await read('flag', flag, '--in', folder);
      assert.equal(code, 0, text);
      assert.match(text, place);
      assert.match(text, new RegExp(`used {3}\\.${field}, by name alone`));
      assert.doesNotMatch(text, /main_test/);
    });
  }

  it('orders the uses as a start meets them, and gives the key of the file', async () => {
    const { text } = await read('flag', 'name', '--in', folder);
    assert.match(
      text,
      /in the order of a start.*\n {4}server\/etcdmain\/main\.go:5 {2}newConfig\n.*\n {4}server\/etcdmain\/main\.go:23 {2}start\n/,
    );
    assert.match(text, /file {3}key name of the configuration file/);
  });

  it('suggests a flag that there is', async () => {
    const { code, text } = await read('flag', 'listen-url', '--in', folder);
    assert.equal(code, 1);
    assert.match(text, /did you mean "listen-urls"/);
  });

  it('finds the calls of a log, and nothing else', async () => {
    const code = await GoCode.open(folder);
    const calls = goLogCallsOf(code);
    assert.deepEqual(calls.map(messageOf), ['starting', '… at term …', '… became leader at term …']);
    assert.deepEqual(calls[0]?.fields, ['name', 'error']);
    assert.deepEqual(findCalls(calls, '8e9e05c52164694d became leader at term 2').map(messageOf), [
      '… became leader at term …',
    ]);
  });

  it('walks from main in the order of the calls', async () => {
    const code = await GoCode.open(folder);
    const walk = walkGo(code, { file: 'server/etcdmain/main.go', name: 'Main' });
    assert.deepEqual(
      [...walk.keys()].map((key) => key.split('#')[1]),
      ['Main', 'newConfig', 'config.parse', 'start'],
    );
  });

  it('lists what it does not find instead of a breakpoint', async () => {
    const { code, text } = await read('trace', '--in', folder);
    assert.equal(code, 0);
    assert.equal(text.match(/ is not in these sources$/gm)?.length, PUT_STATIONS.length);
  });

  it('runs no server in Go', async () => {
    const { code, text } = await read('frames', '--in', folder);
    assert.equal(code, 1);
    assert.match(text, /cannot be run here/);
  });
});

describe('the stations of a put', () => {
  it('are functions that step 05 has', () => {
    const { code } = new Codes().of('steps/05-raft');
    for (const { ours } of PUT_STATIONS) {
      const at = ours.indexOf('#');
      assert.ok(code.find(`steps/05-raft/${ours.slice(0, at)}`, ours.slice(at + 1)), ours);
    }
  });
});

describe('the reading tools on the Go sources of etcd', { skip: NO_GO_SOURCE }, () => {
  const folder = ETCD_SOURCE ?? '';

  it('follow every flag of the server that sets a field of the configuration', async () => {
    for (const flag of [
      'name',
      'data-dir',
      'listen-client-urls',
      'initial-cluster-state',
      'max-concurrent-streams',
      'host-whitelist',
    ]) {
      const { code, text } = await read('flag', flag, '--in', folder);
      assert.equal(code, 0, text);
      assert.match(text, new RegExp(`file {3}key ${flag} of the configuration file`), text);
      assert.match(text, /in the order of a start/);
    }
  });

  it('find the line of the source that a log of etcd names', async () => {
    const calls = goLogCallsOf(await GoCode.open(folder));
    assert.ok(calls.length > 700, `${calls.length} calls`);
    for (const message of ['now serving peer/client/metrics', 'closing etcd server', 'starting an etcd server']) {
      assert.ok(
        findCalls(calls, message).some(({ file }) => file === 'server/embed/etcd.go'),
        message,
      );
    }
    const leader = '8e9e05c52164694d became leader at term 2';
    assert.deepEqual(
      calls
        .filter((call) => canWrite(call, leader))
        .map(({ symbol }) => symbol)
        .filter((symbol) => symbol === 'raft.becomeLeader').length,
      1,
    );
  });

  it('find a breakpoint for every station of a put', async () => {
    const points = await findBreakpoints(folder);
    for (const { goSymbol, file, line } of points) {
      assert.ok(file !== undefined && line !== undefined, goSymbol);
      const text = fs.readFileSync(path.join(folder, file), 'utf8').split('\n');
      // The function begins a little above its first statement.
      const method = goSymbol.slice(goSymbol.indexOf('.') + 1);
      assert.ok(
        text.slice(Math.max(0, line - 6), line).some((one) => one.startsWith('func ') && one.includes(` ${method}(`)),
        `${file}:${line}`,
      );
    }
  });
});
