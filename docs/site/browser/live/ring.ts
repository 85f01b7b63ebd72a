// The picture: members on a ring, links, and messages that move along them. A line drawn across links cuts them; a link that is
// pressed is cut or joined. All of it can be done and read without the picture too, so it is one image to a screen reader.

import { RaftMessageType } from '../../../../proto/schema.ts';
import { ELECTION_TICKS, type StepMember } from '../../../../test/sim/step/member.ts';
import type { Flight } from '../../../../test/sim/step/network.ts';
import type { StepWorld } from '../../../../test/sim/step/world.ts';
import { set, svg } from './dom.ts';
import { arc, between, doCross, HEIGHT, MEMBER_RADIUS, placeOf, type Point, WIDTH } from './geometry.ts';

export interface RingEvents {
  /** A line was drawn across these links, or one was pressed. */
  onLinks(links: readonly (readonly [number, number])[]): void;
  onFlight(flight: Flight): void;
}

/** How the kinds of messages look: a class, and what is written beside one. */
const LOOKS: Readonly<Record<number, readonly [string, (flight: Flight) => string]>> = {
  [RaftMessageType.MsgProp]: ['prop', () => 'prop'],
  [RaftMessageType.MsgVote]: ['vote', () => 'vote?'],
  [RaftMessageType.MsgVoteResp]: ['vote answer', ({ message }) => (message.reject ? 'no' : 'yes')],
  [RaftMessageType.MsgApp]: [
    'app',
    ({ message }) => (message.entries.length === 0 ? 'commit' : appText(message.entries)),
  ],
  [RaftMessageType.MsgAppResp]: ['app answer', ({ message }) => (message.reject ? 'no' : `has ${message.index}`)],
  [RaftMessageType.MsgHeartbeat]: ['beat', () => ''],
  [RaftMessageType.MsgHeartbeatResp]: ['beat answer', () => ''],
};

function appText(entries: readonly { readonly Index: number }[]): string {
  const [first, last] = [entries[0]?.Index ?? 0, entries.at(-1)?.Index ?? 0];
  return first === last ? `+${first}` : `+${first}–${last}`;
}

/** A line has to be this long to be more than a press, in units of the picture. */
const LEAST_LINE = 12;

export class Ring {
  readonly element: SVGSVGElement;
  readonly #events: RingEvents;
  readonly #members: number;
  readonly #links = new Map<string, SVGLineElement>();
  readonly #nodes: SVGGElement[] = [];
  readonly #flights = new Map<number, SVGGElement>();
  // Where messages were drawn last.
  readonly #drawnAt = new Map<Flight, Point>();
  readonly #flightLayer = svg('g');
  readonly #drawn = svg('line', { class: 'live-drawn', visibility: 'hidden' });

