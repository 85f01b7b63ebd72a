// What the builder and the page must agree on: how text is taken apart for the search.

/** An entry of the index. */
export interface SearchEntry {
  readonly id: number;
  readonly kind: 'page' | 'symbol' | 'flag';
  readonly title: string;
  /** Relative to the site's folder. */
  readonly url: string;
  readonly extract: string;
  readonly text: string;
}

/**
 * The words of a text, in lower case. A name is found as a whole and by its parts: `maybeAppend` also by `append`,
 * `listen-client-urls` also by `client`.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [whole] of text.matchAll(/[\p{L}\p{N}]+(?:[-_.#][\p{L}\p{N}]+)*/gu)) {
    words.push(whole.toLowerCase());
    const parts = whole.split(/[-_.#]|(?<=[a-z0-9])(?=[A-Z])/).filter((part) => part !== '');
    if (parts.length > 1) words.push(...parts.map((part) => part.toLowerCase()));
    const dotted = whole.split(/[.#]/).filter((part) => part !== '');
    if (dotted.length > 1) words.push(...dotted.map((part) => part.toLowerCase()));
  }
  return [...new Set(words)];
}

export const SEARCH_OPTIONS = {
  fields: ['title', 'text'],
  storeFields: ['kind', 'title', 'url', 'extract'],
  tokenize: wordsOf,
  processTerm: (term: string): string => term,
  searchOptions: { boost: { title: 4 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' as const },
};
