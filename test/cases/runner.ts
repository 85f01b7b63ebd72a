// Runs cases against one target: decides which apply, gives each the server it asks for, bounds its time, and notices
// when a case ends the server it was only meant to talk to.

import { FINAL, loadChain, positionOf } from '../../steps/tool/chain.ts';
import { Cluster } from '../harness/cluster.ts';
import { within } from '../harness/process.ts';
import { Server } from '../harness/server.ts';
import { canMount } from '../harness/small_disk.ts';
import { findEtcdctl, type Target } from '../harness/target.ts';
import { type Case, CaseContext, type CaseGroup } from './case.ts';

/** A case that takes longer has failed. */
export const CASE_LIMIT_MS = 40_000;

/** Why `one` is not for this target at all, or undefined when it belongs to it. */
export function notFor(one: Case, target: Target): string | undefined {
  const chain = loadChain();
  const here = positionOf(chain, target.slug);
  if (positionOf(chain, one.since) > here) return `since ${one.since}`;
  // What only early steps do, a whole etcd does not.
  const isPast = target.kind === 'real' || (one.until !== undefined && here > positionOf(chain, one.until));
  if (one.until !== undefined && isPast) return `until ${one.until}`;
  return undefined;
}

/** Why `one`, though it belongs to the target, cannot be run now: a text for people. */
export function skipReason(one: Case, target: Target): string | undefined {
  if (target.kind === 'real' && one.notOnReal !== undefined) return `not on a real etcd: ${one.notOnReal}`;
  if (target.line === '3.4' && one.only === '3.5') return 'holds from 3.5 on';
  if (one.needs === 'etcdctl' && findEtcdctl() === undefined) return 'no etcdctl: set ETCDCTL_BIN';
  if (one.needs === 'mount' && !canMount()) return 'no right to mount a small disk';
  return undefined;
}

/** Runs the cases of one group after the other, on a server that they share. */
export class GroupRunner {
  readonly #target: Target;
  readonly #group: CaseGroup;
  #shared: Server | undefined;
  // Rejects in every case when the cluster does not come to a leader at all: waiting once is enough.
  #cluster: Promise<Cluster> | undefined;
  #counter = 0;

  constructor(target: Target, group: CaseGroup) {
    this.#target = target;
    this.#group = group;
  }

  /** Runs one case of the group; throws what it throws. */
  async run(one: Case): Promise<void> {
    const server = await this.#serverFor(one);
    const cluster = one.server === 'cluster' ? await this.#healthyCluster() : undefined;
    this.#counter += 1;
    const context = new CaseContext({
      target: this.#target,
      prefix: `${this.#group.name}/${this.#counter}/`,
      server,
      cluster,
      etcdctl: findEtcdctl(),
    });
    try {
      const done = await within(
        CASE_LIMIT_MS,
        one.run(context).then(() => true),
      );
      if (done === undefined) throw new Error(`not done after ${CASE_LIMIT_MS} ms`);
      if (server?.exit !== undefined) throw new Error('the case passed, but the server is gone');
    } catch (error) {
      throw server === undefined ? error : withServerState(error, server);
    } finally {
      await context.close();
      if (one.server === 'fresh') await server?.kill();
    }
  }

  /** Ends the shared server and the cluster. */
  async close(): Promise<void> {
    await this.#shared?.kill();
    this.#shared = undefined;
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.then((one) => one.close()).catch(() => undefined);
  }

  async #healthyCluster(): Promise<Cluster> {
    this.#cluster ??= startCluster(this.#target);
    const cluster = await this.#cluster;
    cluster.heal();
    await Promise.all(cluster.members.filter(({ isRunning }) => !isRunning).map((one) => cluster.restart(one)));
    await cluster.waitLeader();
    return cluster;
  }

  async #serverFor(one: Case): Promise<Server | undefined> {
    switch (one.server ?? 'shared') {
      case 'none':
      case 'cluster':
        return undefined;
      case 'fresh':
        return Server.start(this.#target, one.flags === undefined ? {} : { flags: one.flags });
      case 'shared':
        if (this.#shared?.exit !== undefined) await this.close();
        this.#shared ??= await Server.start(this.#target);
        return this.#shared;
    }
  }
}

async function startCluster(target: Target): Promise<Cluster> {
  const cluster = await Cluster.start([target, target, target]);
  try {
    await cluster.waitLeader();
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

/** What became of one case. */
export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'skipped'; readonly reason: string };

/**
 * Runs all cases that belong to `target` and tells `report` about each. `select` narrows them further.
 */
export async function runCases(options: {
  target: Target;
  groups: readonly CaseGroup[];
  select: (one: Case) => boolean;
  report: (one: Case, outcome: Outcome) => void;
}): Promise<void> {
  const { target } = options;
  for (const group of options.groups) {
    const runner = new GroupRunner(target, group);
    try {
      for (const one of group.cases) {
        if (notFor(one, target) !== undefined || !options.select(one)) continue;
        const reason = skipReason(one, target);
        if (reason !== undefined) {
          options.report(one, { kind: 'skipped', reason });
          continue;
        }
        options.report(one, await outcomeOf(runner, one));
      }
    } finally {
      await runner.close();
    }
  }
}

/** Throws an Error when two cases have one name or a case names a step that does not exist. */
export function checkCases(groups: readonly CaseGroup[]): void {
  const chain = loadChain();
  const names = new Set<string>();
  for (const { cases } of groups) {
    for (const one of cases) {
      if (names.has(one.name)) throw new Error(`two cases are named "${one.name}"`);
      names.add(one.name);
      positionOf(chain, one.since);
      if (one.until === undefined) continue;
      if (one.until === FINAL || positionOf(chain, one.until) < positionOf(chain, one.since)) {
        throw new Error(`"${one.name}" ends before it begins`);
      }
    }
  }
}

async function outcomeOf(runner: GroupRunner, one: Case): Promise<Outcome> {
  try {
    await runner.run(one);
    return { kind: 'passed' };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function withServerState(error: unknown, server: Server): unknown {
  if (server.exit === undefined) return error;
  const log = server.stderr.trim().slice(-1500);
  return new Error(`the server is gone (${JSON.stringify(server.exit)}): ${String(error)}\n${log}`, { cause: error });
}
