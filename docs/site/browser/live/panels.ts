// The parts with controls: the bar under the picture, the network, a new run, the runs of the session, messages in a list.

import type { Action } from '../../../../test/sim/step/actions.ts';
import { messageText } from '../../../../test/sim/step/message_text.ts';
import { SCENARIOS } from '../../../../test/sim/step/scenarios.ts';
import type { Run, Session } from '../../../../test/sim/step/session.ts';
import type { StepWorld } from '../../../../test/sim/step/world.ts';
import { RAFTS } from 'virtual:rafts';
import type { LiveState } from './address.ts';
import { button, choice, html, labelled, set } from './dom.ts';
import { timeText } from './transcript.ts';

const SPEEDS = [10, 50, 100, 250, 500, 1000, 4000];

export interface BarEvents {
  onPlay(): void;
  onBack(): void;
  onForward(): void;
  onSeek(ms: number): void;
  onSpeed(speed: number): void;
}

/** Play, steps, the slider of time, speed. */
export class Bar {
  readonly element: HTMLElement;
  readonly #play: HTMLButtonElement;
  readonly #back: HTMLButtonElement;
  readonly #forward: HTMLButtonElement;
  readonly #slider = html('input', { type: 'range', min: 0, max: 5000, step: 1, value: 0, 'aria-label': 'Time' });
  readonly #time = html('output', { class: 'live-time' });

