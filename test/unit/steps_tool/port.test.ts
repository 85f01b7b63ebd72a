import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fixture, numbered } from './fixture.ts';

/** Three steps and final with one file each that grows at its end, plus `more`. */
function growing(more: Record<string, string> = {}): Fixture {
  return new Fixture({
    'steps/01-one/a.ts': numbered(20),
    'steps/02-two/a.ts': numbered(25),
    'steps/03-three/a.ts': numbered(30),
    'final/a.ts': numbered(40),
    ...more,
  });
}

test('a fix in the first step reaches final although every step has more around it', async () => {
  const fixture = growing();
  fixture.write({ 'steps/01-one/a.ts': numbered(20, { 3: 'fixed' }) });
  const { code, lines } = await fixture.tool('port', '1');
  assert.equal(code, 0);
  assert.deepEqual(lines, [
    'a.ts: merged in 02-two',
    'a.ts: merged in 03-three',
    'a.ts: merged in final',
    'a.ts: carried to final, the end',
  ]);
  assert.equal(fixture.read('final/a.ts'), numbered(40, { 3: 'fixed' }));
  assert.equal(fixture.read('steps/02-two/a.ts'), numbered(25, { 3: 'fixed' }));
});

test('a fix starts where it is made and leaves earlier steps alone', async () => {
  const fixture = growing();
  fixture.write({ 'steps/03-three/a.ts': numbered(30, { 3: 'fixed' }) });
  assert.equal((await fixture.tool('port', '03-three')).code, 0);
  assert.equal(fixture.read('steps/01-one/a.ts'), numbered(20));
  assert.equal(fixture.read('final/a.ts'), numbered(40, { 3: 'fixed' }));
});

test('porting the same fix twice changes nothing more', async () => {
  const fixture = growing();
  fixture.write({ 'steps/01-one/a.ts': numbered(20, { 3: 'fixed' }) });
  await fixture.tool('port', '1');
  const { code, lines } = await fixture.tool('port', '1');
  assert.equal(code, 0);
  assert.deepEqual(lines, [
    'a.ts: was in 02-two already',
    'a.ts: was in 03-three already',
    'a.ts: was in final already',
    'a.ts: carried to final, the end',
  ]);
  assert.equal(fixture.read('final/a.ts'), numbered(40, { 3: 'fixed' }));
});

test('a new file is added and a deleted one is deleted up to final', async () => {
  const fixture = growing({
    'steps/01-one/old.ts': 'old\n',
    'steps/02-two/old.ts': 'old\n',
    'steps/03-three/old.ts': 'old\n',
    'final/old.ts': 'old\n',
  });
  fixture.remove('steps/01-one/old.ts');
  fixture.write({ 'steps/01-one/deep/new.ts': 'new\n' });
  assert.equal((await fixture.tool('port', '1')).code, 0);
  assert.equal(fixture.read('final/deep/new.ts'), 'new\n');
  assert.equal(fixture.read('steps/02-two/old.ts'), undefined);
  assert.equal(fixture.read('final/old.ts'), undefined);
});

test('it says where a fix ended: at the step without the file, or with the fix already in', async () => {
  const fixture = growing({
    'steps/01-one/gone.ts': 'x\n',
    'steps/02-two/gone.ts': 'x\n',
    'steps/03-three/a.ts': numbered(30, { 3: 'fixed' }),
  });
  fixture.write({ 'steps/01-one/gone.ts': 'y\n', 'steps/01-one/a.ts': numbered(20, { 3: 'fixed' }) });
  const { code, lines } = await fixture.tool('port', '1');
  assert.equal(code, 0);
  assert.ok(lines.includes('gone.ts: ended in 03-three: it is not there'), lines.join('\n'));
  assert.ok(lines.includes('a.ts: ended in 03-three: it is so already'), lines.join('\n'));
  assert.equal(fixture.read('steps/03-three/gone.ts'), undefined);
});

