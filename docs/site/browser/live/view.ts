// One live cluster on a page: a session, its picture, and the controls that change it.

import type { Action } from '../../../../test/sim/step/actions.ts';
import { RULES } from '../../../../test/sim/step/checks.ts';
import { messageText } from '../../../../test/sim/step/message_text.ts';
import { SCENARIOS } from '../../../../test/sim/step/scenarios.ts';
import { type Run, Session } from '../../../../test/sim/step/session.ts';
import { RAFTS } from 'virtual:rafts';
import { addressOf, type LiveState } from './address.ts';
import { button, html, set } from './dom.ts';
import { Bar, brokenText, FlightsPanel, NetworkPanel, newRunPanel, RunsPanel } from './panels.ts';
import { Player } from './player.ts';
import { Ring } from './ring.ts';
import { Rows } from './rows.ts';
import { timeText, Transcript } from './transcript.ts';

const LEGEND =
  'Colours are terms. A cell is an entry of the log: its index and its value; striped while the member does not know it to be ' +
  'committed. A dot is a message: full a request, hollow an answer; small and grey a heartbeat. The arc around a follower is ' +
  'how long it has not heard of a leader.';

export class LiveView {
  readonly element: HTMLElement;
  readonly session: Session;
  readonly #id: string;
  readonly #state: LiveState;
  readonly #player: Player;
  readonly #ring: Ring;
  readonly #rows: Rows;
  readonly #bar: Bar;
  readonly #network: NetworkPanel;
  readonly #flights = new FlightsPanel();
  readonly #runs = new RunsPanel();
  readonly #transcript = new Transcript();
  // What can be done only as long as something can still happen.
  readonly #changing: HTMLButtonElement[] = [];
  readonly #verdict = html('div', { class: 'live-verdict', role: 'alert' });
  readonly #detail = html('p', { class: 'live-detail' }, 'Point at a message to read it.');

