// What a user, a scenario or a test does to the small world, and how that is written down in an address: a run is its seed and
// the list of its actions, each with its moment.

export type Action =
  /** Member 0 stands for whoever leads. `size` in bytes, if more than the name needs. */
  | { readonly kind: 'propose'; readonly member: number; readonly value: string; readonly size?: number }
  | { readonly kind: 'crash'; readonly member: number }
  | { readonly kind: 'start'; readonly member: number }
  | { readonly kind: 'campaign'; readonly member: number }
  | { readonly kind: 'cut'; readonly a: number; readonly b: number }
  | { readonly kind: 'join'; readonly a: number; readonly b: number }
  /** Cuts all links between `group` and the others; links within either side are as they were. */
  | { readonly kind: 'split'; readonly group: readonly number[] }
  | { readonly kind: 'heal' }
  /** Probabilities in percent, times in ms. */
  | {
      readonly kind: 'weather';
      readonly loss: number;
      readonly repeat: number;
      readonly delay: readonly [number, number];
    };

export interface TimedAction {
  /** Ms since the beginning. An action comes after whatever else happens at its moment. */
  readonly at: number;
  readonly action: Action;
}

const BETWEEN_ACTIONS = '~';
const BETWEEN_WORDS = '-';

/** A list of actions as one word that may stand in an address. */
export function encodeActions(actions: readonly TimedAction[]): string {
  return actions.map(({ at, action }) => [at, ...wordsOf(action)].join(BETWEEN_WORDS)).join(BETWEEN_ACTIONS);
}

function wordsOf(action: Action): (string | number)[] {
  switch (action.kind) {
    case 'propose':
      return [action.kind, action.member, action.value, ...(action.size === undefined ? [] : [action.size])];
    case 'crash':
    case 'start':
    case 'campaign':
      return [action.kind, action.member];
    case 'cut':
    case 'join':
      return [action.kind, action.a, action.b];
    case 'split':
      return [action.kind, ...action.group];
    case 'heal':
      return [action.kind];
    case 'weather':
      return [action.kind, action.loss, action.repeat, ...action.delay];
  }
}

/** Reads what encodeActions wrote. Throws an Error that names the action that makes no sense. */
export function decodeActions(text: string): TimedAction[] {
  if (text === '') return [];
  return text.split(BETWEEN_ACTIONS).map((part) => {
    const [at = '', kind = '', ...words] = part.split(BETWEEN_WORDS);
    const action = actionOf(kind, words);
    if (action === undefined || !isCount(at)) throw new Error(`"${part}" is no action`);
    return { at: Number(at), action };
  });
}

function actionOf(kind: string, words: readonly string[]): Action | undefined {
  if (kind === 'propose') return proposalOf(words);
  if (!words.every(isCount)) return undefined;
  const numbers = words.map(Number);
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
  switch (kind) {
    case 'crash':
    case 'start':
    case 'campaign':
      return numbers.length === 1 ? { kind, member: first } : undefined;
    case 'cut':
    case 'join':
      return numbers.length === 2 ? { kind, a: first, b: second } : undefined;
    case 'split':
      return { kind, group: numbers };
    case 'heal':
      return numbers.length === 0 ? { kind } : undefined;
    case 'weather':
      return numbers.length === 4 ? { kind, loss: first, repeat: second, delay: [third, fourth] } : undefined;
    default:
      return undefined;
  }
}

function proposalOf([member = '', value = '', size]: readonly string[]): Action | undefined {
  if (!isCount(member) || !/^\w{1,16}$/.test(value) || (size !== undefined && !isCount(size))) return undefined;
  // What a client may send at most, as in the server.
  const bytes = size === undefined ? {} : { size: Math.min(Number(size), 1.5 * 1024 * 1024) };
  return { kind: 'propose', member: Number(member), value, ...bytes };
}

function isCount(word: string): boolean {
  return /^\d{1,9}$/.test(word);
}
