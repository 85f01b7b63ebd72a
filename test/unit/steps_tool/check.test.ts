import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Fixture, numbered, stepsJson } from './fixture.ts';

const GOOD = {
  'steps/01-one/a.ts': "import './b.ts';\n",
  'steps/01-one/b.ts': 'let x = 1;\n',
  'steps/02-two/a.ts': "import './b.ts';\n",
  'steps/02-two/b.ts': 'let x = 1;\nlet y = 1;\n',
  'steps/03-three/a.ts': "import './b.ts';\n",
  'steps/03-three/b.ts': 'let x = 1;\nlet y = 1;\nlet z = 1;\n',
  'final/a.ts': "import './b.ts';\n",
  'final/b.ts': 'let x = 1;\nlet y = 1;\nlet z = 1;\n',
};

/** What `check` prints about a good chain with these files changed or added; undefined removes one. */
async function problems(files: Record<string, string | undefined>): Promise<string[]> {
  const entries = Object.entries({ ...GOOD, ...files });
  const fixture = new Fixture(
    Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  );
  const { code, lines } = await fixture.tool('check');
  assert.equal(code, lines.length > 1 ? 1 : 0);
  return lines.slice(0, -1);
}

test('a chain that keeps the rules has no problems', async () => {
  assert.deepEqual(await problems({}), []);
});

test('a path of a step that final has not is named, unless it is listed as gone with a reason', async () => {
  const files = { 'steps/01-one/c.ts': "import './a.ts';\n" };
  const named = (await problems(files)).filter((line) => line.startsWith('R1 '));
  assert.deepEqual(named, ['R1 01-one: c.ts is not in final and not listed as gone']);
  const gone = { '01-one': { gone: { 'c.ts': 'a first attempt' } } };
  const listed = { ...files, 'steps/steps.json': stepsJson(['01-one', '02-two', '03-three'], gone) };
  assert.deepEqual(
    (await problems(listed)).filter((line) => line.startsWith('R1 ')),
    [],
  );
  const stale = { 'steps/steps.json': stepsJson(['01-one', '02-two', '03-three'], gone) };
  assert.deepEqual(await problems(stale), ['R1 01-one: c.ts is listed as gone for no reason']);
});

test('too many or too few added lines and too many deleted ones are named', async () => {
  const budget = { '02-two': { budget: { added: [5, 6] } }, '03-three': { budget: { added: [0, 0] } } };
  assert.deepEqual(await problems({ 'steps/steps.json': stepsJson(['01-one', '02-two', '03-three'], budget) }), [
    'R3 02-two: adds 1 lines, its budget is 5 to 6',
    'R3 03-three: adds 1 lines, its budget is 0 to 0',
  ]);
  const names = ['steps/01-one/b.ts', 'steps/02-two/b.ts', 'steps/03-three/b.ts', 'final/b.ts'];
  const same = Object.fromEntries(names.map((name) => [name, numbered(10)]));
  assert.deepEqual(await problems({ ...same, 'steps/01-one/b.ts': numbered(10, { 1: 'a', 2: 'b', 3: 'c' }) }), [
    'R3 02-two: deletes 3 of the 10 lines that it touches, more than 20 %',
    'R3 the chain deletes 3 of 10 touched lines, more than 7 %',
  ]);
});

test('a hunk of comments or blanks only is noise, one with code is not', async () => {
  const base = numbered(20);
  const step = (text: string) => ({
    'steps/01-one/b.ts': base,
    'steps/02-two/b.ts': text,
    'steps/03-three/b.ts': text,
    'final/b.ts': text,
  });
  const noise = ['R4 02-two: steps/02-two/b.ts:5 changes only comments or blanks'];
  assert.deepEqual(await problems(step(numbered(20, { 5: '// a remark\nline 5' }))), noise);
  assert.deepEqual(await problems(step(numbered(20, { 5: '  line  5' }))), noise);
  assert.deepEqual(await problems(step(numbered(20, { 5: '// a remark\nnew();\nline 5' }))), []);
  assert.deepEqual(await problems(step(numbered(20, { 5: 'line five' }))), []);
});

