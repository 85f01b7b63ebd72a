// What the book knows of sources: which lines belong to a symbol, who calls whom, and how lines are compared.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CallGraph } from '../../docs/site/source/call_graph.ts';
import { TsCode } from '../../docs/site/source/code.ts';
import { compare, place } from '../../docs/site/source/changes.ts';
import { Colours } from '../../docs/site/source/highlight.ts';
import { Sources } from '../../docs/site/source/program.ts';
import { ownerOf, splitName, symbolsOf } from '../../docs/site/source/symbols.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';

const A = `// A file with one of everything.

import { helper, type Port } from './b.ts';

// A comment above.
const LIMIT = 3;

/** A type { with a brace. */
export interface Shape {
  // Before the first member {
  size: number;
  grow(by: number): void;
}

export class Box implements Port {
  #size = helper();

  /** Makes one. */
  constructor(readonly _name: string) {}

  get size(): number {
    return this.#size;
  }

  send(): void {
    later(() => this.#private());
    helper();
  }

  #private(): number {
    return this.size;
  }
}

function later(task: () => void): void {
  task();
}

export function use(port: Port): Box {
  port.send();
  return new Box('x');
}
`;

const B = `export interface Port {
  send(): void;
}

export function helper(): number {
  return 1;
}
`;

describe('sources', () => {
  let root = '';
  let sources: Sources;

  before(() => {
    root = makeScratch();
    fs.mkdirSync(path.join(root, 'src'));
    fs.writeFileSync(path.join(root, 'tsconfig.json'), '{"compilerOptions":{"target":"ES2023","module":"NodeNext"}}');
    fs.writeFileSync(path.join(root, 'src/a.ts'), A);
    fs.writeFileSync(path.join(root, 'src/b.ts'), B);
    sources = new Sources(root);
  });

  after(() => {
    sources.close();
    removeScratch(root);
  });

  const symbols = () => {
    const tree = sources.tree('src/a.ts');
    assert.ok(tree !== undefined);
    return symbolsOf(tree);
  };

  it('give every line to exactly one innermost symbol', () => {
    const lines = A.split('\n');
    const owner = (text: string): string => ownerOf(symbols(), lines.findIndex((line) => line.includes(text)) + 1).name;
    assert.equal(owner('one of everything'), 'header');
    assert.equal(owner('A comment above'), 'LIMIT');
    assert.equal(owner('A type { with'), 'Shape');
    assert.equal(owner('Before the first member {'), 'Shape.size');
    assert.equal(owner('grow(by'), 'Shape.grow');
    assert.equal(owner('export class Box'), 'Box');
    assert.equal(owner('#size = helper'), 'Box.#size');
    assert.equal(owner('Makes one'), 'Box.constructor');
    assert.equal(owner('get size'), 'Box.size');
    assert.equal(owner('later(() =>'), 'Box.send');
    assert.equal(owner('#private(): number'), 'Box.#private');
    assert.equal(owner('function later'), 'later');
    assert.equal(ownerOf(symbols(), lines.findIndex((line) => line.includes('#private(): number')) + 4).name, 'Box');
  });

  it('know where the comment of a symbol begins', () => {
    const send = symbols().find(({ name }) => name === 'Box.constructor');
    assert.equal(A.split('\n')[(send?.begin ?? 0) - 1], '  /** Makes one. */');
  });

  it('know who calls whom, at once or later, through interfaces and getters', () => {
    const graph = new CallGraph(new TsCode(sources, 'src'));
    const atOnce = (name: string): string[] => graph.calledAtOnce(`src/${name}`).map((key) => key.slice('src/'.length));
    assert.deepEqual(atOnce('a.ts#Box.send'), ['a.ts#later', 'b.ts#helper']);
    assert.ok(graph.called('src/a.ts#Box.send').includes('src/a.ts#Box.#private'));
    assert.deepEqual(atOnce('a.ts#use'), ['a.ts#Box.send', 'a.ts#Box.constructor']);
    assert.deepEqual(atOnce('a.ts#Box.constructor'), ['b.ts#helper']);
    assert.deepEqual(atOnce('a.ts#Box.#private'), ['a.ts#Box.size']);
    assert.ok(graph.reaches('src/a.ts#use', 'src/b.ts#helper', 2));
    assert.ok(!graph.reaches('src/a.ts#use', 'src/b.ts#helper', 1));
  });

  it('are compared line by line', () => {
    const version = (text: string) => ({
      text,
      symbols: [{ name: 'x', kind: 'value', first: 1, begin: 1, last: 9, node: undefined } as const],
    });
    assert.equal(compare('f', version('a\n'), version('a\n')), undefined);
    const change = compare('f', version('a\nb\nc\n'), version('a\nB\nc\n'));
    assert.deepEqual(
      change?.rows.map(({ kind, text, oldLine, newLine }) => [kind, text, oldLine, newLine]),
      [
        ['same', 'a', 1, 1],
        ['removed', 'b', 2, undefined],
        ['added', 'B', undefined, 2],
        ['same', 'c', 3, 3],
      ],
    );
    assert.equal(compare('f', undefined, version('a\n'))?.kind, 'new');
    assert.equal(compare('f', version('a\n'), undefined)?.kind, 'gone');
  });

  it('give a change to the most exact placement', () => {
    const text = (body: string) => ({
      text: `${body}\n`,
      symbols: [
        { name: 'C', kind: 'class', first: 1, begin: 1, last: 3, node: undefined } as const,
        { name: 'C.m', kind: 'member', first: 2, begin: 2, last: 2, node: undefined } as const,
      ],
    });
    const change = compare('f.ts', text('a\nb\nc'), text('A\nB\nC'));
    assert.ok(change !== undefined);
    const whole = { path: 'f.ts', symbols: ['C'], line: 1 };
    const member = { path: 'f.ts', symbols: ['C.m'], line: 2 };
    const { rows, problems } = place([change], [whole, member]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rows.get(member)?.map((row) => row.text),
      ['b', 'B'],
    );
    assert.deepEqual(
      rows.get(whole)?.map((row) => row.text),
      ['a', 'c', 'A', 'C'],
    );
  });

  it('split a name at its first #', () => {
    assert.deepEqual(splitName('a/b.ts#C.#d'), { path: 'a/b.ts', symbol: 'C.#d' });
  });

  it('are coloured without a change of their text', async () => {
    const colours = await Colours.load();
    const lines = colours.lines('const a = "<&>"; // x\n\nreturn 1;\n', 'typescript');
    assert.equal(lines.length, 3);
    assert.equal(
      lines[0],
      '<b class=k>const </b>a <b class=k>= </b><b class=s>&quot;&lt;&amp;&gt;&quot;</b>; <b class=c>// x</b>',
    );
  });
});