  constructor(events: BarEvents, speed: number) {
    this.#play = button('Play', () => events.onPlay());
    this.#back = button('Step back', () => events.onBack());
    this.#forward = button('Step', () => events.onForward(), 'Step forward');
    this.#slider.addEventListener('input', () => events.onSeek(Number(this.#slider.value)));
    const speeds = [...new Set([...SPEEDS, speed])].sort((a, b) => a - b);
    const select = choice(
      speeds.map((ms) => [String(ms), ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`]),
      String(speed),
    );
    select.addEventListener('change', () => events.onSpeed(Number(select.value)));
    const steps = html('div', { class: 'live-buttons' }, this.#play, this.#back, this.#forward);
    const speedLabel = labelled('a second shows', select);
    this.element = html('div', { class: 'live-bar' }, steps, this.#slider, this.#time, speedLabel);
  }

  draw(run: Run, isPlaying: boolean): void {
    const { world } = run;
    this.#play.textContent = isPlaying ? 'Pause' : 'Play';
    set(this.#play, { disabled: run.isOver });
    set(this.#forward, { disabled: run.isOver });
    set(this.#back, { disabled: world.done === 0 });
    // There is always some way ahead, unless nothing comes any more.
    const max = run.isOver ? world.now : Math.max(run.furthest, world.now + 1000, 5000);
    this.#slider.max = String(max);
    this.#slider.value = String(world.now);
    set(this.#slider, { 'aria-valuetext': timeText(world.now) });
    this.#time.textContent = timeText(world.now);
  }
}

/** Weather, and a partition without drawing. */
export class NetworkPanel {
  readonly element: HTMLDetailsElement;
  readonly #loss: HTMLInputElement;
  readonly #repeat: HTMLInputElement;
  readonly #shortest: HTMLInputElement;
  readonly #longest: HTMLInputElement;
  readonly #group: HTMLInputElement[] = [];
  #shown = '';

  constructor(members: number, act: (action: Action) => void) {
    this.#loss = numberInput(0, 100);
    this.#repeat = numberInput(0, 100);
    this.#shortest = numberInput(1, 2000);
    this.#longest = numberInput(1, 2000);
    const weather = (): void => {
      const delay = [Number(this.#shortest.value), Number(this.#longest.value)] as const;
      act({ kind: 'weather', loss: Number(this.#loss.value), repeat: Number(this.#repeat.value), delay });
    };
    const inputs = [this.#loss, this.#repeat, this.#shortest, this.#longest];
    for (const input of inputs) input.addEventListener('change', weather);
    const boxes = Array.from({ length: members }, (_, i) => {
      const box = html('input', { type: 'checkbox', value: i + 1 });
      this.#group.push(box);
      return html('label', {}, box, `n${i + 1}`);
    });
    const split = (): void => {
      const group = this.#group.filter(({ checked }) => checked).map(({ value }) => Number(value));
      act({ kind: 'split', group });
    };
    this.element = html(
      'details',
      {},
      html('summary', {}, 'Network'),
      html(
        'div',
        { class: 'live-fields' },
        labelled('lost, %', this.#loss),
        labelled('twice, %', this.#repeat),
        labelled('at least, ms', this.#shortest),
        labelled('at most, ms', this.#longest),
      ),
      html('fieldset', {}, html('legend', {}, 'Cut off from the others'), ...boxes, button('Cut', split)),
    );
  }

  draw({ network, violation }: StepWorld): void {
    const { loss, repeat, delay } = network.weather;
    const shown = `${loss} ${repeat} ${delay.join(' ')} ${violation !== undefined}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#loss.value = String(Math.round(loss * 100));
    this.#repeat.value = String(Math.round(repeat * 100));
    this.#shortest.value = String(delay[0]);
    this.#longest.value = String(delay[1]);
    for (const control of this.element.querySelectorAll('input, button'))
      set(control, { disabled: violation !== undefined });
  }
}

function numberInput(min: number, max: number): HTMLInputElement {
  const input = html('input', { type: 'number', min, max, step: 1, inputmode: 'numeric', required: true });
  // What is no number within the bounds is taken for the nearest one.
  input.addEventListener('change', () => {
    const value = Math.round(Number(input.value));
    input.value = String(Math.min(Math.max(Number.isFinite(value) ? value : min, min), max));
  });
  return input;
}

/** What a new run begins with. `start` gets what was chosen. */
export function newRunPanel(state: LiveState, start: (state: LiveState) => void): HTMLDetailsElement {
  const steps = Object.keys(RAFTS).filter((name) => !name.startsWith('broken-'));
  const broken = Object.keys(RAFTS).filter((name) => name.startsWith('broken-'));
  const raftOptions = [
    ...steps.map((name) => [name, name] as const),
    ...broken.map((name) => [name, brokenText(name)] as const),
  ];
  const raft = choice(raftOptions, state.broken === '' ? state.raft : `broken-${state.broken}`);
  const scenarios = Object.entries(SCENARIOS).map(([name, { title }]) => [name, title] as const);
  const scenario = choice([['', 'None'], ...scenarios], state.scenario);
  const sizes = [...new Set([1, 3, 5, state.members])].sort((a, b) => a - b);
  const members = choice(
    sizes.map((size) => [String(size), String(size)]),
    String(state.members),
  );
  const seed = numberInput(0, 999_999_999);
  seed.value = String(state.seed);
  scenario.addEventListener('change', () => {
    const needed = SCENARIOS[scenario.value]?.members;
    if (needed !== undefined) members.value = String(needed);
  });
  const begin = (): void => {
    const isBroken = raft.value.startsWith('broken-');
    start({
      ...state,
      raft: isBroken ? state.raft : raft.value,
      broken: isBroken ? raft.value.slice('broken-'.length) : '',
      members: Number(members.value),
      seed: Number(seed.value),
      scenario: scenario.value,
      actions: [],
      at: 0,
    });
  };
  const fields = [
    labelled('scenario', scenario),
    labelled('raft', raft),
    labelled('members', members),
    labelled('seed', seed),
  ];
  const summary = html('summary', {}, 'Another run');
  return html('details', {}, summary, html('div', { class: 'live-fields' }, ...fields), button('Begin', begin));
}

/** What a broken raft is called: no more than its letter, since its mistake is to be found. */
export function brokenText(name: string): string {
  return `broken raft ${name.slice('broken-'.length).toUpperCase()}`;
}

/** The runs of a session, to go back to. */
export class RunsPanel {
  readonly element = html('div', { class: 'live-runs' });
  #shown = '';

  draw(session: Session, select: (run: Run) => void): void {
    const texts = session.runs.map((run, i) => `Run ${i + 1}, ${timeText(run.world.now)}`);
    const shown = `${texts.join()} ${session.runs.indexOf(session.run)}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.hidden = session.runs.length < 2;
    const buttons = session.runs.map((run, i) => {
      const element = button(texts[i] ?? '', () => select(run));
      set(element, { 'aria-pressed': String(run === session.run) });
      return element;
    });
    this.element.replaceChildren(...buttons);
  }
}

/** Messages on their way as a list, for whoever cannot point at them. */
export class FlightsPanel {
  readonly element: HTMLDetailsElement;
  readonly #list = html('ul');
  readonly #count = html('span');
  #shown = -1;

  constructor() {
    this.element = html('details', {}, html('summary', {}, 'Messages on their way ', this.#count), this.#list);
  }

  draw({ network, done }: StepWorld): void {
    if (done === this.#shown) return;
    this.#shown = done;
    const flights = [...network.flights.values()].sort((a, b) => a.arrivesAt - b.arrivesAt);
    this.#count.textContent = `(${flights.length})`;
    if (!this.element.open) return;
    const items = flights.map(({ from, to, message }) => html('li', {}, `n${from} to n${to}: ${messageText(message)}`));
    this.#list.replaceChildren(...items);
  }
}
