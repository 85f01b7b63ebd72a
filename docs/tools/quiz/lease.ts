// Questions about leases: grants, renewals and a change of leaders, with the step's own lessor. How long does a lease live?

import type { Lessor } from '../../../steps/07-watch/core/lease/lessor.ts';
import { type Maker, nearNumbers } from './question.ts';

export interface LeaseModules {
  readonly Lessor: typeof Lessor;
  readonly folder: string;
}

/** What happens to the lease, at which second. */
export interface LeaseFacts {
  readonly ttl: number;
  readonly minTtl: number;
  readonly happenings: readonly { readonly at: number; readonly kind: 'renew' | 'promote' }[];
  /** When it is asked how long it lives yet, in milliseconds. */
  readonly askedAtMs: number;
}

// What a server with an election timeout of one second has.
const MIN_TTL = 2;

/** A maker of questions about the lessor of a step. */
export function leaseQuestions({ Lessor, folder }: LeaseModules): Maker {
  return (random) => {
    const ttl = random.pick([1, 5, 8, 10, 12, 20]);
    const lived = Math.max(ttl, MIN_TTL);
    let at = 0;
    const happenings = Array.from({ length: random.from(0, 2) }, () => {
      at += random.from(1, Math.max(1, lived - 1));
      return { at, kind: random.pick(['renew', 'renew', 'promote'] as const) };
    });
    const askedAtMs = at * 1000 + random.from(0, (lived - 1) * 2) * 500 + 200;
    const facts: LeaseFacts = { ttl, minTtl: MIN_TTL, happenings, askedAtMs };
    const lessor = new Lessor(MIN_TTL);
    lessor.grant({ id: 7n, ttl, now: 0 });
    for (const { at: second, kind } of happenings) {
      if (kind === 'renew') lessor.renew(7n, second * 1000);
      else lessor.promote(second * 1000);
    }
    const remainingMs = lessor.get(7n).deadline - askedAtMs;
    if (remainingMs < 0) return undefined;
    const answer = Math.floor(remainingMs / 1000);
    const wrong = [
      answer + 1,
      Math.floor((lived * 1000 - askedAtMs) / 1000),
      lived,
      Math.floor(askedAtMs / 1000),
      ...nearNumbers(answer, 0),
    ];
    const story = happenings.map(({ at: second, kind }) =>
      kind === 'renew'
        ? `At second ${second} its owner keeps it alive.`
        : `At second ${second} another member becomes the leader.`,
    );
    return {
      kind: 'lease',
      text:
        [
          `At second 0 a lease is granted for ${ttl} s. The least that the server grants is ${MIN_TTL} s.`,
          ...story,
          `At second ${askedAtMs / 1000} a client asks the leader for the time to live.`,
        ].join('\n') + '\n\nWhich TTL, in whole seconds, does it get?',
      answer: String(answer),
      wrong: wrong.filter((one) => one >= 0).map(String),
      why: `The deadline is the last grant, renewal or change of leaders plus the granted TTL, which is at least ${MIN_TTL} s: second ${(remainingMs + askedAtMs) / 1000}. What is left is rounded down.`,
      cites: [
        `${folder}/core/lease/lessor.ts#Lessor.grant`,
        `${folder}/core/lease/lessor.ts#Lessor.promote`,
        `${folder}/server/leases.ts#LeaseKeeper.timeToLiveHere`,
      ],
      facts,
    };
  };
}
