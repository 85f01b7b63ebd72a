// Questions about the code itself: who calls a function, which function writes a line of the log, where a flag is used. The
// answers come from the syntax trees of the step.

import { followFlag, flagNames } from '../flag_ts.ts';
import { type LogCall, messageOf } from '../log_messages.ts';
import { logCallsOf } from '../log_ts.ts';
import type { CallGraph } from '../../site/source/call_graph.ts';
import { keyOf, type Owned, type TsCode } from '../../site/source/code.ts';
import type { Draft, Maker } from './question.ts';
import type { SeededRandom } from './random.ts';

/** What a question about calls is made of: keys as `file#Symbol`. */
export interface CallFacts {
  readonly callee: string;
  readonly callers: readonly string[];
  readonly distractors: readonly string[];
}

// Programs of their own that only call themselves, and what everything calls, teach nothing.
const UNASKED = /\/bin\/|#(?:main|fail)$/;
const MOST_CALLERS = 3;
const MANY = 12;

/** A maker of questions about who calls whom. */
export function callQuestions(code: TsCode, graph: CallGraph): Maker {
  const functions = graph
    .functions()
    .filter((one) => !UNASKED.test(keyOfOwned(one)) && !one.symbol.name.endsWith('.constructor'));
  const callersOf = (one: Owned): string[] =>
    [
      ...new Set(
        graph
          .to(keyOfOwned(one))
          .filter(({ isCall }) => isCall)
          .map(({ from }) => from),
      ),
    ].filter((from) => isFunction(graph, from));
  const askable = functions.filter((one) => {
    const count = callersOf(one).length;
    return count > 0 && count <= MOST_CALLERS && graph.to(keyOfOwned(one)).every(({ isCall }) => isCall);
  });
  return (random) => {
    if (askable.length === 0) return undefined;
    const callee = random.pick(askable);
    const callers = callersOf(callee);
    const caller = random.pick(callers);
    const distractors = nearFirst(callee, functions, random)
      .map(keyOfOwned)
      .filter((key) => key !== keyOfOwned(callee) && !names(graph, key, callee));
    const summary = code.summaryOf(callee);
    const facts: CallFacts = { callee: keyOfOwned(callee), callers, distractors };
    return {
      kind: 'calls',
      text: `Which of these calls ${short(code, keyOfOwned(callee))}?${summary === '' ? '' : `\n\n  ${summary}`}`,
      answer: short(code, caller),
      wrong: distractors.map((key) => short(code, key)),
      why: `It is called in ${callers.map((key) => short(code, key)).join(', ')}, and nowhere else.`,
      cites: [caller, keyOfOwned(callee)],
      facts,
    };
  };
}

/** A maker of questions about which function writes a line of the log. */
export function logQuestions(code: TsCode, graph: CallGraph): Maker {
  const calls = logCallsOf(code).filter(({ symbol }) => symbol !== undefined);
  const functions = graph.functions().filter((one) => !UNASKED.test(keyOfOwned(one)));
  return (random) => {
    if (calls.length === 0) return undefined;
    const call = random.pick(calls);
    const writers = calls.filter((one) => messageOf(one) === messageOf(call)).map(keyOfCall);
    const answer = keyOfCall(call);
    const others = [...calls.map(keyOfCall), ...random.shuffled(functions).map(keyOfOwned)].filter(
      (key) => !writers.includes(key),
    );
    return {
      kind: 'log',
      text: `Which function writes this line of the log?\n\n  ${call.level}  ${messageOf(call)}`,
      answer: short(code, answer),
      wrong: random.shuffled([...new Set(others)].slice(0, MANY)).map((key) => short(code, key)),
      why: `The message stands in line ${call.line} of ${call.file.slice(code.folder.length + 1)}.`,
      cites: [answer],
      facts: { message: messageOf(call), writers },
    };
  };
}

/** A maker of questions about where the value of a flag is used, after it was checked. The flags are followed at once, the rest needs no compiler. */
export function flagQuestions(code: TsCode, graph: CallGraph): Maker {
  const stories = flagNames(code).map((name) => followFlag(code, graph, name));
  const functions = graph.functions().filter((one) => !UNASKED.test(keyOfOwned(one)));
  return (random): Draft | undefined => {
    const story = random.pick(stories);
    const [field] = story?.fields ?? [];
    const uses = field?.uses.filter(({ file }) => !file.includes('/etcdmain/')) ?? [];
    const users = [...new Set(uses.map(keyOf))];
    if (story === undefined || field === undefined || users.length === 0) return undefined;
    const [answer = ''] = users;
    const near = functions.filter(({ file }) => /\/(embed|server)\//.test(file)).map(keyOfOwned);
    const wrong = random.shuffled(near.filter((key) => !users.includes(key)));
    const [use] = uses;
    return {
      kind: 'flag',
      text: `The flag --${story.name} is parsed, checked and put into Config.${field.name}. Which function uses it from there?`,
      answer: short(code, answer),
      wrong: wrong.map((key) => short(code, key)),
      why: `Line ${use?.line} of ${use?.file.slice(code.folder.length + 1)}: ${use?.text}`,
      cites: [answer, `${code.folder}/etcdmain/config.ts#toConfig`],
      facts: { flag: story.name, users },
    };
  };
}

// Whether a function calls something of the name of `callee`: that is the same, or could be by way of an interface.
function names(graph: CallGraph, key: string, { symbol: { name } }: Owned): boolean {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return graph.owned(key)?.symbol.node?.getText().includes(`${last}(`) === true;
}

function keyOfOwned({ file, symbol }: Owned): string {
  return keyOf({ file, symbol: symbol.name });
}

function keyOfCall({ file, symbol }: LogCall): string {
  return keyOf({ file, symbol: symbol ?? '' });
}

function isFunction(graph: CallGraph, key: string): boolean {
  const kind = graph.owned(key)?.symbol.kind;
  return kind === 'function' || kind === 'member';
}

// Functions of the same folder are the harder choice.
function nearFirst({ file }: Owned, functions: readonly Owned[], random: SeededRandom): Owned[] {
  const folder = file.slice(0, file.lastIndexOf('/'));
  const shuffled = random.shuffled(functions);
  const near = shuffled.filter((one) => one.file.startsWith(`${folder}/`)).slice(0, 2);
  return [...near, ...shuffled.filter((one) => !near.includes(one))];
}

// Relative to the step: the name says the rest.
function short(code: TsCode, key: string): string {
  const at = key.indexOf('#');
  return `${key.slice(at + 1)} (${key.slice(code.folder.length + 1, at)})`;
}
