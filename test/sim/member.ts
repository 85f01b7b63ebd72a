// A simulated member: a disk that outlives its lives, and what a life is started with. The program is that of final, whole, from
// its bootstrap on.

import { toConfig, type Config } from '../../final/etcdmain/config.ts';
import { newServer } from '../../final/server/new_server.ts';
import type { PeerCalls } from '../../final/server/peer_calls.ts';
import type { FileSystem } from '../../final/storage/fs.ts';
import { MemFileSystem } from '../../final/storage/fs_mem.ts';
import { ETCD_VERSION } from '../../final/version.ts';
import { Life, type LifeWorld, PowerFailure } from './life.ts';
import { type Network, SimTransport } from './network.ts';
import type { Random } from './random.ts';

const SEGMENT_BYTES = 16 * 1024;

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
  readonly #world: MemberWorld;
  readonly #random: Random;
  readonly #config: Config;
  readonly #disk = new MemFileSystem();
  #callsLeft = Number.POSITIVE_INFINITY;

  constructor(world: MemberWorld, options: { name: string; url: string; flags: ReadonlyMap<string, string> }) {
    this.#world = world;
    this.#random = world.random.fork();
    this.name = options.name;
    this.url = options.url;
    this.#config = toConfig(
      new Map([
        ['name', options.name],
        ['data-dir', 'data'],
        ['initial-advertise-peer-urls', options.url],
        ...options.flags,
      ]),
    );
    this.#disk.hook = () => {
      if (this.#callsLeft-- > 0) return;
      this.crash('some');
      throw new PowerFailure('the power failed');
    };
  }

  /** Starts the program. What keeps it from starting ends the run. */
  start(): void {
    if (this.life?.isAlive === true) return;
    const life = new Life(this.#world, this.name, this.#world.wrapDisk(this.#disk.session()));
    this.life = life;
    this.#callsLeft = Number.POSITIVE_INFINITY;
    this.#begin(life).catch((error: unknown) => {
      if (life.isAlive) this.#world.fail(error);
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
    if (life?.server === undefined || !life.isActive) return;
    life.isServing = false;
    await life.server.stop();
    life.end('stopped');
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
      onRemoved: () => void this.stop(),
    });
    life.server = server;
    await server.start();
    life.isServing = true;
  }
}

// Questions over HTTP, which need both directions of the network.
function peerCalls(world: MemberWorld, self: Member, life: Life): PeerCalls {
  const ask = <T>(url: string, answer: (peer: Life) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      life.at(world.network.delay(), () => {
        const peer = world.memberAt(url);
        const isReached = peer?.life?.isActive === true && isConnected(world.network, self, peer);
        if (peer?.life?.server === undefined || !isReached) return reject(new Error(`dial ${url}: connection refused`));
        resolve(answer(peer.life));
      });
    });
  const refuse = (): Promise<never> => Promise.reject(new Error('the simulation has no leases'));
  return {
    fetchMembers: (url) =>
      ask(url, ({ server }) => ({
        clusterId: server?.cluster.id ?? 0n,
        members: [...(server?.cluster.members ?? [])],
      })),
    fetchVersion: (url) =>
      ask(url, ({ server }) => ({ server: ETCD_VERSION, cluster: server?.cluster.version ?? 'not_decided' })),
    promote: refuse,
    renewLease: refuse,
    leaseTimes: refuse,
  };
}

function isConnected(network: Network, a: Member, b: Member): boolean {
  if (a.id === undefined || b.id === undefined) return true;
  return network.activeSince(a.id, b.id) !== undefined;
}
