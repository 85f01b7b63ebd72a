// A cluster of real processes, each of a target of its own, with a proxy in front of every peer port so that links can be
// cut. Members are named n1, n2, …; a name never means another member, also when a new process or program takes its place.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster as ClusterService, Maintenance } from '../../proto/load.ts';
import type { Member as MemberInfo, StatusResponse } from '../../proto/schema.ts';
import { MemberClient } from './member_client.ts';
import { freePort } from './ports.ts';
import { type CutMode, PeerProxy } from './proxy.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { type Flags, knownFlags, Server } from './server.ts';
import type { Target } from './target.ts';

/** How long a cluster may take to agree on a leader. */
export const LEADER_LIMIT_MS = 20_000;
const PROBE_MS = 1000;
const POLL_MS = 25;
const CHANGE_LIMIT_MS = 15_000;

/** One member, whether its process runs or not. */
export class ClusterMember {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly proxy: PeerProxy;
  readonly folder: string;
  readonly client: MemberClient;
  target: Target;
  /** Undefined until it is known: after the first start, or after it was added. */
  id: bigint | undefined;
  /** Undefined while no process runs. */
  server: Server | undefined;
  isPaused = false;

  constructor(options: {
    name: string;
    target: Target;
    clientPort: number;
    peerPort: number;
    proxy: PeerProxy;
    folder: string;
  }) {
    this.name = options.name;
    this.target = options.target;
    this.clientPort = options.clientPort;
    this.peerPort = options.peerPort;
    this.proxy = options.proxy;
    this.folder = options.folder;
    this.client = new MemberClient(`127.0.0.1:${options.clientPort}`);
  }

  /** The URL that the others dial: that of the proxy. */
  get peerUrl(): string {
    return `http://127.0.0.1:${this.proxy.port}`;
  }

  get isRunning(): boolean {
    return this.server !== undefined && this.server.exit === undefined && !this.isPaused;
  }

  /** What the member says of itself, or undefined when it does not answer. */
  async status(): Promise<StatusResponse | undefined> {
    const { response } = await this.client.unary(Maintenance.methods.Status, {}, { deadlineMs: PROBE_MS });
    return response;
  }
}

export class Cluster {
  readonly members: ClusterMember[] = [];
  readonly #flags: Flags;
  readonly #folder = makeScratch();
  readonly #cuts = new Map<string, CutMode>();
  #initialCluster = '';
  #named = 0;

  private constructor(flags: Flags) {
    this.#flags = flags;
  }

