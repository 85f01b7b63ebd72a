// Differences in one column or in two: old on the left, new on the right, what is the same on both sides.

import { byId } from './dom.ts';

// What the page came with, to go back to.
const unified = new Map<Element, Node[]>();
let isSplit = false;

/** Changes all differences of the page from one column to two, or back. */
export function splitDiffs(): void {
  isSplit = !isSplit;
  for (const figure of document.querySelectorAll('.diff')) {
    const code = figure.querySelector('code');
    if (code === null) continue;
    // A file of which nothing was there before has no left side.
    const hasOld = figure.querySelector('del, code > span') !== null;
    if (isSplit && hasOld) split(figure, code);
    else restore(figure, code);
  }
  document.body.classList.toggle('two', isSplit);
  byId('columns').textContent = isSplit ? 'One column' : 'Two columns';
}

function split(figure: Element, code: Element): void {
  unified.set(code, [...code.childNodes]);
  const rows: Node[] = [];
  let removed: Element[] = [];
  let added: Element[] = [];
  const flush = (): void => {
    for (let i = 0; i < Math.max(removed.length, added.length); i++)
      rows.push(removed[i] ?? empty(), added[i] ?? empty());
    removed = [];
    added = [];
  };
  for (const line of code.children) {
    if (line.tagName === 'DEL') removed.push(line);
    else if (line.tagName === 'INS') added.push(line);
    else {
      flush();
      if (line.tagName === 'SPAN') rows.push(left(line));
      rows.push(line);
    }
  }
  flush();
  code.replaceChildren(...rows);
  figure.classList.add('split');
}

function restore(figure: Element, code: Element): void {
  const nodes = unified.get(code);
  if (nodes === undefined) return;
  code.replaceChildren(...nodes);
  unified.delete(code);
  figure.classList.remove('split');
}

// The copy on the left is for the eye only.
function left(line: Element): Element {
  const copy = line.cloneNode(true) as HTMLElement;
  copy.classList.add('old');
  copy.setAttribute('aria-hidden', 'true');
  return copy;
}

function empty(): Element {
  const line = document.createElement('span');
  line.className = 'old';
  return line;
}
