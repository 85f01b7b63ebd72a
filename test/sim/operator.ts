// Who runs the simulated cluster and changes its members, one thing after the other: replaces a member that has lost its disk, or
// one that runs; lets a guest join for a while. What fails is tried again from what the members then are, as a person would.

import { EtcdError } from '../../final/core/errors.ts';
import type { Member as ListedMember } from '../../final/server/cluster.ts';
import type { EtcdServer } from '../../final/server/server.ts';
import type { Member } from './member.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

const CALL_LIMIT_MS = 3000;
const RETRY_MS = 300;
const MAX_VISIT_MS = 4000;
// Of two voters one can hear that the other was removed only from that one, which ends: nobody could lead any more.
const MIN_VOTERS_TO_REMOVE_ONE = 3;

/** What the operator works on. */
export interface OperatorWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  /** All, also those that are no members at the moment. */
  readonly places: readonly Member[];
  readonly members: readonly Member[];
  fail(error: unknown): void;
  note(text: string): void;
}

export class Operator {
  readonly #world: OperatorWorld;
  readonly #random: Random;
  // How many voters the cluster has between two changes.
  readonly #voters: number;
  #isIdle = true;

  constructor(world: OperatorWorld, random: Random, voters: number) {
    this.#world = world;
    this.#random = random;
    this.#voters = voters;
  }

  /** Nothing is begun that is not over. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Removes a member, which by chance loses its disk before, and adds one with nothing in its place. */
  replace(member: Member): void {
    if (this.#voters < MIN_VOTERS_TO_REMOVE_ONE || !member.isMember) return;
    this.#begin(`replaces ${member.name}`, async () => {
      if (this.#random.chance(0.6)) member.wipe();
      await this.#expel(member);
      const isLearner = this.#random.chance(0.5);
      await this.#admit(member, { isLearner, isVoter: true });
    });
  }

  /** Adds somebody, by chance as a voter, and removes him again. */
  invite(guest: Member): void {
    if (guest.isMember) return;
    this.#begin(`invites ${guest.name}`, async () => {
      const isVoter = this.#voters + 1 >= MIN_VOTERS_TO_REMOVE_ONE && this.#random.chance(0.6);
      const isLearner = !isVoter || this.#random.chance(0.6);
      await this.#admit(guest, { isLearner, isVoter });
      await this.#world.scheduler.sleep(this.#random.below(MAX_VISIT_MS));
      await this.#expel(guest);
    });
  }

  /** Removes who was added by a request that was given up before. */
  tidy(): void {
    this.#begin('tidies', () => this.#untilDone((members) => this.#removeStray(members)));
  }

  #begin(what: string, job: () => Promise<void>): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#world.note(`the operator ${what}`);
    job().then(
      () => {
        this.#isIdle = true;
        this.#world.note('the operator is done');
      },
      (error: unknown) => this.#world.fail(error),
    );
  }

  async #admit(member: Member, goal: { readonly isLearner: boolean; readonly isVoter: boolean }): Promise<void> {
    await this.#untilDone(async (members) => {
      if (!(await this.#removeStray(members, member))) return false;
      const listed = members.find(({ peerUrls }) => peerUrls.includes(member.url));
      if (listed === undefined) {
        const input = { peerUrls: [member.url], isLearner: goal.isLearner };
        await this.#call('add', (server) => server.members.add(input));
        return false;
      }
      if (!this.#isThere(member, listed, members)) return false;
      if (!listed.isLearner || !goal.isVoter) return true;
      await this.#call('promote', (server) => server.members.promote(listed.id));
      return false;
    });
  }

  // Whether it serves as the member that it was added as; it is started when it is not. A peer that is behind may give it the ID
  // of its earlier life: then it must end by itself.
  #isThere(member: Member, listed: ListedMember, members: readonly ListedMember[]): boolean {
    if (member.isMember && member.hasJoined) return member.id === listed.id && member.life?.isServing === true;
    if (member.life?.isAlive === true) return false;
    if (member.hasLeft) member.wipe();
    member.join(listed.id, this.#initialCluster(members));
    return false;
  }

  #initialCluster(members: readonly ListedMember[]): string {
    const isListed = ({ url }: Member): boolean => members.some(({ peerUrls }) => peerUrls.includes(url));
    const listed = this.#world.places.filter(isListed);
    return listed.map(({ name, url }) => `${name}=${url}`).join(',');
  }

  async #expel(member: Member): Promise<void> {
    const { id } = member;
    await this.#untilDone(async (members) => {
      const listed = members.find(({ peerUrls }) => peerUrls.includes(member.url));
      if (listed === undefined) return true;
      await this.#call('remove', (server) => server.members.remove(listed.id));
      return false;
    });
    if (!member.isMember || id === undefined) return;
    while (!member.hasLeft || !this.#isKnownAsRemoved(id)) await this.#pause();
    member.wipe();
  }

  // The one that was removed may have been needed to commit that. With its old ID and without its memory it would let somebody
  // lead who knows of none of it: nobody may be left who could give it that ID.
  #isKnownAsRemoved(id: bigint): boolean {
    return this.#world.members.every(({ life }) => life?.server?.cluster.isRemoved(id) === true);
  }

  // Resolves to whether there is none.
  async #removeStray(members: readonly ListedMember[], except?: Member): Promise<boolean> {
    const isStray = (listed: ListedMember): boolean =>
      this.#world.places.some((place) => {
        return place !== except && !place.isMember && listed.peerUrls.includes(place.url);
      });
    const stray = members.find(isStray);
    if (stray === undefined) return true;
    await this.#call('remove a stray', (server) => server.members.remove(stray.id));
    return false;
  }

  async #untilDone(step: (members: readonly ListedMember[]) => Promise<boolean>): Promise<void> {
    for (;;) {
      const members = await this.#call('list', (server) => server.memberList(true));
      if (members !== undefined && (await step(members))) return;
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return this.#world.scheduler.sleep(this.#random.below(RETRY_MS));
  }

  /** Asks any member that serves voters' requests. Resolves to undefined when it is not known what became of it. */
  #call<T>(what: string, ask: (server: EtcdServer) => Promise<T>): Promise<T | undefined> {
    const { scheduler, network, members } = this.#world;
    const serving = members.filter(({ life }) => life?.isActive === true && life.isServing);
    const { life, name } = this.#random.pick(serving) ?? {};
    if (life?.server === undefined || life.server.isLearner) return Promise.resolve(undefined);
    const { server } = life;
    return new Promise((resolve) => {
      const answer = (value: T | undefined, outcome: string): void => {
        this.#world.note(`the operator at ${name}: ${what} ${outcome}`);
        resolve(value);
      };
      scheduler.at(CALL_LIMIT_MS, () => resolve(undefined));
      life.at(network.delay(), () => {
        ask(server).then(
          (value) => answer(value, 'done'),
          (error: unknown) => {
            if (!(error instanceof EtcdError)) return life.isAlive ? this.#world.fail(error) : undefined;
            answer(undefined, error.kind);
          },
        );
      });
    });
  }
}
