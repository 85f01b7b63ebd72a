// `read flag`: every flag of every step leads from its entry in the table to a use in the server.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flagNames, followFlag } from '../../docs/tools/flag_ts.ts';
import { loadChain } from '../../steps/tool/chain.ts';
import { Codes, read } from './tools_code.ts';

describe('read flag', () => {
  const codes = new Codes();

  for (const { slug, folder, step } of loadChain().links) {
    it(`${slug}: each flag that is ready sets a field that is used, by a chain of calls from main`, () => {
      const { code, graph } = codes.of(folder);
      const names = flagNames(code);
      if (step !== undefined) assert.deepEqual(names.toSorted(), step.flags.toSorted());
      for (const name of names) {
        const story = followFlag(code, graph, name);
        assert.ok(story !== undefined);
        assert.ok(story.table.text.includes(`'${name}'`), story.table.text);
        if (!story.isReady) continue;
        assert.ok(story.fields.length > 0, `${name} sets no field`);
        for (const field of story.fields) {
          assert.ok(field.uses.length > 0, `${name}: Config.${field.name} is not used`);
          for (const use of field.uses) {
            assert.equal(use.path[0], 'main', `${name}: nothing leads to ${use.file}:${use.line}`);
            assert.equal(use.path.at(-1), use.symbol);
          }
        }
      }
    });
  }

  it('finds what a function takes out of the configuration, and follows the value into a call', () => {
    const { code, graph } = codes.of('steps/05-raft');
    const [field] = followFlag(code, graph, 'initial-cluster')?.fields ?? [];
    const [use] = field?.uses ?? [];
    assert.equal(use?.text, 'const cluster = newCluster({ name, initialCluster, advertisePeerUrls });');
    assert.deepEqual(use?.path, ['main', 'startEtcd', 'bootstrap', 'newMember']);
    assert.match(use?.into ?? '', /^newCluster \(server\/cluster\.ts:\d+\) – The cluster/);
  });

  it('orders uses as a start meets them', () => {
    const { code, graph } = codes.of('steps/01-listeners');
    const [field] = followFlag(code, graph, 'listen-client-urls')?.fields ?? [];
    assert.deepEqual(
      field?.uses.map((use) => use.symbol),
      ['validate', 'startEtcd'],
    );
  });

  it('knows a flag from the text of another that contains it', () => {
    const { code, graph } = codes.of('final');
    const named = followFlag(code, graph, 'initial-cluster')?.named ?? [];
    assert.ok(named.length > 0);
    for (const { text } of named)
      assert.doesNotMatch(text.replaceAll(/initial-cluster(?![a-z-])/g, ''), /initial-cluster$/);
  });

  it('tells the chain as text, with and without dashes', async () => {
    const { code, text } = await read('flag', '--', '--data-dir', '--in', '04');
    assert.equal(code, 2, text);
    const plain = await read('flag', 'data-dir', '--in', '04');
    assert.equal(plain.code, 0);
    assert.match(plain.text, /^--data-dir in 04-wal\n\ntable {2}etcdmain\/config_table\.ts:\d+\n/);
    assert.match(plain.text, /Config\.dataDir – 1 use\n/);
    assert.match(plain.text, /reached by {2}main → startEtcd → bootstrap\n/);
  });

  it('tells step by step where a flag begins and what changes', async () => {
    const { code, text } = await read('flag', 'data-dir', '--each');
    assert.equal(code, 0);
    const lines = new Map(text.split('\n').map((line) => [line.split(/\s+/)[0], line]));
    assert.match(lines.get('03-kv') ?? '', /–$/);
    assert.match(lines.get('04-wal') ?? '', /new: type string, default empty; sets Config\.dataDir/);
    assert.match(lines.get('05-raft') ?? '', /as before$/);
  });

  it('helps with a flag, a step or a folder that is not there', async () => {
    assert.deepEqual(await read('flag', 'data-dri', '--in', '05'), {
      code: 1,
      text: '05-raft has no flag "data-dri"; did you mean "data-dir"?',
    });
    assert.match((await read('flag', 'name', '--in', '99')).text, /^no step "99"; there are: 01-listeners/);
    assert.match((await read('flag', 'name', '--in', './nowhere')).text, /neither a step nor a folder with a go\.mod$/);
    assert.match((await read('flag', 'name', '--in', '')).text, /is ETCD_SOURCE set/);
  });

  it('refuses command lines that make no sense', async () => {
    assert.equal((await read('flag')).code, 2);
    assert.equal((await read('flag', 'a', 'b')).code, 2);
    assert.equal((await read('flag', 'name', '--each', '--in', '05')).code, 2);
    assert.equal((await read('flag', 'name', '--wrong')).code, 2);
    const unknown = await read('flagg');
    assert.equal(unknown.code, 2);
    assert.match(unknown.text, /did you mean "flag"/);
    assert.equal((await read()).code, 0);
  });
});
