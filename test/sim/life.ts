// One run of a member's program in the simulation, from its start until the power fails or it ends: the ports that it is given,
// and the certainty that nothing of it happens any more afterwards.

import type { Clock, LogFields, Logger, Ports } from '../../final/ports.ts';
import type { PeerHandler } from '../../final/server/peer_transport.ts';
import type { EtcdServer } from '../../final/server/server.ts';
import type { File, FileSystem } from '../../final/storage/fs.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Nothing that a program does behind it reaches the disk. */
export class PowerFailure extends Error {}

/** Whether an error is only that of a program which goes on for a moment behind a power failure. */
export function isOfPowerFailure(error: unknown): boolean {
  if (error instanceof PowerFailure) return true;
  return error instanceof Error && (/power failed/.test(error.message) || isOfPowerFailure(error.cause));
}

/** 2023-11-14, as good as any day. */
const WALL_START_MS = 1_700_000_000_000;
const MAX_SYNC_MS = 12;

/** What a life is part of. */
export interface LifeWorld {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Reports what no member may ever do, and ends the run. */
  fail(error: unknown): void;
  log(member: string, text: string): void;
}

export class Life {
  readonly name: string;
  readonly ports: Ports;
  /** Set as soon as it can take messages. */
  handler: PeerHandler | undefined;
  snapDirectory = '';
  /** Who has sent it messages: it can answer them, though its log may not tell of them yet. */
  readonly remotes = new Set<bigint>();
  server: EtcdServer | undefined;
  /** Clients are served. */
  isServing = false;
  readonly begunAt: number;
  readonly #world: LifeWorld;
  #isAlive = true;
  #hasCrashed = false;
  #isPaused = false;
  readonly #waiting: (() => void)[] = [];

  constructor(world: LifeWorld, name: string, fs: FileSystem) {
    this.#world = world;
    this.name = name;
    this.begunAt = world.scheduler.now;
    // Its own numbers: how often one member asks does not change what others are given.
    const random = world.random.fork();
    this.ports = {
      clock: this.#clock(),
      random: (below) => random.below(below),
      fs: slowDisk(fs, this, random),
      log: logger((text) => world.log(name, text)),
      crash: (error) => this.#crashed(error),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Alive, and not paused. */
  get isActive(): boolean {
    return this.#isAlive && !this.#isPaused;
  }

  /** Plans something that the program does; it does not when it is over by then, and later when it is paused. */
  at(delayMs: number, task: () => void): void {
    this.#world.scheduler.at(delayMs, () => this.run(task));
  }

  run(task: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#waiting.push(task);
    else this.#attempt(task);
  }

  /** The program has ended: by itself, or because the power failed. */
  end(how: 'stopped' | 'crashed'): void {
    this.#isAlive = false;
    this.#hasCrashed = how === 'crashed';
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const task of this.#waiting.splice(0)) this.at(0, task);
  }

  #attempt(task: () => void): void {
    try {
      task();
    } catch (error) {
      if (!this.#hasCrashed) this.#world.fail(error);
    }
  }

  #crashed(error: unknown): never {
    // Whoever goes on for a moment behind the power failure runs into a disk that is gone.
    if (!this.#hasCrashed) this.#world.fail(error);
    throw error instanceof PowerFailure
      ? error
      : new PowerFailure(`behind a power failure: ${String(error)}`, { cause: error });
  }

  #clock(): Clock {
    const { scheduler } = this.#world;
    return {
      now: () => scheduler.now,
      wall: () => WALL_START_MS + scheduler.now,
      every: (ms, tick) => {
        let isStopped = false;
        const next = (): void => {
          this.at(ms, () => {
            if (isStopped) return;
            tick();
            next();
          });
        };
        next();
        return () => {
          isStopped = true;
        };
      },
      soon: (task) => this.at(0, task),
      sleep: (ms) =>
        new Promise((resolve) => {
          this.at(ms, resolve);
        }),
    };
  }
}

/** A sync in the background takes its time. What it was to sync is on the disk at its end, or already at its begin. */
function slowDisk(fs: FileSystem, life: Life, random: Random): FileSystem {
  return { ...fs, open: (path, mode) => new SlowFile(fs.open(path, mode), life, random) };
}

class SlowFile implements File {
  readonly name: string;
  readonly #file: File;
  readonly #life: Life;
  readonly #random: Random;

  constructor(file: File, life: Life, random: Random) {
    this.name = file.name;
    this.#file = file;
    this.#life = life;
    this.#random = random;
  }

  size(): number {
    return this.#file.size();
  }

  read(into: Uint8Array, position: number): number {
    return this.#file.read(into, position);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#file.write(bytes, position);
  }

  truncate(size: number): void {
    this.#file.truncate(size);
  }

  syncData(): void {
    this.#file.syncData();
  }

  syncDataAsync(): Promise<void> {
    const isEarly = this.#random.chance(0.5);
    if (isEarly) this.#file.syncData();
    return new Promise((resolve) => {
      this.#life.at(this.#random.below(MAX_SYNC_MS), () => {
        if (!isEarly) this.#file.syncData();
        resolve();
      });
    });
  }

  lock(kind: 'exclusive' | 'shared'): boolean {
    return this.#file.lock(kind);
  }

  close(): void {
    this.#file.close();
  }
}

function logger(print: (text: string) => void): Logger {
  const level =
    (name: string) =>
    (message: string, fields?: LogFields): void =>
      print(`${name} ${message}${fields === undefined ? '' : ` ${describe(fields)}`}`);
  const log: Logger = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
    fatal: level('fatal'),
    at: () => log,
  };
  return log;
}

function describe(fields: LogFields): string {
  return JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? value.toString(16) : value));
}