  /** Starts a member of each target and waits until all serve. `flags` are given to every member, also to later ones. */
  static async start(targets: readonly Target[], flags: Flags = {}): Promise<Cluster> {
    const cluster = new Cluster(flags);
    try {
      for (const target of targets) await cluster.#reserve(target);
      cluster.#initialCluster = cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
      await Promise.all(cluster.members.map((member) => cluster.launch(member, { isNew: true })));
      await Promise.all(cluster.members.map((member) => cluster.ready(member)));
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** The member of that name. Throws an Error when there is none. */
  member(name: string): ClusterMember {
    const found = this.members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`no member ${name}`);
    return found;
  }

  get running(): ClusterMember[] {
    return this.members.filter(({ isRunning }) => isRunning);
  }

  /** Starts the process of a member and does not wait for it. `isNew`: the cluster is about to begin. */
  async launch(
    member: ClusterMember,
    options: { readonly isNew?: boolean; readonly flags?: Flags } = {},
  ): Promise<void> {
    if (member.server !== undefined && member.server.exit === undefined) throw new Error(`${member.name} runs`);
    const peer = `http://127.0.0.1:${member.peerPort}`;
    member.isPaused = false;
    member.server = await Server.launch(member.target, {
      folder: member.folder,
      clientPort: member.clientPort,
      flags: {
        ...knownFlags(member.target, {
          name: member.name,
          'listen-peer-urls': peer,
          'initial-advertise-peer-urls': member.peerUrl,
          'initial-cluster': this.#initialCluster,
          'initial-cluster-state': options.isNew === true ? 'new' : 'existing',
        }),
        ...this.#flags,
        ...options.flags,
      },
    });
  }

  /** Waits until a member serves, and learns its id. */
  async ready(member: ClusterMember): Promise<void> {
    if (member.server === undefined) throw new Error(`${member.name} was not started`);
    await member.server.ready();
    const status = await member.status();
    if (status?.header !== undefined) member.id = status.header.member_id;
  }

  /** Starts a member, on what its folder holds, and waits until it serves; with another program if `target` is given. */
  async restart(member: ClusterMember, target: Target = member.target): Promise<void> {
    member.target = target;
    await this.launch(member);
    await this.ready(member);
  }

  /** SIGTERM, and waits for the end. */
  async stop(member: ClusterMember): Promise<void> {
    this.resume(member);
    await member.server?.stop();
    member.server = undefined;
  }

  /** SIGKILL, and waits for the end. */
  async kill(member: ClusterMember): Promise<void> {
    await member.server?.kill();
    member.server = undefined;
    member.isPaused = false;
  }

  /** SIGSTOP: it keeps its connections and does nothing. */
  pause(member: ClusterMember): void {
    member.server?.signal('SIGSTOP');
    member.isPaused = true;
  }

  /** SIGCONT. */
  resume(member: ClusterMember): void {
    member.server?.signal('SIGCONT');
    member.isPaused = false;
  }

  /** Removes the data directory of a member that does not run. */
  wipe(member: ClusterMember): void {
    if (member.server !== undefined && member.server.exit === undefined) throw new Error(`${member.name} runs`);
    fs.rmSync(path.join(member.folder, 'data'), { recursive: true, force: true });
  }

  /** No message gets from `a` to `b` any more, nor back unless `oneWay`. */
  cut(a: ClusterMember, b: ClusterMember, options: { readonly oneWay?: boolean; readonly mode?: CutMode } = {}): void {
    const mode = options.mode ?? 'silent';
    this.#cuts.set(`${a.name}>${b.name}`, mode);
    if (options.oneWay !== true) this.#cuts.set(`${b.name}>${a.name}`, mode);
    this.#refresh();
  }

  /** Cuts a member off from all others. Clients still reach it. */
  isolate(member: ClusterMember, mode: CutMode = 'silent'): void {
    for (const other of this.members) if (other !== member) this.cut(member, other, { mode });
  }

  /** All links work again. */
  heal(): void {
    this.#cuts.clear();
    this.#refresh();
  }

  /** The leader of the highest term that a running member names, or undefined. */
  async leader(among: readonly ClusterMember[] = this.running): Promise<ClusterMember | undefined> {
    const answers = (await Promise.all(among.map((member) => member.status()))).filter((one) => one !== undefined);
    const newest = answers.filter(({ leader }) => leader !== 0n).sort((a, b) => b.raftTerm - a.raftTerm)[0];
    return newest === undefined ? undefined : this.members.find(({ id }) => id === newest.leader);
  }

  /** Waits until one of `among` is the leader and all of them say so. Throws an Error after {@link LEADER_LIMIT_MS}. */
  async waitLeader(among: readonly ClusterMember[] = this.running): Promise<ClusterMember> {
    return this.#poll(LEADER_LIMIT_MS, `no leader among ${among.map(({ name }) => name).join(', ')}`, async () => {
      const answers = await Promise.all(among.map((member) => member.status()));
      const leaders = new Set(answers.map((one) => one?.leader ?? 0n));
      return leaders.size === 1 ? among.find(({ id }) => id !== undefined && leaders.has(id)) : undefined;
    });
  }

  /** Waits until every running member has the same revision and HashKV, and returns these. Throws an Error after 20 s. */
  async waitEqualHash(limitMs = LEADER_LIMIT_MS): Promise<{ readonly hash: number; readonly revision: number }> {
    let last = '';
    return this.#poll(
      limitMs,
      () => `the members differ: ${last}`,
      async () => {
        const answers = await Promise.all(
          this.running.map(({ client }) =>
            client.unary(Maintenance.methods.HashKV, { revision: 0 }, { deadlineMs: 5000 }),
          ),
        );
        const hashes = answers.map(({ response }) => [response?.hash, response?.header?.revision]);
        last = JSON.stringify(hashes);
        const [first] = answers;
        const isEqual = new Set(hashes.map((one) => JSON.stringify(one))).size === 1;
        if (!isEqual || first?.response?.header === undefined) return undefined;
        return { hash: first.response.hash, revision: first.response.header.revision };
      },
    );
  }

  /**
   * Adds a member through `via` and returns it, not started: `restart` or `launch` it. While the cluster refuses because
   * members were connected only just now, the call is repeated.
   */
  async add(options: { target: Target; isLearner?: boolean; via?: ClusterMember }): Promise<ClusterMember> {
    const { target, isLearner = false, via } = options;
    const member = await this.#reserve(target);
    try {
      const request = { peerURLs: [member.peerUrl], isLearner };
      const { member: added, members } = await this.#change(via, (one) =>
        one.client.unary(ClusterService.methods.MemberAdd, request),
      );
      member.id = added?.ID;
      this.#initialCluster = members.map((one) => `${this.#nameOf(one)}=${one.peerURLs[0]}`).join(',');
    } catch (error) {
      await this.#forget(member);
      throw error;
    }
    return member;
  }

  /** Removes a member from the cluster, waits for the end of its process, and forgets it. */
  async remove(member: ClusterMember, via?: ClusterMember): Promise<void> {
    const others = via ?? this.running.find((one) => one !== member);
    await this.#change(others, (one) => one.client.unary(ClusterService.methods.MemberRemove, { ID: member.id ?? 0n }));
    if (member.isRunning) await member.server?.ended(CHANGE_LIMIT_MS);
    await this.#forget(member);
  }

  /** Makes a voter of a learner, as soon as it has caught up. */
  async promote(member: ClusterMember, via?: ClusterMember): Promise<void> {
    await this.#change(via, (one) => one.client.unary(ClusterService.methods.MemberPromote, { ID: member.id ?? 0n }));
    if (!member.isRunning) return;
    // It learns of its own promotion a moment after those who have answered.
    await this.#poll(CHANGE_LIMIT_MS, `${member.name} stays a learner`, async () => {
      return (await member.status())?.isLearner === false ? member : undefined;
    });
  }

  /** Moves the leadership to a member and waits until all know. */
  async moveLeader(to: ClusterMember): Promise<void> {
    const leader = await this.waitLeader();
    if (leader !== to) await leader.client.ok(Maintenance.methods.MoveLeader, { targetID: to.id ?? 0n });
    await this.#poll(LEADER_LIMIT_MS, `${to.name} does not become the leader`, async () => {
      const answers = await Promise.all(this.running.map((member) => member.status()));
      return answers.every((one) => one?.leader === to.id) ? to : undefined;
    });
  }

  /** What the members wrote to stderr last, for messages of failed tests. */
  logs(): string {
    return this.members
      .map(
        ({ name, target, server }) => `--- ${name} (${target.label})\n${server?.stderr.slice(-1500) ?? 'no process'}`,
      )
      .join('\n');
  }

  /** Ends all processes and proxies and removes the folders. */
  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => this.#end(member)));
    removeScratch(this.#folder);
  }

  async #reserve(target: Target): Promise<ClusterMember> {
    this.#named += 1;
    const name = `n${this.#named}`;
    const folder = path.join(this.#folder, name);
    fs.mkdirSync(folder);
    const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const cuts = {
      modeOf: (from: string | undefined, to: string | undefined) => this.#modeOf(from, to),
      nameOf: (id: string) => this.members.find((one) => one.id?.toString(16) === id)?.name,
    };
    const proxy = await PeerProxy.start({ name, port, targetPort: peerPort, cuts });
    const member = new ClusterMember({ name, target, clientPort, peerPort, proxy, folder });
    this.members.push(member);
    return member;
  }

  // A connection that does not say whose it is fails where the end that is known cannot be reached by anybody.
  #modeOf(from: string | undefined, to: string | undefined): CutMode | undefined {
    if (from !== undefined && to !== undefined) return this.#cuts.get(`${from}>${to}`);
    const known = from ?? to;
    const others = this.members.filter(({ name }) => name !== known);
    const modes = others.map(({ name }) => this.#cuts.get(from === undefined ? `${name}>${to}` : `${from}>${name}`));
    return modes.every((mode) => mode !== undefined) ? modes[0] : undefined;
  }

  #refresh(): void {
    for (const { proxy } of this.members) proxy.refresh();
  }

  #nameOf(info: MemberInfo): string {
    return this.members.find(({ peerUrl }) => info.peerURLs.includes(peerUrl))?.name ?? info.name;
  }

  async #change<Res>(
    via: ClusterMember | undefined,
    call: (member: ClusterMember) => Promise<{ response: Res | undefined; message: string }>,
  ): Promise<Res> {
    let last = 'no member runs';
    return this.#poll(
      CHANGE_LIMIT_MS,
      () => `the change of members is refused: ${last}`,
      async () => {
        const member = via ?? this.running[0];
        if (member === undefined) return undefined;
        const { response, message } = await call(member);
        last = message;
        const isEarly = /unhealthy cluster|in sync with leader|not enough started/.test(message);
        if (response === undefined && !isEarly)
          throw new Error(`${member.name} refuses the change of members: ${message}`);
        return response;
      },
    );
  }

  async #poll<T>(limitMs: number, failure: string | (() => string), attempt: () => Promise<T | undefined>): Promise<T> {
    const end = performance.now() + limitMs;
    for (;;) {
      const found = await attempt();
      if (found !== undefined) return found;
      if (performance.now() > end) break;
      await delay(POLL_MS);
    }
    throw new Error(`${typeof failure === 'string' ? failure : failure()} (after ${limitMs} ms)\n${this.logs()}`);
  }

  async #forget(member: ClusterMember): Promise<void> {
    await this.#end(member);
    this.members.splice(this.members.indexOf(member), 1);
  }

  async #end(member: ClusterMember): Promise<void> {
    member.client.close();
    await member.server?.kill();
    member.server = undefined;
    await member.proxy.stop();
  }
}
