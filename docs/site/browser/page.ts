// What every page of the book can do: theme, contents on a phone, keys, copying, two columns, search. The page reads without it.

import { splitDiffs } from './columns.ts';
import { addCopyButtons } from './copy.ts';
import { byId, dialogById } from './dom.ts';
import { openSearch, prepareSearch } from './search.ts';

const THEMES = ['', 'light', 'dark'] as const;

function nextTheme(): void {
  const root = document.documentElement;
  const at = THEMES.findIndex((theme) => theme === (root.dataset['theme'] ?? ''));
  const theme = THEMES[(at + 1) % THEMES.length] ?? '';
  if (theme === '') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  byId('theme').textContent = theme === '' ? 'Theme' : theme === 'dark' ? 'Dark' : 'Light';
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // Some browsers store nothing for a page opened from a file; the theme then holds for this page.
  }
}

function toggleContents(): void {
  const isOpen = document.body.classList.toggle('open');
  byId('menu').setAttribute('aria-expanded', String(isOpen));
}

/** To the next heading of a section, or the one before. */
function jump(step: 1 | -1): void {
  const headings = [...document.querySelectorAll<HTMLElement>('article h2')];
  // A heading that the last jump has brought under the bar counts as passed.
  const top = 70;
  const target =
    step > 0
      ? headings.find((heading) => heading.getBoundingClientRect().top > top)
      : headings.findLast((heading) => heading.getBoundingClientRect().top < top - 30);
  target?.scrollIntoView();
  if (target !== undefined) target.tabIndex = -1;
  target?.focus({ preventScroll: true });
}

function follow(rel: 'prev' | 'next'): void {
  const link = document.querySelector<HTMLAnchorElement>(`a[rel=${rel}]`);
  if (link !== null) location.href = link.href;
}

function showKeys(): void {
  dialogById('help').showModal();
}

const KEYS: Readonly<Record<string, () => void>> = {
  ArrowLeft: () => follow('prev'),
  ArrowRight: () => follow('next'),
  j: () => jump(1),
  k: () => jump(-1),
  d: splitDiffs,
  t: nextTheme,
  '/': openSearch,
  '?': showKeys,
};

function onKey(event: KeyboardEvent): void {
  const { target } = event;
  // Who types, moves a slider or scrolls code sideways means no page.
  const isTyping =
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, .live, dialog, pre, [contenteditable]') !== null;
  const isScrolling =
    event.key.startsWith('Arrow') && target instanceof HTMLElement && target.closest('[tabindex="0"]') !== null;
  if (isTyping || isScrolling || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = KEYS[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

function openFolds(): void {
  for (const details of document.querySelectorAll('details')) details.open = true;
}

function start(): void {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen !== undefined) byId('theme').textContent = chosen === 'dark' ? 'Dark' : 'Light';
  byId('theme').addEventListener('click', nextTheme);
  byId('menu').addEventListener('click', toggleContents);
  byId('find').addEventListener('click', openSearch);
  byId('keys').addEventListener('click', showKeys);
  byId('columns').addEventListener('click', splitDiffs);
  byId('columns').hidden = document.querySelector('.diff') === null;
  document.addEventListener('keydown', onKey);
  window.addEventListener('beforeprint', openFolds);
  addCopyButtons();
  prepareSearch();
}

start();
