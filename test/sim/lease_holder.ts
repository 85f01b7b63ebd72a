// A simulated client that holds leases: it takes one, hangs a key on it, renews it for a while through whichever member, and lets it
// go. What it was told is a promise: the key is not deleted before the time that the last answered renewal gave, and it is
// deleted soon after it.

import { codecs } from '../../proto/load.ts';
import { call, type CallWorld } from './call.ts';
import type { KeepAlive, LeaseChecks } from './lease_checks.ts';
import type { Life } from './life.ts';
import type { Member } from './member.ts';
import type { Random } from './random.ts';

const MAX_TTL_S = 6;
const MAX_RENEWALS = 12;
const MAX_PAUSE_MS = 2000;

export interface HolderWorld extends CallWorld {
  readonly members: readonly Member[];
  readonly leaseChecks: LeaseChecks;
  note(text: string): void;
}

export class LeaseHolder {
  readonly #world: HolderWorld;
  readonly #random: Random;
  readonly #name: string;

  constructor(world: HolderWorld, name: string, random: Random) {
    this.#world = world;
    this.#name = name;
    this.#random = random;
  }

  /** Takes and holds one lease after the other until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#world.scheduler.sleep(this.#random.below(MAX_PAUSE_MS));
      await this.#hold(isOver);
    }
  }

  async #hold(isOver: () => boolean): Promise<void> {
    const { scheduler, leaseChecks } = this.#world;
    const TTL = 1 + this.#random.below(MAX_TTL_S);
    const askedAt = scheduler.now;
    const lease = await this.#ask((life) => call(this.#world, life, ({ leases }) => leases.grant({ ID: 0n, TTL })));
    if (lease === undefined) return;
    const key = `lease/${lease.id.toString(16)}`;
    const kept = leaseChecks.begin(key, lease.ttl, askedAt);
    if (!(await this.#attach(key, lease.id))) return;
    this.#world.note(`${this.#name} holds ${key} for ${lease.ttl} s`);
    for (let i = this.#random.below(MAX_RENEWALS); i > 0 && !isOver(); i--) {
      await scheduler.sleep(this.#random.below((lease.ttl * 1000) / 2));
      if (!(await this.#renew(lease.id, kept))) return;
    }
  }

  async #attach(key: string, lease: bigint): Promise<boolean> {
    const init = { key: Buffer.from(key), value: Buffer.from('here'), lease };
    const request = codecs['etcdserverpb.PutRequest'].decode(codecs['etcdserverpb.PutRequest'].encode(init));
    const told = await this.#ask((life) => call(this.#world, life, (server) => server.put(request)));
    return told !== undefined;
  }

  // Whether the lease may still be there.
  async #renew(id: bigint, kept: KeepAlive): Promise<boolean> {
    const askedAt = this.#world.scheduler.now;
    const ttl = await this.#ask((life) => call(this.#world, life, ({ leases }) => leases.renew(id)));
    this.#world.note(`${this.#name} renews ${kept.key}: ${ttl}`);
    if (ttl === undefined) return true;
    this.#world.leaseChecks.onRenewed(kept, ttl, askedAt);
    return ttl > 0;
  }

  async #ask<T>(ask: (life: Life) => Promise<T | undefined>): Promise<T | undefined> {
    const { life } = this.#random.pick(this.#world.members);
    return life?.isServing === true ? ask(life) : undefined;
  }
}
