// `quiz [--seed N] [--step 05] [--count 10] [--answers]`: a test about a step, made fresh from its code. It asks, waits for a
// letter, says whether that is right and why, and counts. The same seed makes the same test.

import { randomInt } from 'node:crypto';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { DEFAULT_STEP } from './flag.ts';
import { makePaper, openExaminer } from './quiz/paper.ts';
import type { Question } from './quiz/question.ts';

const USAGE = 'usage: quiz [--seed N] [--step 05] [--count 10] [--answers]';
const DEFAULT_COUNT = 10;
const WIDTH = 100;
const MOST_QUESTIONS = 100;
const MOST_SEED = 2 ** 31;

export const quiz: Command = async (args, { chain, print }) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      step: { type: 'string' },
      count: { type: 'string' },
      answers: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (positionals.length > 0) throw new UsageError(USAGE);
  const seed = wholeNumber('--seed', values.seed, MOST_SEED) ?? randomInt(MOST_SEED);
  const count = wholeNumber('--count', values.count, MOST_QUESTIONS) ?? DEFAULT_COUNT;
  const examiner = await openExaminer(chain, values.step ?? DEFAULT_STEP);
  const paper = makePaper(examiner, seed, count);
  const how = values.answers ? '' : '. A letter and Enter answers, Ctrl-D ends.';
  print(`Test of ${examiner.step}, seed ${seed}, ${paper.length} questions${how}\n`);
  if (values.answers)
    paper.forEach((question, i) => print(`${questionText(question, i)}\n\n${answerText(question)}\n`));
  else await examine(paper, print);
  return 0;
};

/** A question with its answers to choose from. */
export function questionText({ text, options }: Question, i: number): string {
  const choices = options.map((option, at) => `   ${letterOf(at)}) ${option}`);
  return [...wrapped(`${i + 1}. ${text}`, ''), '', ...choices].join('\n');
}

// Lines that begin with a blank belong to a list and stay as they are.
function wrapped(text: string, indent: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    if (paragraph.startsWith(' ')) return [paragraph];
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1) ?? '';
      if (line !== '' && indent.length + line.length + word.length >= WIDTH) lines.push(word);
      else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return lines.map((line) => indent + line);
  });
}

function answerText({ right, why, cites }: Question): string {
  return [...wrapped(`${letterOf(right)}. ${why}`, '   '), ...cites.map((cite) => `      ${cite}`)].join('\n');
}

// Reads one line for each question, also from a pipe; an input that ends, ends the test.
async function examine(paper: readonly Question[], print: (text: string) => void): Promise<void> {
  const input = readline.createInterface({ input: process.stdin });
  const lines = input[Symbol.asyncIterator]();
  let right = 0;
  let asked = 0;
  try {
    for (const [i, question] of paper.entries()) {
      print(`${questionText(question, i)}\n`);
      const answer = await readLetter(lines, question.options.length, print);
      if (answer === undefined) break;
      asked++;
      const isRight = answer === letterOf(question.right);
      if (isRight) right++;
      print(`\n   ${isRight ? 'Right' : 'No'}: ${answerText(question).trimStart()}\n`);
    }
  } finally {
    input.close();
  }
  print(`${right} of ${asked} right${asked < paper.length ? `, ${paper.length - asked} not answered` : ''}`);
}

async function readLetter(
  lines: AsyncIterator<string>,
  options: number,
  print: (text: string) => void,
): Promise<string | undefined> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) return undefined;
    const letter = value.trim().toLowerCase();
    if (letter.length === 1 && letter >= 'a' && letter <= letterOf(options - 1)) return letter;
    print(`   a letter from a to ${letterOf(options - 1)}, please`);
  }
}

function letterOf(at: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + at);
}

function wholeNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > most)
    throw new UsageError(`${flag} ${text}: must be a whole number up to ${most}`);
  return number;
}
