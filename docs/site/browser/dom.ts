// Elements that every page has.

/** The element with an id. Throws an Error when the page has none: page and script belong together. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element #${id}`);
  return element;
}

/** The dialog with an id. */
export function dialogById(id: string): HTMLDialogElement {
  return byId(id) as HTMLDialogElement;
}

/** The input field with an id. */
export function inputById(id: string): HTMLInputElement {
  return byId(id) as HTMLInputElement;
}
