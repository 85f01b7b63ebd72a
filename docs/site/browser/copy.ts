// Copy buttons: of a console the commands without prompts and outputs, of code the lines as they are in the new file.

const DONE_MS = 1500;

/** Gives every console and every piece of code a button. */
export function addCopyButtons(): void {
  for (const figure of document.querySelectorAll<HTMLElement>('.console')) {
    if (figure.querySelector('.cmd') !== null) addButton(figure, () => textOf(figure, '.cmd'));
  }
  for (const figure of document.querySelectorAll<HTMLElement>('.code')) {
    addButton(figure, () => textOf(figure, 'code > :is(ins, span):not(.old), details > span'));
  }
  for (const pre of document.querySelectorAll<HTMLElement>('pre.commands')) {
    const held = document.createElement('div');
    held.className = 'held';
    pre.replaceWith(held);
    held.append(pre);
    addButton(held, () => pre.textContent ?? '');
  }
}

function textOf(figure: HTMLElement, selector: string): string {
  const lines = [...figure.querySelectorAll<HTMLElement>(selector)].map((line) => line.textContent ?? '');
  return `${lines.join('\n')}\n`;
}

function addButton(holder: HTMLElement, text: () => string): void {
  const button = document.createElement('button');
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', () => {
    copy(text()).then(
      () => say(button, 'Copied'),
      () => say(button, 'Not allowed'),
    );
  });
  holder.append(button);
}

async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  // A page from a file has no clipboard in some browsers: the older way works there.
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  if (!isDone) throw new Error('the browser did not copy');
}

function say(button: HTMLButtonElement, text: string): void {
  button.textContent = text;
  setTimeout(() => (button.textContent = 'Copy'), DONE_MS);
}
