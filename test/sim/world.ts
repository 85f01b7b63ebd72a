// One simulated cluster: whole members of final, their clients and what happens to them, all from one seed. checks.ts says what
// must hold; at the end everything works again, every member must serve, and all must have the same data.

import { createHash } from 'node:crypto';
import { EtcdError } from '../../final/core/errors.ts';
import type { WatchEvent } from '../../final/core/mvcc/watch_event.ts';
import type { FileSystem } from '../../final/storage/fs.ts';
import { codecs } from '../../proto/load.ts';
import type { RaftMessage, RangeRequest } from '../../proto/schema.ts';
import { Checks, Contradiction } from './checks.ts';
import { SimClient } from './client.ts';
import { beginFault } from './faults.ts';
import { LeaseChecks } from './lease_checks.ts';
import { LeaseHolder } from './lease_holder.ts';
import { isOfPowerFailure } from './life.ts';
import { Operator } from './operator.ts';
import { Member } from './member.ts';
import { Network, type Observer } from './network.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { WatchChecks } from './watch_checks.ts';
import { SimWatcher } from './watcher.ts';

const FAULTS_MS = 15_000;
const MAX_FAULT_PAUSE_MS = 1500;
const LOOK_MS = 250;
// From the end of all faults: until all changes of the members are made.
const OPERATOR_MS = 60_000;
// From then on: until every member has served, and until all have the same data.
const RECOVERY_MS = 30_000;
const RECOVERY_LOOK_MS = 100;
const MAX_EVENTS = 400_000;
const COMPACT_MS = 2000;
// From the end of all writes: until what was sent has arrived everywhere.
const ARRIVAL_MS = 2000;
/**
 * A leader that is cut off goes on renewing until it notices, up to two election timeouts later. Its successor, which adds one to
 * every lease, can be elected at once when a fault tells it to campaign. So much earlier than promised may a lease end then.
 */
const OVERLAP_MS = 1000;
const LEASE_PREFIX = 'lease/';

/** What a run came across. */
export interface SimSummary {
  readonly seed: number;
  /** Equal for two runs exactly when everything in them was. */
  readonly trace: string;
  readonly events: number;
  readonly answered: number;
  readonly unanswered: number;
  readonly faults: number;
  readonly messages: number;
  readonly terms: number;
  /** Events that watchers got. */
  readonly watched: number;
  /** Renewals of leases that were answered, and leases whose end was seen. */
  readonly renewed: number;
  readonly expired: number;
}

export interface SimOptions {
  /** Stands between every program and its disk. */
  readonly wrapDisk?: (fs: FileSystem) => FileSystem;
  /** Flags that every member has instead of those that the seed gives it. */
  readonly flags?: ReadonlyMap<string, string>;
  /** Names of the faults that may happen; all unless given. */
  readonly faults?: readonly string[];
  /** Is told everything that happens. */
  readonly print?: (line: string) => void;
}

/** Runs one seed. Rejects with an Error that says what was wrong. */
export async function runSeed(seed: number, options: SimOptions = {}): Promise<SimSummary> {
  const world = new World(seed, options);
  current = world;
  try {
    return await world.run();
  } finally {
    current = undefined;
  }
}

/** A fault that waits for a message. */
interface Armed {
  readonly type: number;
  readonly from: readonly Member[];
  readonly begin: (sender: Member, message: RaftMessage) => void;
}

let current: World | undefined;

/** For promises that nobody waits for: those of a program that is over say nothing, those of others are faults. */
export function onUnhandledRejection(error: unknown): void {
  if (!isOfPowerFailure(error)) current?.fail(error);
}

class World implements Observer {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: Network;
  readonly checks: Checks;
  readonly watchChecks: WatchChecks;
  readonly leaseChecks: LeaseChecks;
  readonly places: readonly Member[];
  readonly operator: Operator;
  readonly wrapDisk: (fs: FileSystem) => FileSystem;
  readonly #seed: number;
  readonly #faultNames: readonly string[] | undefined;
  readonly #print: ((line: string) => void) | undefined;
  readonly #trace = createHash('sha256');
  readonly #faultRandom: Random;
  readonly #clients: readonly SimClient[];
  readonly #watchers: readonly SimWatcher[];
  readonly #holders: readonly LeaseHolder[];
  #armed: Armed[] = [];
  #failure: unknown;
  #faults = 0;
  #counted = 0;
  #isCalm = false;
  // Holders that still ask for something.
  #holding = 0;
  // What was expected of the final revision is known.
  #isSettled = false;
  #isOver = false;

