// The first key-value server as the stock etcdctl sees it.

import assert from 'node:assert/strict';
import { KV } from '../../proto/load.ts';
import { bytes, type Case, type CaseContext, type CaseGroup } from './case.ts';

const { Put } = KV.methods;
const since = '03-kv';

const stock: Case[] = [
  {
    name: 'stock etcdctl puts, gets and deletes a key',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const key = `${t.prefix}k`;
      assert.deepEqual(await outputs(t, ['put', key, 'v1']), 'OK\n');
      assert.deepEqual(await outputs(t, ['put', key, 'v2', '--prev-kv']), `OK\n${key}\nv1\n`);
      assert.deepEqual(await outputs(t, ['get', key]), `${key}\nv2\n`);
      assert.deepEqual(await outputs(t, ['del', key, '--prev-kv']), `1\n${key}\nv2\n`);
      assert.deepEqual(await outputs(t, ['get', key]), '');
    },
  },
  {
    name: 'stock etcdctl gets by prefix with limit, order and keys only',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      for (const name of ['a', 'b', 'c']) await t.ok(Put, { key: t.key(name), value: bytes(`v${name}`) });
      const { prefix } = t;
      assert.deepEqual(await outputs(t, ['get', prefix, '--prefix', '--limit=2']), `${prefix}a\nva\n${prefix}b\nvb\n`);
      assert.deepEqual(
        await outputs(t, ['get', prefix, '--prefix', '--order=DESCEND', '--sort-by=KEY', '--keys-only']),
        `${prefix}c\n\n${prefix}b\n\n${prefix}a\n\n`,
      );
      assert.deepEqual(await outputs(t, ['del', prefix, '--prefix']), '3\n');
    },
  },
  {
    name: 'stock etcdctl sorts by every field, both ways, with a limit',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      for (const [name, value] of ['c1', 'a3', 'b2', 'c1', 'a3', 'a3'].map((pair) => [...pair])) {
        await t.ok(Put, { key: t.key(name ?? ''), value: bytes(value ?? '') });
      }
      const sorted = async (by: string, order: string, ...rest: string[]): Promise<string> => {
        const flags = ['--prefix', `--sort-by=${by}`, `--order=${order}`, '--keys-only', ...rest];
        return (await outputs(t, ['get', t.prefix, ...flags])).replaceAll(t.prefix, '').replaceAll('\n', '');
      };
      assert.deepEqual(
        [
          await sorted('KEY', 'ASCEND'),
          await sorted('KEY', 'DESCEND'),
          await sorted('VERSION', 'ASCEND'),
          await sorted('CREATE', 'DESCEND'),
          await sorted('MODIFY', 'DESCEND'),
          await sorted('VALUE', 'ASCEND'),
          await sorted('VALUE', 'DESCEND', '--limit=2'),
        ],
        ['abc', 'cba', 'bca', 'bac', 'acb', 'cba', 'ab'],
      );
    },
  },
  {
    name: 'stock etcdctl gets a range, from a key on, values only, serializable, and counts',
    since,
    needs: 'etcdctl',
    server: 'fresh',
    run: async (t) => {
      for (const name of ['a', 'b', 'c']) await t.ok(Put, { key: bytes(name), value: bytes(`v${name}`) });
      assert.equal(await outputs(t, ['get', 'a', 'c']), 'a\nva\nb\nvb\n');
      assert.equal(await outputs(t, ['get', 'b', '--from-key']), 'b\nvb\nc\nvc\n');
      assert.equal(await outputs(t, ['get', 'b', '--print-value-only']), 'vb\n');
      assert.equal(await outputs(t, ['get', 'b', '--consistency=s']), 'b\nvb\n');
      const counted = await outputs(t, ['get', '', '--prefix', '--limit=1', '-w', 'fields']);
      assert.match(counted, /"Count" : 3\n/);
      assert.equal(await outputs(t, ['del', 'b', '--from-key', '--prev-kv']), '2\nb\nvb\nc\nvc\n');
      assert.equal(await outputs(t, ['get', '', '--from-key', '--keys-only']), 'a\n\n');
    },
  },
  {
    name: 'stock etcdctl puts what comes on its standard input, and what begins with a dash',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const key = `${t.prefix}k`;
      const { stdout } = await t.etcdctl(['put', key], { input: 'two\nlines' });
      assert.deepEqual([stdout, await outputs(t, ['get', key])], ['OK\n', `${key}\ntwo\nlines\n`]);
      await outputs(t, ['put', '--', key, '-v']);
      assert.equal(await outputs(t, ['get', key]), `${key}\n-v\n`);
    },
  },
  {
    name: 'stock etcdctl reports the revision in JSON',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const put = await t.ok(Put, { key: t.key('k'), value: bytes('v') });
      const answer = JSON.parse(await outputs(t, ['get', `${t.prefix}k`, '-w', 'json']));
      assert.equal(answer.header.revision, put.header?.revision);
      assert.deepEqual(answer.kvs, [
        {
          key: t.key('k').toString('base64'),
          create_revision: put.header?.revision,
          mod_revision: put.header?.revision,
          version: 1,
          value: Buffer.from('v').toString('base64'),
        },
      ]);
    },
  },
  {
    name: 'stock etcdctl prints the error of an empty key and exits with 1',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const { code, stderr } = await t.etcdctl(['put', '', 'v']);
      assert.equal(code, 1);
      assert.match(stderr, /etcdserver: key is not provided/);
    },
  },
];

async function outputs(t: CaseContext, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await t.etcdctl(args);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The cases of etcdctl put, get and del. */
export const kvEtcdctlCases: CaseGroup = { name: 'kv_etcdctl', cases: stock };
