// A disk that can lose power: what was written since the last sync survives as a whole, in part, or not at all.

import type { BoltFile } from '../../../../final/storage/bolt/file.ts';
import { MemoryFile } from '../../../../final/storage/bolt/file_mem.ts';

/** What happens to the writes behind the last sync. `torn` and `reordered` decide by chance. */
export type Loss =
  /** Nothing of them arrived. */
  | 'lost'
  /** All of them arrived. */
  | 'kept'
  /** Each write arrived or not, in any order. */
  | 'reordered'
  /** Each unit of each write arrived or not. */
  | 'torn'
  /** The units arrived in order up to some point. */
  | 'prefix';

export const LOSSES: readonly Loss[] = ['lost', 'kept', 'reordered', 'torn', 'prefix'];

/** Thrown by the operation at which the power goes. */
export class PowerFailure extends Error {}

export class SimDisk implements BoltFile {
  readonly name = 'simulated disk';
  /** Writes and syncs so far. */
  operations = 0;
  /** Number of the operation at which the power goes. */
  failAt = Number.POSITIVE_INFINITY;
  readonly #file: MemoryFile;
  #durable: Uint8Array;
  #unsynced: { readonly position: number; readonly bytes: Uint8Array }[] = [];

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.#file = new MemoryFile(content);
    this.#durable = content.slice();
  }

  size(): number {
    return this.#file.size();
  }

  read(into: Uint8Array, position: number): number {
    return this.#file.read(into, position);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#unsynced.push({ position, bytes: bytes.slice() });
    this.#count();
    this.#file.write(bytes, position);
  }

  syncData(): void {
    this.#count();
    this.#durable = this.#file.content();
    this.#unsynced = [];
  }

  async syncDataAsync(): Promise<void> {
    this.syncData();
  }

  close(): void {}

  /** What is on the disk when the power comes back. Writes are torn at multiples of `unit` bytes. */
  afterPowerFailure(loss: Loss, unit: number, random: () => number): Uint8Array {
    const disk = new MemoryFile(this.#durable);
    const pieces = this.#unsynced.flatMap(({ position, bytes }) => {
      const arrived = random() < 0.5;
      return split(position, bytes, unit).map((piece) => ({ ...piece, arrived }));
    });
    const reached = Math.floor(random() * (pieces.length + 1));
    pieces.forEach(({ position, bytes, arrived }, i) => {
      const survives = {
        lost: false,
        kept: true,
        reordered: arrived,
        torn: random() < 0.5,
        prefix: i < reached,
      }[loss];
      if (survives) disk.write(bytes, position);
    });
    return disk.content();
  }

  #count(): void {
    this.operations++;
    if (this.operations >= this.failAt) throw new PowerFailure(`power fails at operation ${this.operations}`);
  }
}

function split(position: number, bytes: Uint8Array, unit: number): { position: number; bytes: Uint8Array }[] {
  const pieces: { position: number; bytes: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(unit - ((position + at) % unit), bytes.length - at);
    pieces.push({ position: position + at, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return pieces;
}
