// A simulated member: a disk that outlives its lives, and what a life is started with. The program is that of final, whole, from
// its bootstrap on. One that is removed, or loses its disk, makes room for another one with the same name and URL.

import { toConfig, type Config } from '../../final/etcdmain/config.ts';
import { newServer } from '../../final/server/new_server.ts';
import type { PeerCalls } from '../../final/server/peer_calls.ts';
import type { EtcdServer } from '../../final/server/server.ts';
import type { FileSystem } from '../../final/storage/fs.ts';
import { MemFileSystem } from '../../final/storage/fs_mem.ts';
import { ETCD_VERSION } from '../../final/version.ts';
import { Life, type LifeWorld, PowerFailure } from './life.ts';
import { type Network, SimTransport } from './network.ts';
import type { Random } from './random.ts';

const SEGMENT_BYTES = 16 * 1024;
/** Why a cluster does not take somebody in: its members cannot be asked, or do not know of it yet. */
const REFUSALS = /cannot fetch cluster info|error validating peerURLs|incompatible with current running cluster/;

/** What becomes of sectors that were not synced. */
export type Loss = 'all' | 'none' | 'some';

/** What a member is part of. */
export interface MemberWorld extends LifeWorld {
  readonly network: Network;
  /** Stands between the program and its disk: for disks that are worse than they should be. */
  readonly wrapDisk: (fs: FileSystem) => FileSystem;
  memberAt(url: string): Member | undefined;
}

export class Member {
  readonly name: string;
  readonly url: string;
  /** Known from the first start on. */
  id: bigint | undefined;
  life: Life | undefined;
  readonly #flags: ReadonlyMap<string, string>;
  readonly #world: MemberWorld;
  readonly #random: Random;
  #config: Config;
  #disk: MemFileSystem;
  #callsLeft = Number.POSITIVE_INFINITY;
  #isMember: boolean;
  #hasJoined: boolean;
  #hasLeft = false;
  #stopping: Life | undefined;

