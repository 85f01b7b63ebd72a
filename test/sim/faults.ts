// What goes wrong in a simulated cluster. Each fault has its end in itself; several may overlap.

import { EtcdError } from '../../final/core/errors.ts';
import { type RaftMessage, RaftMessageType } from '../../proto/schema.ts';
import type { Loss, Member } from './member.ts';
import { FAIR, type Network } from './network.ts';
import type { Operator } from './operator.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** What faults work on. */
export interface FaultWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly members: readonly Member[];
  /** All, also those that are no members at the moment. */
  readonly places: readonly Member[];
  readonly operator: Operator;
  /** Has `then` called behind the next message of this type that is sent, by `from` if given. */
  onNextSend(type: number, then: (sender: Member, message: RaftMessage) => void, from?: readonly Member[]): void;
  fail(error: unknown): void;
  log(member: string, text: string): void;
}

type Fault = (world: FaultWorld, random: Random) => void;

const MAX_DOWN_MS = 3000;
const MAX_CUT_MS = 4000;
const MAX_CALLS = 60;
const SLOW_MS = 60;
// A database is on its way, received, or taken over.
const MAX_SNAPSHOT_MS = 120;
const LOSSES: readonly Loss[] = ['all', 'none', 'some', 'some'];
/** Behind each of these messages something must be on the disk. */
const TELLING: readonly number[] = [
  RaftMessageType.MsgVote,
  RaftMessageType.MsgVoteResp,
  RaftMessageType.MsgVoteResp,
  RaftMessageType.MsgAppResp,
  RaftMessageType.MsgApp,
  RaftMessageType.MsgSnap,
];

/** At once, or after a while. */
function restartLater({ scheduler }: FaultWorld, random: Random, member: Member): void {
  const delay = random.chance(0.4) ? 5 + random.below(60) : random.below(MAX_DOWN_MS);
  scheduler.at(delay, () => member.start());
}

