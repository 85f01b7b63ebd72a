// Whole members of final in one process, on simulated disks, with links that hand over each message at once and time that
// stands still unless a test moves it: small enough to stop a member at every single call of its disk.

import { toConfig } from '../../../final/etcdmain/config.ts';
import type { Clock, Ports } from '../../../final/ports.ts';
import { newServer } from '../../../final/server/new_server.ts';
import type { PeerCalls } from '../../../final/server/peer_calls.ts';
import type { DatabaseReader, PeerHandler, PeerTransport } from '../../../final/server/peer_transport.ts';
import type { EtcdServer } from '../../../final/server/server.ts';
import type { FileSystem } from '../../../final/storage/fs.ts';
import { readWhole } from '../../../final/storage/fs.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { SnapDbWriter } from '../../../final/storage/snap/snap_db.ts';
import { ETCD_VERSION } from '../../../final/version.ts';
import { codecs } from '../../../proto/load.ts';
import type { RaftMessage } from '../../../proto/schema.ts';
import { silentLog } from './fixture.ts';

const SEGMENT_BYTES = 16 * 1024;
const MAX_TURNS = 20_000;

/** The links between members; every message travels as bytes. */
export class Links {
  readonly #lives = new Map<bigint, Life>();
  #isCut = false;
  /** Is told every message before it leaves. */
  onSend: (message: RaftMessage) => void = () => {};

  attach(id: bigint, life: Life): void {
    this.#lives.set(id, life);
  }

  /** Nothing arrives any more; who sends is told so. */
  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
  }

  send(from: Life, message: RaftMessage): void {
    this.onSend(message);
    const bytes = codecs['raftpb.Message'].encode(message);
    const to = this.#to(message);
    setImmediate(() => {
      if (to === undefined) return from.handle((handler) => handler.reportUnreachable(message.to));
      to.handle((handler) => void handler.process(codecs['raftpb.Message'].decode(bytes)).catch(() => {}));
    });
  }

  sendSnapshot(from: Life, message: RaftMessage, database: DatabaseReader): void {
    const bytes = database.read(0, database.sizeBytes).slice();
    database.release();
    const report = (ok: boolean): void => from.handle((handler) => handler.reportSnapshot(message.to, ok));
    setImmediate(() => {
      const to = this.#to(message);
      if (to === undefined) return report(false);
      receive(to, bytes, message.snapshot?.metadata?.index ?? 0).then(
        () => {
          this.send(from, message);
          report(true);
        },
        () => report(false),
      );
    });
  }

  #to(message: RaftMessage): Life | undefined {
    const life = this.#lives.get(message.to);
    return this.#isCut || life?.isAlive !== true ? undefined : life;
  }
}

async function receive(to: Life, bytes: Uint8Array, index: number): Promise<void> {
  const writer = new SnapDbWriter(to.ports.fs, to.snapDirectory);
  writer.write(bytes.subarray(0, bytes.length / 2));
  writer.write(bytes.subarray(bytes.length / 2));
  await writer.commit(index);
}

/** One run of a member's program. */
export class Life {
  readonly ports: Ports;
  readonly disk: MemFileSystem;
  snapDirectory = '';
  /** Why it ended, when it crashed. */
  failure: unknown;
  isAlive = true;
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  #onEnd: () => void = () => {};
  #handler: PeerHandler | undefined;
  readonly #ticks = new Set<() => void>();
  #now = 0;
  readonly #links: Links;

  constructor(links: Links, disk: MemFileSystem) {
    this.#links = links;
    this.disk = disk;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    this.ports = {
      clock: this.#clock(),
      random: (below) => Math.floor(below / 2),
      fs: disk.session(),
      log: silentLog,
      crash: ((error: unknown) => this.end(error)) as (error: unknown) => never,
    };
  }

  /** Everything that is done by the clock is done once. */
  tick(): void {
    this.#now += 100;
    for (const tick of this.#ticks) tick();
  }

  /** The program is over; what it still does is of no effect. */
  end(failure: unknown): void {
    this.failure ??= failure;
    this.isAlive = false;
    this.#onEnd();
  }

  handle(use: (handler: PeerHandler) => void): void {
    if (this.isAlive && this.#handler !== undefined) use(this.#handler);
  }

  /** Opens the data directory; nothing goes on before the server is started. */
  async open(flags: Readonly<Record<string, string>>, leader?: () => EtcdServer): Promise<EtcdServer> {
    const config = toConfig(new Map(Object.entries({ 'data-dir': 'data', ...flags })));
    return newServer(config, this.ports, {
      segmentBytes: SEGMENT_BYTES,
      calls: callsTo(leader),
      onRemoved: () => {},
      newTransport: ({ localId, handler, snapDirectory }) => {
        this.#handler = handler;
        this.snapDirectory = snapDirectory;
        this.#links.attach(localId, this);
        return this.#transport();
      },
    });
  }

  #transport(): PeerTransport {
    const peers = new Set<bigint>();
    return {
      get peerIds() {
        return [...peers];
      },
      send: (messages) => {
        for (const message of messages) if (peers.has(message.to) && this.isAlive) this.#links.send(this, message);
      },
      sendSnapshot: (message, database) => this.#links.sendSnapshot(this, message, database),
      addPeer: (id) => void peers.add(id),
      updatePeer: () => {},
      removePeer: (id) => void peers.delete(id),
      activeSince: () => undefined,
      stop: () => {},
    };
  }

  #clock(): Clock {
    return {
      now: () => this.#now,
      wall: () => 1_700_000_000_000 + this.#now,
      every: (_, tick) => {
        this.#ticks.add(tick);
        return () => this.#ticks.delete(tick);
      },
      soon: (task) => void setImmediate(() => this.isAlive && task()),
      sleep: () => new Promise((resolve) => void setImmediate(resolve)),
    };
  }
}

function callsTo(leader: (() => EtcdServer) | undefined): PeerCalls {
  const refuse = (): Promise<never> => Promise.reject(new Error('not asked here'));
  return {
    fetchMembers: async () => {
      if (leader === undefined) throw new Error('connection refused');
      const { id, members } = leader().cluster;
      return { clusterId: id, members };
    },
    fetchVersion: async () => ({ server: ETCD_VERSION, cluster: leader?.().cluster.version ?? 'not_decided' }),
    promote: refuse,
    renewLease: refuse,
    leaseTimes: refuse,
  };
}

/** Lets promises and messages go on until `isSo`. Throws an Error after too many turns. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (isSo()) return;
    await new Promise((resolve) => void setImmediate(resolve));
  }
  throw new Error(`it never came true that ${what}`);
}

/** A disk with the same files, all of them synced. */
export function copyOf(disk: FileSystem, folder: string): MemFileSystem {
  const copy = new MemFileSystem();
  const visit = (path: string): void => {
    let bytes: Uint8Array | undefined;
    try {
      bytes = readWhole(disk, path);
    } catch {
      copy.makeDirectory(path);
      for (const name of disk.list(path)) visit(`${path}/${name}`);
      return;
    }
    const file = copy.open(path, 'create');
    file.write(bytes, 0);
    file.syncData();
    file.close();
  };
  visit(folder);
  return copy;
}