  /** `isMember`: whether it is one from the beginning of the cluster on. */
  constructor(
    world: MemberWorld,
    options: { name: string; url: string; flags: ReadonlyMap<string, string>; isMember: boolean; random: Random },
  ) {
    this.#world = world;
    this.#random = options.random;
    this.#isMember = options.isMember;
    this.#hasJoined = options.isMember;
    this.name = options.name;
    this.url = options.url;
    this.#flags = new Map([
      ['name', options.name],
      ['data-dir', 'data'],
      ['initial-advertise-peer-urls', options.url],
      ...options.flags,
    ]);
    this.#config = toConfig(this.#flags);
    this.#disk = this.#newDisk();
  }

  /** It is to run: it was added to the cluster, and has neither lost its disk nor ended because it was removed. */
  get isMember(): boolean {
    return this.#isMember;
  }

  /** It has been in the cluster, and so begins with what is on its disk. */
  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** It has ended by itself because it was removed. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** The disk is lost with all that was ever on it. Nothing starts before somebody joins in its place. */
  wipe(): void {
    this.crash('all');
    this.#world.log(this.name, 'the disk is lost');
    this.#disk = this.#newDisk();
    this.id = undefined;
    this.#isMember = false;
    this.#hasJoined = false;
    this.#hasLeft = false;
  }

  /** Begins with an empty disk as the member `id` of the cluster that runs. When that refuses, the program is over. */
  join(id: bigint, initialCluster: string): void {
    const joining = [
      ['initial-cluster', initialCluster],
      ['initial-cluster-state', 'existing'],
    ] as const;
    this.#config = toConfig(new Map([...this.#flags, ...joining]));
    this.id = id;
    this.#isMember = true;
    this.start();
  }

  /** Starts the program of a member. What keeps it from starting ends the run. */
  start(): void {
    if (this.life?.isAlive === true || !this.#isMember) return;
    const life = new Life(this.#world, this.name, this.#world.wrapDisk(this.#disk.session()));
    this.life = life;
    this.#callsLeft = Number.POSITIVE_INFINITY;
    // Links are cut for who is still on the way in, too.
    if (this.id !== undefined) this.#world.network.attach(this.id, life);
    this.#begin(life).catch((error: unknown) => {
      if (!life.isAlive) return;
      if (this.#hasJoined || !(error instanceof Error) || !REFUSALS.test(error.message)) return this.#world.fail(error);
      this.#world.log(this.name, error.message);
      life.end('stopped');
    });
  }

  /** The power fails now. */
  crash(loss: Loss): void {
    if (this.life?.isAlive !== true) return;
    this.life.end('crashed');
    this.#callsLeft = Number.POSITIVE_INFINITY;
    this.#world.log(this.name, `crash, ${loss} of what was not synced is lost`);
    this.#disk.crash(() => (loss === 'all' ? false : loss === 'none' ? true : this.#random.chance(0.5)));
  }

  /** The power fails at the call of the disk after so many. */
  crashAfterCalls(calls: number): void {
    if (this.life?.isAlive === true) this.#callsLeft = calls;
  }

  /** The disk works again. */
  spare(): void {
    this.#callsLeft = Number.POSITIVE_INFINITY;
  }

  /** Ends the program in an orderly way. */
  async stop(): Promise<void> {
    const { life } = this;
    if (life?.server === undefined || !life.isActive || this.#stopping === life) return;
    this.#stopping = life;
    life.isServing = false;
    await life.server.stop();
    life.end('stopped');
  }

  #newDisk(): MemFileSystem {
    const disk = new MemFileSystem();
    disk.hook = () => {
      if (this.#callsLeft-- > 0) return;
      this.crash('some');
      throw new PowerFailure('the power failed');
    };
    return disk;
  }

  async #leave(life: Life): Promise<void> {
    await this.stop();
    if (life !== this.life || life.isAlive) return;
    this.#isMember = false;
    this.#hasLeft = true;
  }

  async #begin(life: Life): Promise<void> {
    const { network } = this.#world;
    const server = await newServer(this.#config, life.ports, {
      segmentBytes: SEGMENT_BYTES,
      newTransport: ({ localId, handler, snapDirectory }) => {
        this.id = localId;
        life.handler = handler;
        life.snapDirectory = snapDirectory;
        network.attach(localId, life);
        return new SimTransport(network, localId, life);
      },
      calls: peerCalls(this.#world, this, life),
      onRemoved: () => void this.#leave(life),
    });
    this.#hasJoined = true;
    life.server = server;
    await server.start();
    if (this.#stopping !== life) life.isServing = true;
  }
}

// Questions over HTTP, which need both directions of the network.
function peerCalls(world: MemberWorld, self: Member, life: Life): PeerCalls {
  const ask = <T>(url: string, limitMs: number, answer: (server: EtcdServer) => T | Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const { network } = world;
      life.at(limitMs, () => reject(new Error(`${url}: timeout`)));
      if (network.loses()) return;
      life.at(network.delay(), () => {
        const peer = world.memberAt(url);
        const isReached = peer?.life?.isActive === true && isConnected(network, self, peer);
        if (peer?.life?.server === undefined || !isReached) return reject(new Error(`dial ${url}: connection refused`));
        // Nobody waits for it any more when the time is over.
        const answered = Promise.resolve(answer(peer.life.server));
        answered.catch(() => undefined);
        resolve(answered);
      });
    });
  return {
    fetchMembers: (url, limitMs) =>
      ask(url, limitMs, ({ cluster }) => ({ clusterId: cluster.id, members: cluster.members })),
    fetchVersion: (url, limitMs) =>
      ask(url, limitMs, ({ cluster }) => ({ server: ETCD_VERSION, cluster: cluster.version ?? 'not_decided' })),
    promote: (url, id, limitMs) => ask(url, limitMs, async ({ members }) => [...(await members.promoteHere(id))]),
    renewLease: (url, id, limitMs) => ask(url, limitMs, ({ leases }) => leases.renewHere(id)),
    leaseTimes: (url, { id, withKeys }, limitMs) =>
      ask(url, limitMs, ({ leases }) => leases.timeToLiveHere(id, withKeys)),
  };
}

function isConnected(network: Network, a: Member, b: Member): boolean {
  if (a.id === undefined || b.id === undefined) return true;
  return network.activeSince(a.id, b.id) !== undefined;
}