  constructor(members: number, events: RingEvents) {
    this.#members = members;
    this.#events = events;
    this.element = svg('svg', { class: 'live-ring', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' });
    for (let a = 1; a <= members; a++) for (let b = a + 1; b <= members; b++) this.#addLink(a, b);
    for (let id = 1; id <= members; id++) this.#addNode(id);
    this.element.append(this.#flightLayer, this.#drawn);
    this.#listen();
  }

  /** Shows the world at its moment, or up to a ms later: `clock` is exact. With `isStill` messages stand at half their way. */
  draw(world: StepWorld, clock: number, isStill: boolean): void {
    for (const [key, line] of this.#links) {
      const [a = 0, b = 0] = key.split('-').map(Number);
      line.classList.toggle('live-cut', world.network.isCut(a, b));
    }
    for (const member of world.members) this.#drawNode(member);
    this.#drawFlights(world, clock, isStill);
    set(this.element, { 'aria-label': summaryOf(world) });
  }

  #addLink(a: number, b: number): void {
    const [from, to] = [placeOf(a, this.#members), placeOf(b, this.#members)];
    const line = svg('line', { class: 'live-link', x1: from.x, y1: from.y, x2: to.x, y2: to.y });
    this.#links.set(`${a}-${b}`, line);
    this.element.append(line);
  }

  #addNode(id: number): void {
    const { x, y } = placeOf(id, this.#members);
    const node = svg(
      'g',
      { class: 'live-node' },
      svg('circle', { class: 'live-disc', cx: x, cy: y, r: MEMBER_RADIUS }),
      svg('path', { class: 'live-wait', d: '' }),
      svg('text', { class: 'live-name', x, y: y - 5 }, `n${id}`),
      svg('text', { class: 'live-term', x, y: y + 10 }, ''),
      svg('text', { class: 'live-role', x, y: y + 21 }, ''),
    );
    this.#nodes.push(node);
    this.element.append(node);
  }

  #drawNode({ id, raft, isSyncing }: StepMember): void {
    const node = this.#nodes[id - 1];
    const [disc, wait, , term, role] = node?.children ?? [];
    if (disc === undefined || wait === undefined || term === undefined || role === undefined) return;
    const words = ['live-node', `live-${raft?.role ?? 'off'}`, isSyncing ? 'live-syncing' : ''];
    node?.setAttribute('class', words.join(' '));
    disc.setAttribute('data-term', raft === undefined ? 'off' : colourOf(raft.term));
    term.textContent = raft === undefined ? 'off' : `term ${raft.term}`;
    role.textContent = raft === undefined ? '' : raft.role;
    const part = raft === undefined || raft.role === 'leader' ? 0 : raft.electionElapsed / (2 * ELECTION_TICKS);
    wait.setAttribute('d', arc(placeOf(id, this.#members), MEMBER_RADIUS + 5, part));
  }

  #drawFlights({ network }: StepWorld, clock: number, isStill: boolean): void {
    for (const [id, element] of this.#flights) {
      if (network.flights.has(id)) continue;
      element.remove();
      this.#flights.delete(id);
    }
    this.#drawnAt.clear();
    for (const flight of network.flights.values()) {
      const { sentAt, arrivesAt, from, to } = flight;
      const element = this.#flights.get(flight.id) ?? this.#addFlight(flight);
      const part = isStill ? 0.45 : Math.min(1, Math.max(0, (clock - sentAt) / Math.max(1, arrivesAt - sentAt)));
      const place = between(placeOf(from, this.#members), placeOf(to, this.#members), part);
      const { x, y } = place;
      this.#drawnAt.set(flight, place);
      element.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
  }

  #addFlight(flight: Flight): SVGGElement {
    const [look, text] = LOOKS[flight.message.type] ?? ['other', () => ''];
    const words = look.split(' ').map((word) => `live-${word}`);
    const element = svg(
      'g',
      { class: ['live-flight', ...words, flight.isLost ? 'live-lost' : ''].join(' ') },
      svg('circle', { r: look.startsWith('beat') ? 4 : 6.5 }),
      svg('text', { x: 9, y: 4 }, text(flight)),
    );
    const show = (): void => this.#events.onFlight(flight);
    element.addEventListener('pointerenter', show);
    this.#flights.set(flight.id, element);
    this.#flightLayer.append(element);
    return element;
  }

  /** Whether a finger draws lines; otherwise it moves the page, and only a mouse draws. */
  setDrawing(isDrawing: boolean): void {
    this.element.classList.toggle('live-drawing', isDrawing);
  }

  #listen(): void {
    const { element } = this;
    let start: Point | undefined;
    const end = (event: PointerEvent): void => {
      if (start === undefined) return;
      this.#finishLine(start, this.#pointOf(event));
      start = undefined;
      set(this.#drawn, { visibility: 'hidden' });
    };
    element.addEventListener('pointerdown', (event) => {
      start = this.#pointOf(event);
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener('pointermove', (event) => {
      if (start === undefined) return;
      const { x, y } = this.#pointOf(event);
      set(this.#drawn, { x1: start.x, y1: start.y, x2: x, y2: y, visibility: 'visible' });
    });
    element.addEventListener('pointerup', end);
    element.addEventListener('pointercancel', () => {
      start = undefined;
      set(this.#drawn, { visibility: 'hidden' });
    });
  }

  #finishLine(from: Point, to: Point): void {
    const isPress = Math.hypot(to.x - from.x, to.y - from.y) < LEAST_LINE;
    const flight = isPress ? this.#flightAt(to) : undefined;
    if (flight !== undefined) return this.#events.onFlight(flight);
    // A press on a link is a short line across it, whichever way the link goes.
    const lines: readonly (readonly [Point, Point])[] = isPress ? pressLines(to) : [[from, to]];
    const crossed: [number, number][] = [];
    for (let a = 1; a <= this.#members; a++) {
      for (let b = a + 1; b <= this.#members; b++) {
        const [pa, pb] = [placeOf(a, this.#members), placeOf(b, this.#members)];
        if (lines.some(([p, q]) => doCross(p, q, pa, pb))) crossed.push([a, b]);
      }
    }
    if (crossed.length > 0 && (!isPress || crossed.length === 1)) this.#events.onLinks(crossed);
  }

  #flightAt({ x, y }: Point): Flight | undefined {
    return [...this.#drawnAt].find(([, place]) => Math.hypot(place.x - x, place.y - y) < LEAST_LINE)?.[0];
  }

  #pointOf({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return { x: ((clientX - left) / width) * WIDTH, y: ((clientY - top) / height) * HEIGHT };
  }
}

function pressLines({ x, y }: Point): (readonly [Point, Point])[] {
  const reach = 6;
  return [
    [
      { x: x - reach, y },
      { x: x + reach, y },
    ],
    [
      { x, y: y - reach },
      { x, y: y + reach },
    ],
  ];
}

/** The colour of a term: the name of one of six, in turn; none for the term before the first election. */
export function colourOf(term: number): string {
  return term === 0 ? 'none' : String(((term - 1) % 6) + 1);
}

function summaryOf({ members, network }: StepWorld): string {
  const said = members.map(({ id, raft }) =>
    raft === undefined ? `n${id} is off` : `n${id} is ${raft.role} in term ${raft.term}`,
  );
  return `${said.join(', ')}; ${network.flights.size} messages on their way`;
}