  /** `restart` puts another view in the place of this one. */
  constructor(id: string, state: LiveState, restart: (state: LiveState) => void) {
    this.#id = id;
    this.#state = state;
    const { raft, broken, members, seed, actions } = state;
    const newNode = RAFTS[broken === '' ? raft : `broken-${broken}`];
    if (newNode === undefined) throw new Error(`there is no raft "${raft}"`);
    const scenario = SCENARIOS[state.scenario]?.actions ?? [];
    this.session = new Session({ newNode, members, seed, scenario, actions });
    this.#player = new Player({
      speed: state.speed,
      onFrame: () => this.#onFrame(),
      isThere: () => this.element.isConnected,
    });
    this.#ring = new Ring(members, {
      onLinks: (links) => this.#toggle(links),
      onFlight: ({ from, to, message }) => {
        this.#detail.textContent = `n${from} to n${to}: ${messageText(message)}`;
      },
    });
    const act = (action: Action): void => this.act(action);
    this.#rows = new Rows(members, { act, nextValue: () => this.#nextValue() });
    this.#network = new NetworkPanel(members, act);
    this.#bar = this.#newBar(state.speed);
    this.element = this.#layOut(restart);
    this.seek(state.at);
  }

  /** Goes to the moment `ms`. */
  seek(ms: number): void {
    this.#player.pause();
    this.session.run.seek(ms);
    this.#settle();
  }

  /** Does something to the cluster now. */
  act(action: Action): void {
    this.session.act(action);
    this.#settle();
    this.#remember();
  }

  #newBar(speed: number): Bar {
    const events = {
      onPlay: () => {
        if (this.#player.isPlaying) this.#player.pause();
        else this.#player.play();
        this.#draw();
        this.#remember();
      },
      onBack: () => this.#move((run) => run.stepBack()),
      onForward: () => this.#move((run) => run.stepForward()),
      onSeek: (ms: number) => this.#move((run) => run.seek(ms)),
      onSpeed: (speed: number) => {
        this.#player.speed = speed;
      },
    };
    return new Bar(events, speed);
  }

  #layOut(restart: (state: LiveState) => void): HTMLElement {
    const { raft, broken, scenario } = this.#state;
    const name = broken === '' ? `core/raft of ${raft}` : brokenText(`broken-${broken}`);
    const story = SCENARIOS[scenario]?.title;
    const title = html(
      'p',
      { class: 'live-title' },
      html('strong', {}, story ?? 'A cluster'),
      ` ${name}, seed ${this.#state.seed}`,
    );
    const draw = button('Draw a cut', () => {
      const isOn = draw.getAttribute('aria-pressed') !== 'true';
      set(draw, { 'aria-pressed': String(isOn) });
      this.#ring.setDrawing(isOn);
    });
    set(draw, { 'aria-pressed': 'false', class: 'live-touch' });
    const changing = [
      button('Propose a value', () => this.act({ kind: 'propose', member: 0, value: this.#nextValue() })),
      draw,
      button('Heal all links', () => this.act({ kind: 'heal' })),
      button('Fork', () => this.#fork(), 'Fork: go on from here in a new run'),
    ];
    this.#changing.push(...changing);
    const reset = button('Reset', () => restart({ ...this.#state, actions: [], at: 0, speed: this.#player.speed }));
    const tools = html('div', { class: 'live-buttons live-tools' }, ...changing, reset);
    const { line } = this.#transcript;
    const picture = html('div', { class: 'live-picture' }, this.#ring.element, line, this.#detail, tools);
    const legend = html('p', { class: 'live-legend' }, LEGEND);
    const side = html('div', { class: 'live-side' }, this.#rows.element, legend);
    const more = html(
      'div',
      { class: 'live-more-controls' },
      this.#network.element,
      newRunPanel(this.#state, restart),
      this.#flights.element,
      this.#transcript.element,
    );
    const element = html(
      'div',
      { class: 'live-body', role: 'group', 'aria-label': 'A live cluster' },
      title,
      this.#bar.element,
      this.#verdict,
      html('div', { class: 'live-stage' }, picture, side),
      this.#runs.element,
      more,
    );
    // The site has keys of its own; those pressed in here are not meant for it.
    element.addEventListener('keydown', (event) => event.stopPropagation());
    return element;
  }

  #onFrame(): void {
    const { run } = this.session;
    run.seek(this.#player.clock);
    if (!run.isOver) return this.#draw();
    this.#settle();
    this.#remember();
  }

  #move(go: (run: Run) => void): void {
    this.#player.pause();
    go(this.session.run);
    this.#settle();
    this.#remember();
  }

  #fork(): void {
    this.session.fork();
    this.#settle();
    this.#remember();
  }

  #toggle(links: readonly (readonly [number, number])[]): void {
    const { network } = this.session.run.world;
    // A line that crosses anything whole cuts; only where all is cut, it joins.
    const kind = links.every(([a, b]) => network.isCut(a, b)) ? 'join' : 'cut';
    for (const [a, b] of links) if (network.isCut(a, b) !== (kind === 'cut')) this.session.act({ kind, a, b });
    this.#settle();
    this.#remember();
  }

  // The letters in turn, then with numbers.
  #nextValue(): string {
    const { run } = this.session;
    const count = run.world.actions
      .slice(0, run.world.actionsDone)
      .filter(({ action }) => action.kind === 'propose').length;
    const round = Math.floor(count / 26);
    return String.fromCharCode(97 + (count % 26)) + (round === 0 ? '' : round);
  }

  // The clock goes on from where the run is.
  #settle(): void {
    const { run } = this.session;
    this.#player.clock = run.world.now;
    if (run.isOver) this.#player.pause();
    this.#draw();
  }

  #draw(): void {
    const { run } = this.session;
    const { world } = run;
    this.#ring.draw(world, this.#player.clock, this.#player.isStill);
    this.#rows.draw(world);
    this.#bar.draw(run, this.#player.isPlaying);
    this.#network.draw(world);
    this.#flights.draw(world);
    this.#transcript.draw(world);
    this.#runs.draw(this.session, (chosen) => {
      this.#player.pause();
      this.session.select(chosen);
      this.#settle();
    });
    for (const control of this.#changing) set(control, { disabled: run.isOver });
    this.#drawVerdict(run);
  }

  #drawVerdict({ world }: Run): void {
    const { violation, now } = world;
    const text = violation === undefined ? '' : violation.text;
    if (this.#verdict.dataset['text'] === text) return;
    this.#verdict.dataset['text'] = text;
    this.#verdict.replaceChildren();
    if (violation === undefined) return;
    const { name, section, says } = RULES[violation.rule];
    this.#verdict.append(
      html('strong', {}, `Stopped at ${timeText(now)}: ${name} is broken (section ${section} of the Raft paper). `),
      html('span', {}, `${says} But ${violation.text}.`),
    );
  }

  // Nobody's address changes before they have done something.
  #remember(): void {
    if (this.#player.isPlaying) return;
    const { run } = this.session;
    const state = { ...this.#state, actions: run.actions, at: run.world.now };
    try {
      history.replaceState(history.state, '', addressOf(this.#id, state));
    } catch {
      // A page that may not change its address works without.
    }
  }
}
