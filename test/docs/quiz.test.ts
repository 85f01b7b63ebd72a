// `read quiz`: every question has one right answer, and it is right: worked out here once more, in another way.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePaper, openExaminer } from '../../docs/tools/quiz/paper.ts';
import { OPTIONS, type Question } from '../../docs/tools/quiz/question.ts';
import { SeededRandom } from '../../docs/tools/quiz/random.ts';
import { loadChain, REPOSITORY } from '../../steps/tool/chain.ts';
import { runProgram } from '../harness/process.ts';
import { answerOf, wrongReason } from './quiz_answers.ts';
import { Codes, read } from './tools_code.ts';

const SEEDS = 200;
const COUNT = 10;
const chain = loadChain();
const steps = chain.links.filter(({ step }) => step !== undefined);
const KINDS_BY_STEP: Readonly<Record<string, readonly string[]>> = {
  '01-listeners': ['calls', 'flag', 'log'],
  '04-wal': ['calls', 'flag', 'key', 'log', 'revision', 'wal'],
  '05-raft': ['calls', 'commit', 'flag', 'follower', 'key', 'log', 'revision', 'wal'],
  '07-watch': ['calls', 'commit', 'flag', 'follower', 'key', 'lease', 'log', 'revision', 'wal', 'watch'],
};

describe('read quiz', () => {
  const codes = new Codes();

  for (const { slug, folder } of steps) {
    const isLast = slug === steps.at(-1)?.slug;
    const seeds = isLast ? SEEDS : SEEDS / 10;
    it(`${slug}: ${seeds} seeds, and every answer is right`, async () => {
      const examiner = await openExaminer(chain, slug);
      const kinds = new Set<string>();
      let before = '';
      for (let seed = 0; seed < seeds; seed++) {
        const paper = makePaper(examiner, seed, COUNT);
        assert.ok(paper.length >= Math.min(COUNT, 8), `seed ${seed}: ${paper.length} questions`);
        for (const question of paper) {
          kinds.add(question.kind);
          checkForm(question);
          const { code, graph } = codes.of(folder);
          const answer = answerOf(question);
          if (answer !== undefined) assert.equal(question.options[question.right], answer, question.text);
          assert.equal(wrongReason(question, code, graph), undefined, question.text);
          for (const cite of question.cites) assertCited(folder, cite);
        }
        const text = JSON.stringify(paper);
        assert.notEqual(text, before, `seeds ${seed - 1} and ${seed} make the same test`);
        before = text;
      }
      const expected = KINDS_BY_STEP[slug];
      if (expected !== undefined) assert.deepEqual([...kinds].sort(), expected);
    });
  }

  const assertCited = (folder: string, cite: string): void => {
    const at = cite.indexOf('#');
    assert.ok(codes.of(folder).code.find(cite.slice(0, at), cite.slice(at + 1)), cite);
  };

  it('makes the same test of the same seed', async () => {
    const examiner = await openExaminer(chain, '07');
    const again = await openExaminer(chain, '07');
    assert.deepEqual(makePaper(examiner, 77, COUNT), makePaper(again, 77, COUNT));
  });

  it('puts the right answer in every place', async () => {
    const examiner = await openExaminer(chain, '05');
    const places = Array.from({ length: 20 }, (_, seed) =>
      makePaper(examiner, seed, COUNT).map(({ right }) => right),
    ).flat();
    for (let place = 0; place < OPTIONS; place++) {
      const share = places.filter((one) => one === place).length / places.length;
      assert.ok(share > 0.15 && share < 0.35, `place ${place}: ${share}`);
    }
  });

  it('prints a test with its answers', async () => {
    const { code, text } = await read('quiz', '--seed', '7', '--step', '05', '--count', '3', '--answers');
    assert.equal(code, 0);
    assert.match(text, /^Test of 05-raft, seed 7, 3 questions\n\n1\. /);
    assert.equal(text.match(/^ {3}a\) /gm)?.length, 3);
    assert.equal(text.match(/^ {3}[a-d]\. /gm)?.length, 3);
    assert.equal((await read('quiz', '--seed', '7', '--step', '05', '--count', '3', '--answers')).text, text);
  });

  it('asks, says what is right, and counts; an input that ends, ends it', async () => {
    const paper = makePaper(await openExaminer(chain, '05'), 7, 4);
    const letters = paper.map(({ right }) => 'abcd'[right] ?? '');
    // Right, nonsense and then right, wrong, and no more.
    const answers = [letters[0], 'x', letters[1]?.toUpperCase(), letters[2] === 'a' ? 'b' : 'a'];
    const { code, stdout } = await runProgram({
      command: [process.execPath, '--import', 'tsx', 'docs/tools/main.ts', 'quiz', '--seed', '7', '--count', '4'],
      cwd: REPOSITORY,
      input: `${answers.join('\n')}\n`,
      limitMs: 60_000,
    });
    assert.equal(code, 0);
    assert.equal(stdout.match(/^ {3}Right: /gm)?.length, 2, stdout);
    assert.equal(stdout.match(/^ {3}No: /gm)?.length, 1, stdout);
    assert.match(stdout, /a letter from a to d, please/);
    assert.match(stdout, /\n2 of 3 right, 1 not answered\n$/);
  });

  it('refuses command lines that make no sense', async () => {
    assert.equal((await read('quiz', '--seed', 'x')).code, 2);
    assert.equal((await read('quiz', '--count', '101')).code, 2);
    assert.equal((await read('quiz', 'me')).code, 2);
    assert.equal((await read('quiz', '--step', '99')).code, 1);
    assert.equal((await read('quiz', '--step', 'final')).code, 1);
  });
});

function checkForm({ options, right, why, cites, text }: Question): void {
  assert.equal(options.length, OPTIONS, text);
  assert.equal(new Set(options).size, OPTIONS, text);
  assert.ok(right >= 0 && right < OPTIONS, text);
  assert.ok(why.length > 20, text);
  assert.ok(cites.length > 0, text);
}

describe('the chance of a seed', () => {
  it('is even, and neighbours share nothing', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    const random = new SeededRandom(1);
    for (let i = 0; i < 10_000; i++) {
      const number = random.below(10);
      counts[number] = (counts[number] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 800 && count < 1200, counts.join());
    const firsts = Array.from({ length: 1000 }, (_, seed) => new SeededRandom(seed).below(2 ** 30));
    assert.equal(new Set(firsts).size, 1000);
  });

  it('shuffles without loss', () => {
    const random = new SeededRandom(3);
    const items = [1, 2, 3, 4, 5];
    assert.deepEqual(
      random.shuffled(items).toSorted((a, b) => a - b),
      items,
    );
  });
});
