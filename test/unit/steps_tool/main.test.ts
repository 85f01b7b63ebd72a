import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLink, loadChain } from '../../../steps/tool/chain.ts';
import { Fixture, numbered, stepsJson } from './fixture.ts';

const FILES = {
  'steps/01-one/a.ts': numbered(10),
  'steps/02-two/a.ts': numbered(12, { 1: 'first' }),
  'steps/02-two/deep/b.ts': numbered(3),
  'final/a.ts': numbered(12, { 1: 'first' }),
};

test('stat counts lines and files between neighbours, from nothing up to final, and passes over what is not written', async () => {
  const { code, lines } = await new Fixture(FILES).tool('stat');
  assert.equal(code, 0);
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(/\s+/)),
    [
      ['(empty)', '01-one', '+10', '-0', '1'],
      ['01-one', '02-two', '+6', '-1', '2'],
      ['03-three', 'is', 'not', 'there'],
      ['02-two', 'final', '+0', '-3', '1'],
    ],
  );
});

test('diff shows a unified diff with the folders in its names, whatever the settings of the user are', async () => {
  const fixture = new Fixture(FILES);
  fixture.git('config', 'diff.noprefix', 'true');
  fixture.git('config', 'color.ui', 'always');
  const { code, lines } = await fixture.tool('diff', '1', 'two');
  assert.equal(code, 0);
  assert.ok(lines.includes('--- a/steps/01-one/a.ts') && lines.includes('+++ b/steps/02-two/a.ts'), lines.join('\n'));
  assert.ok(lines.includes('-line 1') && lines.includes('+first'));
  assert.deepEqual((await fixture.tool('diff', '02', '02')).lines, ['']);
});

test('new copies the last step, registers it with its flags, and takes only the next number', async () => {
  const json = stepsJson(['01-one', '02-two'], { '02-two': { flags: ['name'] } });
  const fixture = new Fixture({ ...FILES, 'steps/steps.json': json });
  assert.equal((await fixture.tool('new', '4', 'wal')).code, 2);
  assert.equal((await fixture.tool('new', '3', 'Not A Slug')).code, 2);
  assert.equal((await fixture.tool('new', '3', 'wal')).code, 0);
  assert.equal(fixture.read('steps/03-wal/deep/b.ts'), numbered(3));
  const link = findLink(loadChain(fixture.root), '3');
  assert.deepEqual([link.slug, link.step?.flags, link.step?.budget.added], ['03-wal', ['name'], [250, 480]]);
  assert.equal((await fixture.tool('stat')).code, 0);
});

test('steps are found by number, slug, and slug without number', () => {
  const chain = loadChain(new Fixture(FILES).root);
  for (const name of ['2', '02', '02-two', 'two']) assert.equal(findLink(chain, name).slug, '02-two');
  assert.equal(findLink(chain, 'final').step, undefined);
  assert.throws(() => findLink(chain, 'four'), /no step "four"; there are: 01-one, 02-two, 03-three, final/);
});

test('an unknown command prints what there is and exits with 2', async () => {
  const { code, lines } = await new Fixture(FILES).tool('frobnicate');
  assert.equal(code, 2);
  assert.ok(lines.some((line) => line.startsWith('port N')));
});