  constructor(seed: number, { wrapDisk = (fs) => fs, flags: fixedFlags = new Map(), faults, print }: SimOptions) {
    this.#faultNames = faults;
    this.#seed = seed;
    this.#print = print;
    this.wrapDisk = wrapDisk;
    this.random = new Random(seed);
    this.#faultRandom = this.random.fork();
    this.network = new Network(this.scheduler, this.random.fork(), this);
    this.checks = new Checks(
      (text) => this.note(text),
      (error) => this.fail(error),
    );
    // Of its own: what the operator does not do changes nothing else.
    const operatorRandom = new Random(~seed);
    const flags = new Map([...newFlags(this.random, operatorRandom), ...fixedFlags]);
    const founders = newMembers(this, flags);
    this.places = founders;
    this.#clients = Array.from({ length: 2 + this.random.below(3) }, (_, id) => {
      return new SimClient(this, id, this.random.fork());
    });
    const contradict = (text: string): void => this.fail(new Contradiction(text));
    this.watchChecks = new WatchChecks(contradict);
    this.leaseChecks = new LeaseChecks({ now: () => this.scheduler.now, earlyMs: OVERLAP_MS, fail: contradict });
    // Of its own, as that of the operator.
    const watchRandom = new Random(seed ^ 0x57a7c4);
    this.#watchers = newWatchers(this, watchRandom);
    this.#holders = Array.from({ length: 1 + watchRandom.below(3) }, (_, i) => {
      return new LeaseHolder(this, `holder ${i}`, watchRandom.fork());
    });
    this.#holding = this.#holders.length;
    const guest = { ...placeOf(founders.length), flags, isMember: false, random: operatorRandom.fork() };
    this.places = [...founders, new Member(this, guest)];
    this.operator = new Operator(this, operatorRandom, founders.length);
  }

  /** Those that are to run. */
  get members(): readonly Member[] {
    return this.places.filter(({ isMember }) => isMember);
  }

  async run(): Promise<SimSummary> {
    for (const member of this.members) member.start();
    for (const client of this.#clients) this.#watch(client.run(() => this.#isCalm));
    for (const holder of this.#holders) this.#watch(this.#hold(holder));
    for (const watcher of this.#watchers) {
      this.#watch(
        watcher.run(
          () => this.#isOver,
          () => this.#isSettled,
        ),
      );
    }
    this.#watch(this.#causeFaults());
    this.#watch(this.#recover());
    this.#look();
    await this.scheduler.run(() => this.#isOver || this.#failure !== undefined || !this.#mayGoOn());
    for (const place of this.places) place.life?.end('crashed');
    if (this.#failure === undefined) this.checks.judgeHistory();
    if (this.#failure !== undefined) throw this.#failure;
    return this.#summary();
  }

  /** Ends the run. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  log(member: string, text: string): void {
    this.#print?.(`${this.scheduler.now} ${member}: ${text}`);
  }

  /** Something that happened, for the trace. */
  note(text: string): void {
    this.#trace.update(`${this.scheduler.now} ${text}\n`);
    this.#print?.(`${this.scheduler.now} ${text}`);
  }

  onSeen({ isDelete, key }: WatchEvent): void {
    if (isDelete && key.startsWith(LEASE_PREFIX)) this.leaseChecks.onDeleted(key);
  }

  count(): number {
    this.#counted += 1;
    return this.#counted;
  }

  memberAt(url: string): Member | undefined {
    return this.places.find((place) => place.url === url);
  }

  onNextSend(type: number, then: (sender: Member, message: RaftMessage) => void, from = this.places): void {
    this.#armed.push({ type, begin: then, from });
  }

  onSend(from: bigint, message: RaftMessage): void {
    this.checks.onSend(from, message);
    const sender = this.places.find(({ id }) => id === from);
    const armed = this.#armed.find((one) => one.type === message.type && one.from.some((member) => member === sender));
    if (armed === undefined || sender === undefined) return;
    this.#armed = this.#armed.filter((one) => one !== armed);
    // Behind the whole batch.
    this.scheduler.at(0, () => armed.begin(sender, message));
  }

  onDeliver(to: bigint, message: RaftMessage): void {
    this.checks.onDeliver(to, message);
  }

  async #hold(holder: LeaseHolder): Promise<void> {
    await holder.run(() => this.#isCalm);
    this.#holding -= 1;
  }

  #watch(task: Promise<void>): void {
    task.catch((error: unknown) => this.fail(error));
  }

  #mayGoOn(): boolean {
    for (const { life } of this.places) if (life?.isAlive === true) this.checks.lookAtRevision(life);
    if (this.scheduler.done < MAX_EVENTS) return true;
    this.fail(new Error(`still not over after ${MAX_EVENTS} events`));
    return false;
  }

  async #causeFaults(): Promise<void> {
    const random = this.#faultRandom;
    await this.scheduler.sleep(random.below(3000));
    while (this.scheduler.now < FAULTS_MS) {
      beginFault(this, random, this.#faultNames);
      this.#faults += 1;
      await this.scheduler.sleep(random.below(MAX_FAULT_PAUSE_MS));
    }
  }

  #look(): void {
    for (const { life } of this.members) if (life?.isAlive === true) this.checks.lookAtState(life);
    this.scheduler.at(LOOK_MS, () => this.#look());
    if (!this.#isCalm && this.scheduler.now % COMPACT_MS === 0) this.#compact();
  }

  // Behind the newest revision, so that later reads do not fail.
  #compact(): void {
    const { life } = this.#faultRandom.pick(this.members);
    if (life?.isActive !== true || life.server === undefined) return;
    const revision = life.server.header().revision - this.#faultRandom.below(20);
    if (revision <= 0) return;
    this.watchChecks.onCompact(revision);
    life.server.compact({ revision, physical: false }).catch((error: unknown) => {
      if (!(error instanceof EtcdError) && life.isAlive) this.fail(error);
    });
  }

  // The end: all faults are over, and what is promised of a cluster without faults must come true.
  async #recover(): Promise<void> {
    // Faults that began last are over too.
    await this.scheduler.sleep(FAULTS_MS + 5000);
    this.#armed = [];
    this.network.heal();
    for (const { life } of this.members) life?.resume();
    for (const member of this.members) {
      member.spare();
      member.start();
    }
    this.log('world', 'no more faults');
    const operatorEnd = this.scheduler.now + OPERATOR_MS;
    await this.#until(operatorEnd, 'members are not changed', () => this.operator.isIdle);
    this.operator.tidy();
    await this.#until(operatorEnd, 'members are not changed', () => this.operator.isIdle);
    const end = this.scheduler.now + RECOVERY_MS;
    await this.#until(end, 'members do not serve', () => this.members.every(({ life }) => life?.isServing === true));
    for (const member of this.members) await this.#mustServe(member, end);
    this.#isCalm = true;
    await this.#until(end, 'leases are not over', () => this.#hasNoLeases());
    await this.#until(end, 'members differ', () => this.#isEqual());
    await this.#judgeWatchers(end);
    for (const { life } of this.members) if (life !== undefined) this.checks.lookAtState(life);
    this.#isOver = true;
  }

  async #mustServe(member: Member, end: number): Promise<void> {
    const client = new SimClient(this, 100, this.#faultRandom.fork());
    for (const key of ['k0', 'k1', 'k2', 'k3']) {
      while ((await client.operate(member, key, { kind: 'get' })) === undefined) {
        if (this.scheduler.now > end) throw new Error(`${member.name} does not serve${this.#states()}`);
        await this.scheduler.sleep(RECOVERY_LOOK_MS);
      }
    }
  }

  async #until(end: number, failure: string, isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.scheduler.now > end) throw new Error(`${failure} in time${this.#states()}`);
      await this.scheduler.sleep(RECOVERY_LOOK_MS);
    }
  }

  // Nobody renews any more.
  #hasNoLeases(): boolean {
    if (this.#holding > 0) return false;
    return this.members.every(({ life }) => life?.server?.leases.list().length === 0);
  }

  // Everything is written by now.
  async #judgeWatchers(end: number): Promise<void> {
    this.#isSettled = true;
    const revision = this.members[0]?.life?.server?.header().revision ?? 0;
    const ofAll = this.#watchers.filter(({ key }) => key === undefined);
    await this.#until(end, 'watchers lag behind', () => ofAll.every(({ next }) => next > revision));
    await this.scheduler.sleep(ARRIVAL_MS);
    this.watchChecks.judge(revision);
    const { server } = this.members[0]?.life ?? {};
    const left = await server?.range(leaseKeys());
    if (left?.count !== 0) throw new Contradiction(`${left?.count} keys are left of leases that are over`);
  }

  #isEqual(): boolean {
    const states = this.members.map(({ life }) => {
      // One that is being stopped has no database any more.
      if (life?.server === undefined || !life.isServing) return 'none';
      return `${life.server.raftStatus().applied} ${life.server.hashKV(0).hash}`;
    });
    return states.every((state) => state !== 'none' && state === states[0]);
  }

  #states(): string {
    return this.members
      .map(({ name, life }) => `\n  ${name} serves ${life?.isServing} ${JSON.stringify(life?.server?.raftStatus())}`)
      .join('');
  }

  #summary(): SimSummary {
    const { history } = this.checks;
    const answered = history.filter(({ end }) => end !== undefined).length;
    const { messages, terms } = this.checks.summary;
    return {
      seed: this.#seed,
      trace: this.#trace.digest('hex'),
      events: this.scheduler.done,
      answered,
      unanswered: history.length - answered,
      faults: this.#faults,
      messages,
      terms,
      watched: this.watchChecks.events,
      renewed: this.leaseChecks.renewals,
      expired: this.leaseChecks.ended,
    };
  }
}

