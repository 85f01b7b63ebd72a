// Each rule of the book, on a small repository with two steps and one page: the page as it should be has no problem, and each
// mistake has the problem that names it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadChain } from '../../steps/tool/chain.ts';
import { Context } from '../../docs/site/context.ts';
import { renderPage } from '../../docs/site/page.ts';
import { Colours } from '../../docs/site/source/highlight.ts';
import { Sources } from '../../docs/site/source/program.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { matches, runPage } from './console_page.ts';

const step = (slug: string): object => ({ slug, title: slug, budget: { added: [0, 99] }, flags: [], can: [] });

const FILES: Readonly<Record<string, string>> = {
  'tsconfig.json': '{"compilerOptions":{"target":"ES2023","module":"NodeNext"},"include":["steps"]}',
  'steps/steps.json': JSON.stringify({ steps: [step('01-one'), step('02-two')] }),
  'steps/01-one/a.ts':
    '// A file.\n\n/** Adds. */\nexport function add(a: number, b: number): number {\n  return a + b;\n}\n',
  'steps/02-two/a.ts':
    '// A file.\n\nimport { zero } from "./b.ts";\n\n/** Adds. */\nexport function add(a: number, b: number): number {\n  return a + b + zero;\n}\n\nexport class Sum {\n  #sum = zero;\n\n  /** Adds one. */\n  grow(): void {\n    this.#sum += 1;\n  }\n}\n',
  'steps/02-two/b.ts': '// Another one.\n\nexport const zero = 0;\n',
};

const PAGE = `# 02 Two

See [add](../steps/02-two/a.ts#add), and [below](#more).

\`\`\`hunks
a.ts#header,add
b.ts
\`\`\`

## More

\`\`\`hunks
a.ts#Sum
\`\`\`

\`\`\`code
a.ts#Sum.grow
\`\`\`
`;

