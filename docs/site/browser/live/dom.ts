// Making elements: the few lines that stand between this and a framework.

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element; an attribute that is false or undefined is left out, one that is true has no value. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** An SVG element; attributes as with html(). */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** Changes attributes of an element that is there. */
export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** A button that does `act` when it is pressed. `label` is what it is called where its text alone says too little. */
export function button(text: string, act: () => void, label?: string): HTMLButtonElement {
  const element = html('button', { type: 'button', 'aria-label': label }, text);
  element.addEventListener('click', act);
  return element;
}

let labels = 0;

/** A control with its label in front of it. */
export function labelled(text: string, control: HTMLElement): HTMLElement {
  const id = `live-control-${++labels}`;
  set(control, { id });
  return html('span', { class: 'live-field' }, html('label', { for: id }, text), control);
}

/** A list to choose from: pairs of a value and what is shown for it. */
export function choice(options: readonly (readonly [string, string])[], chosen: string): HTMLSelectElement {
  const element = html('select');
  for (const [value, text] of options) element.append(html('option', { value, selected: value === chosen }, text));
  return element;
}
