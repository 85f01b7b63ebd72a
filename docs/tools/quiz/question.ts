// A question of the test: one right answer among four, worked out by the code itself.

import type { SeededRandom } from './random.ts';

/** How many answers there are to choose from. */
export const OPTIONS = 4;

export interface Question {
  readonly kind: string;
  readonly text: string;
  /** All different. */
  readonly options: readonly string[];
  /** The place of the right one. */
  readonly right: number;
  /** Why it is right. */
  readonly why: string;
  /** Where it can be read: `file#Symbol`, relative to the root of the repository. */
  readonly cites: readonly string[];
  /** What the question is made of, so that a test can work out the answer in another way. */
  readonly facts: unknown;
}

/** A question before its answers have their places. */
export type Draft = Omit<Question, 'options' | 'right'> & {
  readonly answer: string;
  /** Wrong answers, the likeliest mistakes first; more than needed, and some may repeat each other or the answer. */
  readonly wrong: readonly string[];
};

/** Makes one question, or undefined when what chance gave makes none. */
export type Maker = (random: SeededRandom) => Draft | undefined;

/** Puts the answers in their places; undefined when there are too few wrong ones. */
export function toQuestion({ answer, wrong, ...rest }: Draft, random: SeededRandom): Question | undefined {
  const distractors = [...new Set(wrong)].filter((one) => one !== answer).slice(0, OPTIONS - 1);
  if (distractors.length < OPTIONS - 1) return undefined;
  const options = random.shuffled([answer, ...distractors]);
  return { ...rest, options, right: options.indexOf(answer) };
}

/** Whole numbers near `value` and not below `least`, the nearest first: wrong answers where a number is asked for. */
export function nearNumbers(value: number, least: number): number[] {
  return [1, -1, 2, -2, 3, 4].map((difference) => value + difference).filter((one) => one >= least);
}
