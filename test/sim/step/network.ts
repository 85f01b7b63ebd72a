// The network of the small world: it delays messages, and so lets them overtake each other, loses and repeats them, and links
// between two members can be cut. What is on its way stays visible until it arrives or gets lost.

import type { RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import type { Random } from '../random.ts';

/** How the network behaves apart from cut links. */
export interface Weather {
  /** Probability that a message is lost. */
  readonly loss: number;
  /** Probability that a message arrives twice. */
  readonly repeat: number;
  /** The shortest and the longest time on the way, in ms. */
  readonly delay: readonly [number, number];
}

export const FAIR: Weather = { loss: 0, repeat: 0, delay: [40, 120] };

/** A message on its way. */
export interface Flight {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly message: RaftMessage;
  readonly sentAt: number;
  /** When it would arrive. One that gets lost vanishes half way. */
  readonly arrivesAt: number;
  readonly isLost: boolean;
}

/** What the network needs of the world. */
export interface NetworkPort {
  readonly now: number;
  plan(delayMs: number, task: () => void): void;
  deliver(flight: Flight): void;
  /** A message is lost; `why` ends the sentence "… is lost". */
  lose(flight: Flight, why: string): void;
}

export class StepNetwork {
  weather = FAIR;
  readonly flights = new Map<number, Flight>();
  readonly #cuts = new Set<string>();
  readonly #port: NetworkPort;
  readonly #random: Random;
  #sent = 0;

  constructor(port: NetworkPort, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  isCut(a: number, b: number): boolean {
    return this.#cuts.has(linkOf(a, b));
  }

  cut(a: number, b: number): void {
    this.#cuts.add(linkOf(a, b));
  }

  join(a: number, b: number): void {
    this.#cuts.delete(linkOf(a, b));
  }

  /** All links work again. */
  heal(): void {
    this.#cuts.clear();
  }

  send(message: RaftMessage): void {
    const { loss, repeat } = this.weather;
    // Drawn whether it is needed or not: so what one message meets does not depend on the weather of those before it.
    const isLost = this.#random.chance(loss);
    const isRepeated = this.#random.chance(repeat);
    this.#fly(message, isLost);
    // A proposal that arrives twice is two proposals, so the connection it travels on repeats nothing.
    if (isRepeated && message.type !== RaftMessageType.MsgProp) this.#fly(message, false);
  }

  #fly(message: RaftMessage, isUnlucky: boolean): void {
    const { now } = this.#port;
    const [shortest, longest] = this.weather.delay;
    const delay = shortest + this.#random.below(Math.max(0, longest - shortest) + 1);
    const [from, to] = [Number(message.from), Number(message.to)];
    const isOverCut = this.isCut(from, to);
    const isLost = isUnlucky || isOverCut;
    const flight = { id: this.#sent++, from, to, message, sentAt: now, arrivesAt: now + delay, isLost };
    this.flights.set(flight.id, flight);
    const why = isOverCut ? 'the link is cut' : 'bad luck';
    this.#port.plan(isLost ? Math.ceil(delay / 2) : delay, () => {
      this.flights.delete(flight.id);
      if (isLost) this.#port.lose(flight, why);
      else if (this.isCut(from, to)) this.#port.lose(flight, 'the link was cut meanwhile');
      else this.#port.deliver(flight);
    });
  }
}

function linkOf(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