describe('the rules of the book', () => {
  let root = '';
  let sources: Sources;
  let colours: Colours;

  before(async () => {
    root = makeScratch();
    for (const [name, text] of Object.entries(FILES)) write(name, text);
    fs.mkdirSync(path.join(root, 'docs'));
    sources = new Sources(root);
    colours = await Colours.load();
  });

  after(() => {
    sources.close();
    removeScratch(root);
  });

  function write(name: string, text: string): void {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }

  /** The problems of a page, as `line: text`. */
  function problemsOf(page: string): string[] {
    write('docs/02-two.en.md', page);
    const chain = loadChain(root);
    const [first, second] = chain.links;
    const chapter = { source: 'docs/02-two.en.md', target: '02-two.en.html', link: second, before: first };
    const context = new Context({ chain, parts: [{ title: '', chapters: [chapter] }], sources, colours });
    const { anchors, headings } = renderPage(context, chapter);
    const dead = anchors.filter(({ id }) => !headings.some((heading) => heading.id === id));
    return [
      ...context.problems.map(({ line, text }) => `${line}: ${text}`),
      ...dead.map(({ line, id }) => `${line}: #${id}`),
    ];
  }

  const edited = (from: string, to: string): string => {
    assert.ok(PAGE.includes(from));
    return PAGE.replace(from, to);
  };

  it('a page that follows them has no problem', () => {
    assert.deepEqual(problemsOf(PAGE), []);
  });

  const mistakes: readonly [string, string, string, RegExp][] = [
    ['a change that is placed nowhere', 'a.ts#Sum\n', 'a.ts#Sum.grow\n', /^0: not placed: a\.ts#Sum /],
    ['a new file that is placed nowhere', 'b.ts\n', '', /^0: not placed: b\.ts#header/],
    ['a change that is placed twice', 'a.ts#Sum\n', 'a.ts#Sum,add\n', /^13: a\.ts#add is placed in line 6 already$/],
    ['a placement of nothing', 'b.ts\n', 'b.ts\nc.ts\n', /^8: nothing to place for c\.ts$/],
    [
      'a placement of a symbol that did not change',
      'b.ts\n',
      'b.ts\na.ts#nothing\n',
      /^8: nothing to place for a\.ts#nothing$/,
    ],
    [
      'an excerpt of a symbol that is not there',
      'a.ts#Sum.grow',
      'a.ts#Sum.shrink',
      /^16: no symbol Sum\.shrink in steps\/02-two\/a\.ts/,
    ],
    ['an excerpt of a file that is not there', 'a.ts#Sum.grow', 'z.ts#Sum.grow', /^16: no file z\.ts$/],
    ['a link to a symbol that is not there', 'a.ts#add)', 'a.ts#sub)', /^3: no symbol sub in steps\/02-two\/a\.ts$/],
    ['a link to a file that is not there', '/a.ts#add)', '/z.ts)', /^3: dead link: steps\/02-two\/z\.ts$/],
    ['a link to a heading that is not there', '(#more)', '(#less)', /^3: #less$/],
    ['a link that is neither a page nor on the web', '(#more)', '(ftp:x)', /^3: ftp:x is neither/],
    [
      'a figure without a caption',
      '## More\n',
      '## More\n\n```figure call-tree\n```\n',
      /^12: the figure call-tree has no caption/,
    ],
    [
      'a figure that nothing makes',
      '## More\n',
      '## More\n\n```figure photo\nA photo.\n```\n',
      /^12: no figure "photo"/,
    ],
    [
      'a picture from elsewhere',
      'and [below]',
      'and ![alt](x.png) [below]',
      /^3: a picture that no code makes: x\.png$/,
    ],
    [
      'code that is pasted',
      '## More\n',
      '## More\n\n```ts\na;\nb;\nc;\nd;\n```\n',
      /^12: code of more than three lines is cited/,
    ],
    ['a block of another kind', '## More\n', '## More\n\n```python\nx\n```\n', /^12: no block "python"$/],
    ['commands that no test runs', '## More\n', '## More\n\n```sh\nls\n```\n', /^12: commands stand in console blocks/],
    [
      'output without a command',
      '## More\n',
      '## More\n\n```console\nout\n```\n',
      /^12: a console block begins with a command/,
    ],
    ['HTML of its own', '## More\n', '## More\n\n<div>x</div>\n', /^12: HTML other than details/],
    ['two titles', '## More', '# More', /^0: a page has one title$/],
  ];
  for (const [name, from, to, expected] of mistakes) {
    it(`${name} is a problem`, () => {
      const problems = problemsOf(edited(from, to));
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        `${expected} is not in\n${problems.join('\n')}`,
      );
    });
  }
});

describe('what a page says is printed', () => {
  it('is compared line by line, and … stands for what varies', () => {
    assert.ok(matches(['OK'], ['OK']));
    assert.ok(!matches(['OK'], ['OK', 'more']));
    assert.ok(!matches(['OK', 'more'], ['OK']));
    assert.ok(matches(['"ts":"…","x":1'], ['"ts":"12:00","x":1']));
    assert.ok(!matches(['"ts":"…","x":1'], ['"ts":"12:00","x":2']));
    assert.ok(matches(['a', '…', 'z'], ['a', 'b', 'c', 'z']));
    assert.ok(matches(['a', '…', 'z'], ['a', 'z']));
    assert.ok(!matches(['a', '…', 'z'], ['a', 'b']));
    assert.ok(matches(['a.c'], ['a.c']));
    assert.ok(!matches(['a.c'], ['abc']));
  });

  it('differs where it is stale, and nowhere else', async () => {
    const text = '```console\n$ echo one; echo two >&2\none\ntwo\n$ echo three\nthree\n```\n';
    assert.deepEqual(await runPage({ text }), []);
    const differences = await runPage({ text: text.replace('\nthree', '\n3') });
    assert.deepEqual(differences, [{ first: 6, end: 7, command: 'echo three', said: ['3'], printed: ['three'] }]);
  });

  it('is awaited from a program that goes on', async () => {
    const loop = 'sh -c \'trap "echo bye; exit 0" INT; echo up; while :; do sleep 0.1; done\'';
    const text = `\`\`\`console server\n$ ${loop}\nup\n\`\`\`\n\n\`\`\`console\n$ echo x\nx\n\`\`\`\n\n\`\`\`console server\n$ ^C\nbye\n\`\`\`\n`;
    assert.deepEqual(await runPage({ text }), []);
  });
});
