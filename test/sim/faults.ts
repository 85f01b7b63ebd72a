// What goes wrong in a simulated cluster. Each fault has its end in itself; several may overlap.

import { RaftMessageType } from '../../proto/schema.ts';
import type { Loss, Member } from './member.ts';
import { FAIR, type Network } from './network.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** What faults work on. */
export interface FaultWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly members: readonly Member[];
  /** Has `then` called with the member that sends the next message of this type. */
  onNextSend(type: number, then: (sender: Member) => void): void;
  log(member: string, text: string): void;
}

type Fault = (world: FaultWorld, random: Random) => void;

const MAX_DOWN_MS = 3000;
const MAX_CUT_MS = 4000;
const MAX_CALLS = 60;
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
    const member = random.pick(world.members);
    for (const other of world.members) if (other !== member) cut(world, member, other);
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
  storm: (world, random) => {
    const { network } = world;
    network.weather = { loss: 0.3 * random.below(2), repeat: 0.2, late: 0.3, delayMs: 10 + random.below(150) };
    world.scheduler.at(random.below(MAX_CUT_MS), () => {
      network.weather = FAIR;
    });
  },
};

function cut({ network }: FaultWorld, a: Member, b: Member, isOneWay = false): void {
  if (a.id === undefined || b.id === undefined) return;
  network.cut(a.id, b.id);
  if (!isOneWay) network.cut(b.id, a.id);
}

function healLater({ scheduler, network }: FaultWorld, random: Random): void {
  scheduler.at(random.below(MAX_CUT_MS), () => network.heal());
}

/** Begins a fault; returns its name. */
export function beginFault(world: FaultWorld, random: Random): string {
  const name = random.pick(Object.keys(FAULTS));
  world.log('world', `fault ${name}`);
  FAULTS[name]?.(world, random);
  return name;
}
