// The search: the index is loaded when it is first opened.

import MiniSearch from 'minisearch';
import { byId, dialogById, inputById } from './dom.ts';
import { SEARCH_OPTIONS, type SearchEntry } from './search_options.ts';

const RESULTS_MAX = 20;

let index: MiniSearch<SearchEntry> | undefined;

/** Opens the search, and loads the index if that was not done before. */
export function openSearch(): void {
  dialogById('search').showModal();
  inputById('query').select();
  if (index === undefined) loadIndex();
}

/** Makes the dialog answer. */
export function prepareSearch(): void {
  byId('query').addEventListener('input', show);
  byId('search').addEventListener('keydown', onKey);
}

// From a script that sets a variable: a page opened from a file may not fetch.
function loadIndex(): void {
  const script = document.createElement('script');
  script.src = `${base()}assets/search.js`;
  script.addEventListener('load', () => {
    const { etcdStepsIndex } = window as unknown as { etcdStepsIndex: string };
    index = MiniSearch.loadJSON<SearchEntry>(etcdStepsIndex, SEARCH_OPTIONS);
    show();
  });
  script.addEventListener('error', () => (byId('found').textContent = 'The index could not be loaded.'));
  document.head.append(script);
}

function base(): string {
  return document.body.dataset['base'] ?? '';
}

function show(): void {
  const query = inputById('query').value.replace(/^--/, '').trim();
  const results = byId('results');
  if (index === undefined || query === '') {
    results.replaceChildren();
    byId('found').textContent = '';
    return;
  }
  const found = index.search(query);
  byId('found').textContent = found.length === 1 ? '1 place' : `${found.length} places`;
  results.replaceChildren(...found.slice(0, RESULTS_MAX).map((result) => item(result as unknown as SearchEntry)));
}

function item({ kind, title, url, extract }: SearchEntry): HTMLElement {
  const link = document.createElement('a');
  link.href = base() + url;
  link.textContent = kind === 'page' ? title : `${title} (${kind})`;
  link.addEventListener('click', () => dialogById('search').close());
  const text = document.createElement('span');
  text.textContent = extract;
  link.append(text);
  const li = document.createElement('li');
  li.append(link);
  return li;
}

// Arrows walk through the results.
function onKey(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const links = [...document.querySelectorAll<HTMLElement>('#results a')];
  if (event.key === 'Enter' && event.target === byId('query')) {
    event.preventDefault();
    links[0]?.click();
  }
  if (step === 0 || links.length === 0) return;
  event.preventDefault();
  const at = links.findIndex((link) => link === document.activeElement);
  const next = at + step;
  if (next < 0) byId('query').focus();
  else links[Math.min(next, links.length - 1)]?.focus();
}