const FAULTS: Readonly<Record<string, Fault>> = {
  crash: (world, random) => {
    const member = random.pick(world.members);
    member.crash(random.pick(LOSSES));
    restartLater(world, random, member);
  },
  crashInWrite: (world, random) => {
    const member = random.pick(world.members);
    member.crashAfterCalls(random.below(MAX_CALLS));
    restartLater(world, random, member);
    // Whatever happened by then.
    world.scheduler.at(MAX_DOWN_MS + 1, () => member.start());
  },
  crashAfterSending: (world, random) => {
    world.onNextSend(random.pick(TELLING), (sender) => {
      sender.crash(random.pick(LOSSES));
      restartLater(world, random, sender);
    });
  },
  // Whoever is sent a database loses power while it comes in, or soon after.
  crashInSnapshot: (world, random) => {
    world.onNextSend(RaftMessageType.MsgSnap, (_, { to }) => {
      const receiver = world.members.find(({ id }) => id === to);
      if (receiver === undefined) return;
      world.scheduler.at(random.below(MAX_SNAPSHOT_MS), () => {
        receiver.crash(random.pick(LOSSES));
        restartLater(world, random, receiver);
      });
    });
  },
  // Two campaign at the same moment, and who votes for one loses power before it hears of the other.
  rivals: (world, random) => {
    const { members } = world;
    const first = random.below(members.length);
    const rivals = members.filter((_, i) => i === first || i === (first + 1) % members.length);
    const term = newestTerm(world);
    for (const rival of rivals) campaign(world, rival, term);
    storm(world, random, 0);
    const loseVote = (voter: Member): void => {
      voter.crash('all');
      world.scheduler.at(random.below(20), () => voter.start());
    };
    const voters = members.filter((member) => !rivals.includes(member));
    world.onNextSend(RaftMessageType.MsgVoteResp, loseVote, voters);
  },
  // The leader is cut off and another one takes its place, before it notices.
  usurped: (world, random) => {
    const old = leaderOf(world);
    const next = random.pick(world.members);
    if (old === undefined || old === next) return;
    isolate(world, old);
    campaign(world, next, newestTerm(world));
    healLater(world, random);
  },
  // The leader is cut off with what clients still give it; the next one is cut off before anybody hears it; the first one leads
  // again and loses power; the second one comes back. Figure 8 of the Raft paper.
  overtaken: (world, random) => {
    const { scheduler, network, members } = world;
    const old = leaderOf(world);
    const next = random.pick(members.filter((member) => member !== old));
    if (old === undefined || next === undefined) return;
    const comeBack = (): void => {
      old.crash('none');
      network.heal();
      campaign(world, next, newestTerm(world));
      restartLater(world, random, old);
    };
    const leadAgain = (): void => {
      network.heal();
      isolate(world, next);
      network.weather = { ...FAIR, delayMs: SLOW_MS };
      scheduler.at(0, () => campaign(world, old, newestTerm(world)));
      scheduler.at(random.below(10 * SLOW_MS), comeBack);
    };
    isolate(world, old);
    scheduler.at(random.below(600), () => {
      world.onNextSend(RaftMessageType.MsgApp, leadAgain, [next]);
      campaign(world, next, newestTerm(world));
    });
  },
  blackout: (world, random) => {
    for (const member of world.members) {
      member.crash(random.pick(LOSSES));
      restartLater(world, random, member);
    }
  },
  restart: (world, random) => {
    const member = random.pick(world.members);
    const begin = (): void => restartLater(world, random, member);
    member.stop().then(begin, begin);
  },
  pause: ({ scheduler, members }, random) => {
    const { life } = random.pick(members);
    life?.pause();
    scheduler.at(random.below(MAX_DOWN_MS), () => life?.resume());
  },
  isolate: (world, random) => {
    isolate(world, random.pick(world.members));
    healLater(world, random);
  },
  split: (world, random) => {
    const left = world.members.filter(() => random.chance(0.5));
    const right = world.members.filter((member) => !left.includes(member));
    for (const a of left) for (const b of right) cut(world, a, b);
    healLater(world, random);
  },
  cutOneWay: (world, random) => {
    for (const a of world.members) {
      for (const b of world.members) {
        if (a !== b && random.chance(0.3)) cut(world, a, b, true);
      }
    }
    healLater(world, random);
  },
  storm: (world, random) => storm(world, random, 0.3 * random.below(2)),
  replace: ({ operator, members }, random) => operator.replace(random.pick(members)),
  invite: ({ operator, places }) => {
    const guest = places.at(-1);
    if (guest !== undefined) operator.invite(guest);
  },
  moveLeader: (world, random) => {
    const life = leaderOf(world)?.life;
    const { id } = random.pick(world.members);
    if (life?.server === undefined || id === undefined) return;
    life.server.members.moveLeader(id).catch((error: unknown) => {
      if (!(error instanceof EtcdError) && life.isAlive) world.fail(error);
    });
  },
};

function leaderOf({ members }: FaultWorld): Member | undefined {
  return members.find(({ id, life }) => life?.isActive === true && life.server?.leader === id);
}

function newestTerm({ members }: FaultWorld): number {
  return Math.max(0, ...members.map(({ life }) => life?.server?.raftStatus().term ?? 0));
}

function campaign({ network }: FaultWorld, member: Member | undefined, term: number): void {
  if (member?.id !== undefined) network.tellToCampaign(member.id, term);
}

function isolate(world: FaultWorld, member: Member): void {
  for (const other of world.members) if (other !== member) cut(world, member, other);
}

function storm({ network, scheduler }: FaultWorld, random: Random, loss: number): void {
  network.weather = { loss, repeat: 0.2, late: 0.3, delayMs: 10 + random.below(150) };
  scheduler.at(random.below(MAX_CUT_MS), () => {
    network.weather = FAIR;
  });
}

function cut({ network }: FaultWorld, a: Member, b: Member, isOneWay = false): void {
  if (a.id === undefined || b.id === undefined) return;
  network.cut(a.id, b.id);
  if (!isOneWay) network.cut(b.id, a.id);
}

function healLater({ scheduler, network }: FaultWorld, random: Random): void {
  scheduler.at(random.below(MAX_CUT_MS), () => network.heal());
}

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);

/** Begins a fault, one of `names`. */
export function beginFault(world: FaultWorld, random: Random, names: readonly string[] = FAULT_NAMES): void {
  const name = random.pick(names);
  world.log('world', `fault ${name}`);
  FAULTS[name]?.(world, random);
}
