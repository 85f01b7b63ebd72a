// make-mirror between two real etcds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../final/client/client.ts';
import { prefixRange } from '../../../final/client/prefix.ts';
import { startProgram } from '../../harness/process.ts';
import { makeScratch, removeScratch } from '../../harness/scratch.ts';
import { needsReal, withReal } from '../client/real_clients.ts';

const program = [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  new URL('../../../final/bin/etcdctl.ts', import.meta.url).pathname,
];

async function content(client: Client): Promise<string> {
  const { kvs } = await client.range(prefixRange(new Uint8Array()));
  return kvs.map(({ key, value }) => `${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`).join(' ');
}

/** Waits until the store of a client holds just this. */
async function untilContent(client: Client, expected: string): Promise<void> {
  const end = performance.now() + 20_000;
  while ((await content(client)) !== expected) {
    assert.ok(performance.now() < end, `the mirror has ${await content(client)}`);
    await delay(20);
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

for (const [flags, first, second] of [
  [['--prefix=s/'], 's/a=1 s/b=2', 's/a=3 s/c=4'],
  [['--prefix=s/', '--dest-prefix=d/'], 'd/a=1 d/b=2', 'd/a=3 d/c=4'],
  [['--prefix=s/', '--no-dest-prefix'], 'a=1 b=2', 'a=3 c=4'],
  [[], 'other=x s/a=1 s/b=2', 'other=x s/a=3 s/c=4'],
] as const) {
  test(`make-mirror ${flags.join(' ')}`, needsReal, async () => {
    await withReal((source, sources) =>
      withReal(async (mirror, mirrors) => {
        const [from, to] = [await sources.connect([source.endpoint]), await mirrors.connect([mirror.endpoint])];
        for (const [key, value] of Object.entries({ 's/a': '1', 's/b': '2', other: 'x' })) {
          await from.put({ key: bytes(key), value: bytes(value) });
        }
        const folder = makeScratch();
        const argv = [`--endpoints=${source.endpoint}`, 'make-mirror', ...flags, mirror.endpoint];
        const running = startProgram({ command: [...program, ...argv], cwd: folder });
        try {
          await untilContent(to, first);
          const { header } = await to.range({ key: bytes('x') });
          await from.txn({
            success: [
              { request_put: { key: bytes('s/a'), value: bytes('3') } },
              { request_delete_range: { key: bytes('s/b') } },
              { request_put: { key: bytes('s/c'), value: bytes('4') } },
            ],
          });
          await untilContent(to, second);
          const after = await to.range({ key: bytes('x') });
          assert.equal(after.header?.revision, (header?.revision ?? 0) + 1, 'one transaction became several');
          running.kill('SIGINT');
          assert.deepEqual(await running.exited, { code: undefined, signal: 'SIGINT' });
          assert.deepEqual([running.stdout(), running.stderr()], ['', '']);
        } finally {
          running.kill('SIGKILL');
          removeScratch(folder);
        }
      }),
    );
  });
}