// Two who see everything are compared with each other, and the others with them.
function newWatchers(world: World, random: Random): SimWatcher[] {
  const keys = [undefined, undefined, ...Array.from({ length: random.below(4) }, () => `k${random.below(4)}`)];
  return keys.map((key, i) => {
    const name = `watcher ${i} of ${key ?? 'everything'}`;
    return new SimWatcher(world, name, { key, random: random.fork() });
  });
}

function leaseKeys(): RangeRequest {
  const init = { key: Buffer.from(LEASE_PREFIX), range_end: Buffer.from('lease0'), count_only: true };
  return codecs['etcdserverpb.RangeRequest'].decode(codecs['etcdserverpb.RangeRequest'].encode(init));
}

function placeOf(i: number): { readonly name: string; readonly url: string } {
  return { name: `n${i + 1}`, url: `http://10.0.0.${i + 1}:2380` };
}

function newMembers(world: World, flags: ReadonlyMap<string, string>): Member[] {
  const count = (flags.get('initial-cluster') ?? '').split(',').length;
  return Array.from({ length: count }, (_, i) => {
    return new Member(world, { ...placeOf(i), flags, isMember: true, random: world.random.fork() });
  });
}

function newFlags(random: Random, operatorRandom: Random): ReadonlyMap<string, string> {
  const count = random.chance(0.7) ? 3 : 1 + random.below(5);
  const places = Array.from({ length: count }, (_, i) => placeOf(i));
  return new Map([
    ['initial-cluster', places.map(({ name, url }) => `${name}=${url}`).join(',')],
    ['pre-vote', String(random.chance(0.5))],
    ['initial-election-tick-advance', String(random.chance(0.5))],
    ['snapshot-count', String(5 + random.below(60))],
    ['experimental-snapshot-catchup-entries', String(1 + random.below(30))],
    ['backend-batch-limit', String(1 + random.below(30))],
    ['max-wals', '1'],
    ['max-snapshots', '2'],
    // With the check most changes have to wait until the faults are over.
    ['strict-reconfig-check', String(operatorRandom.chance(0.3))],
  ]);
}