test('an export that no other file uses is named, in steps only', async () => {
  const text =
    'let x = 1;\nlet y = 1;\nlet z = 1;\nexport function unused() {}\nexport type Part = 1;\nexport type Whole = Part;\n';
  assert.deepEqual(await problems({ 'steps/03-three/b.ts': text, 'final/b.ts': text }), [
    'R8 03-three: b.ts exports unused, which no file uses',
    'R8 03-three: b.ts exports Whole, which no file uses',
  ]);
});

test('imports that lead outside, to what is not there, or to undeclared packages are named', async () => {
  const text = [
    "import fs from 'node:fs';",
    "import { parse } from 'yaml';",
    "import { load } from '../../proto/load.ts';",
    "import './b.ts';",
    "import '../01-one/b.ts';",
    "import {\n  x,\n} from './missing.ts';",
    "export { y } from 'left-pad/lib';",
    "const text = await import('@scope/name/part');",
    "export const kind = 'from';",
    '',
  ].join('\n');
  const seen = await problems({ 'steps/03-three/a.ts': text, 'final/a.ts': text, 'proto/load.ts': '' });
  assert.deepEqual(
    seen.filter((line) => line.startsWith('R10 03')),
    [
      'R10 03-three: a.ts imports ../01-one/b.ts, outside',
      'R10 03-three: a.ts imports ./missing.ts, which is not there',
      'R10 03-three: a.ts imports left-pad/lib, which is not declared',
      'R10 03-three: a.ts imports @scope/name/part, which is not declared',
    ],
  );
  assert.ok(seen.includes('R10 final: a.ts imports ../../proto/load.ts, outside'), 'final is one folder higher');
});

test('links, CRLF and shell scripts are named', async () => {
  const fixture = new Fixture({
    ...GOOD,
    'final/crlf.ts': 'let x = 1;\r\n',
    'final/go.sh': '',
    'steps/tool/run': '#!/usr/bin/env bash\n',
  });
  fs.symlinkSync('a.ts', path.join(fixture.root, 'final', 'link.ts'));
  const { lines } = await fixture.tool('check');
  assert.deepEqual(lines.slice(0, -1), [
    'R12 final: crlf.ts has CRLF line ends',
    'R12 final: go.sh is a shell script',
    'R12 final: link.ts is a symbolic link',
    'R12 tool: run is a shell script',
  ]);
});

test('steps.json names every folder, numbers in order, and only flags that the sources have', async () => {
  const more = { '03-three': { flags: ['listen-peer-urls'], can: [] } };
  const seen = await problems({
    'steps/05-five/a.ts': '',
    'steps/steps.json': stepsJson(['01-one', '02-two', '03-three', '05-missing'], more),
  });
  assert.deepEqual(
    seen.filter((line) => line.startsWith('steps.json')),
    [
      'steps.json 03-three: the flag listen-peer-urls is nowhere in its files',
      'steps.json 03-three: "can" is empty',
      'steps.json 05-missing: there are no files',
      'steps.json 05-missing: the number should be 4',
      'steps.json 05-five: is not listed',
    ],
  );
});

test('a steps.json of another shape is refused by name', async () => {
  const refused = async (text: string) => (await new Fixture({ 'steps/steps.json': text }).tool('check')).lines.join();
  assert.match(await refused('{}'), /"steps" is not a list/);
  assert.match(await refused('{"steps":[{"slug":"kv"}]}'), /steps\[0\]: "slug" must look like 03-kv/);
  assert.match(await refused(stepsJson(['01-one'], { '01-one': { budget: {} } })), /"budget.added"/);
  assert.match(await refused(stepsJson(['01-one', '01-one'])), /"01-one" is listed twice/);
});
