// The run in words: the last event of weight, which a screen reader says by itself, and a list of all of them on demand.

import type { EventKind, TraceEvent } from '../../../../test/sim/step/trace.ts';
import type { StepWorld } from '../../../../test/sim/step/world.ts';
import { html, labelled } from './dom.ts';

const SHOWN_EVENTS = 200;
const OF_WEIGHT: readonly EventKind[] = ['role', 'power', 'propose', 'network'];

export class Transcript {
  /** The last event of weight. */
  readonly line = html('p', { class: 'live-line', 'aria-live': 'polite' });
  readonly element: HTMLDetailsElement;
  readonly #list = html('ol', { class: 'live-events', tabindex: 0, 'aria-label': 'Everything that happened' });
  readonly #beats = html('input', { type: 'checkbox' });
  readonly #count = html('span');
  #world: StepWorld | undefined;
  #shown = '';

  constructor() {
    const summary = html('summary', {}, 'Transcript ', this.#count);
    this.element = html(
      'details',
      { class: 'live-transcript' },
      summary,
      labelled('with heartbeats', this.#beats),
      this.#list,
    );
    this.element.addEventListener('toggle', () => this.#drawList());
    this.#beats.addEventListener('change', () => this.#drawList());
  }

  draw(world: StepWorld): void {
    this.#world = world;
    const { events, hash } = world.trace;
    if (this.#shown === hash) return;
    this.#shown = hash;
    const last = events.findLast(({ kind }) => OF_WEIGHT.includes(kind));
    const text = last === undefined ? '' : eventText(last);
    // The same words once more would be said once more.
    if (this.line.textContent !== text) this.line.textContent = text;
    this.#count.textContent = `(${events.length} events)`;
    this.#drawList();
  }

  #drawList(): void {
    if (!this.element.open || this.#world === undefined) return;
    const { events } = this.#world.trace;
    const chosen = this.#beats.checked ? events : events.filter(({ text }) => !text.includes('MsgHeartbeat'));
    const shown = chosen.slice(-SHOWN_EVENTS);
    this.#list.start = chosen.length - shown.length + 1;
    this.#list.replaceChildren(...shown.map((event) => html('li', { class: `live-${event.kind}` }, eventText(event))));
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}

/** A moment as it is shown everywhere. */
export function timeText(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

function eventText({ at, text }: TraceEvent): string {
  return `${timeText(at)}: ${text}`;
}