test('at a conflict it leaves the marks, names the file, goes no further, and goes on once resolved', async () => {
  const fixture = growing({
    'steps/02-two/a.ts': numbered(25, { 3: 'other' }),
    'steps/03-three/a.ts': numbered(30, { 3: 'other' }),
    'final/a.ts': numbered(40, { 3: 'other' }),
  });
  fixture.write({ 'steps/01-one/a.ts': numbered(20, { 3: 'fixed' }), 'steps/01-one/b.ts': 'b\n' });
  const stopped = await fixture.tool('port', '1');
  assert.equal(stopped.code, 1);
  assert.deepEqual(stopped.lines.slice(-2), ['stopped at 02-two: resolve a.ts,', 'then go on with: port 02-two']);
  assert.match(
    fixture.read('steps/02-two/a.ts') ?? '',
    /<{7} 02-two\nother\n\|{7} 01-one before\nline 3\n={7}\nfixed\n>{7} 01-one now\n/,
  );
  assert.equal(fixture.read('steps/02-two/b.ts'), 'b\n', 'the other files of that step are done');
  assert.equal(fixture.read('steps/03-three/a.ts'), numbered(30, { 3: 'other' }));

  const early = await fixture.tool('port', '2');
  assert.deepEqual([early.code, early.lines], [1, ['02-two: a.ts still has conflict marks']]);

  fixture.write({ 'steps/02-two/a.ts': numbered(25, { 3: 'both' }) });
  assert.equal((await fixture.tool('port', '2')).code, 0);
  assert.equal(fixture.read('final/a.ts'), numbered(40, { 3: 'both' }));
  assert.equal(fixture.read('final/b.ts'), 'b\n');
});

test('deleting a file that a later step has changed is a conflict and the file stays', async () => {
  const fixture = growing({ 'steps/01-one/x.ts': 'x\n', 'steps/02-two/x.ts': 'x\nmore\n', 'final/x.ts': 'x\n' });
  fixture.remove('steps/01-one/x.ts');
  const { code, lines } = await fixture.tool('port', '1');
  assert.equal(code, 1);
  assert.equal(lines[0], 'x.ts: conflict in 02-two: deleted in 01-one, but it differs here');
  assert.equal(fixture.read('steps/02-two/x.ts'), 'x\nmore\n');
  assert.equal(fixture.read('final/x.ts'), 'x\n');
});

test('a file that is no text is carried where it is the same and is a conflict where it differs', async () => {
  const binary = (byte: string): string => `\0${byte}\0`;
  const fixture = growing({
    'steps/01-one/i.bin': binary('a'),
    'steps/02-two/i.bin': binary('a'),
    'steps/03-three/i.bin': binary('b'),
  });
  fixture.write({ 'steps/01-one/i.bin': binary('c') });
  const { code, lines } = await fixture.tool('port', '1');
  assert.equal(code, 1);
  assert.deepEqual(lines.slice(0, 2), [
    'i.bin: merged in 02-two',
    'i.bin: conflict in 03-three: it is no text and differs here',
  ]);
});

test('--base takes what changed since another revision', async () => {
  const fixture = growing();
  fixture.write({ 'steps/02-two/a.ts': numbered(25, { 4: 'committed' }) });
  fixture.commit();
  assert.deepEqual((await fixture.tool('port', '2')).lines, ['02-two: nothing changed since HEAD']);
  assert.equal((await fixture.tool('port', '2', '--base', 'HEAD~1')).code, 0);
  assert.equal(fixture.read('final/a.ts'), numbered(40, { 4: 'committed' }));
});

test('an unknown step, revision or option is refused', async () => {
  const fixture = growing();
  const unknown = await fixture.tool('port', '9');
  assert.deepEqual([unknown.code, unknown.lines], [1, ['no step "9"; there are: 01-one, 02-two, 03-three, final']]);
  assert.equal((await fixture.tool('port', '1', '--base', 'nowhere')).code, 1);
  assert.equal((await fixture.tool('port', '1', '--bogus')).code, 2);
  assert.equal((await fixture.tool('port')).code, 2);
});

test('a fix since an older revision goes through a step that is younger than it', async () => {
  const fixture = new Fixture({
    'steps/01-one/a.ts': numbered(20),
    'steps/02-two/a.ts': numbered(25),
    'final/a.ts': numbered(40),
  });
  fixture.write({ 'steps/03-three/a.ts': numbered(30), 'steps/03-three/only.ts': 'only here\n' });
  fixture.commit();
  fixture.write({ 'steps/02-two/a.ts': numbered(25, { 3: 'fixed' }) });
  const { code } = await fixture.tool('port', '2', '--base', 'HEAD~1');
  assert.equal(code, 0);
  assert.equal(fixture.read('steps/03-three/a.ts'), numbered(30, { 3: 'fixed' }));
  assert.equal(fixture.read('final/a.ts'), numbered(40, { 3: 'fixed' }));
  assert.equal(fixture.read('final/only.ts'), undefined);
});
