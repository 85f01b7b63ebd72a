// The file a database lives in, as a port: synchronous, with nothing but what the engine needs. The files of ../fs.ts are
// such, and file_mem.ts has one in memory.

/**
 * A file open for reading, and for writing unless it was opened read-only. Every method throws what the system reports;
 * behind a failed write or sync the content is unknown and the database must be opened anew.
 */
export interface BoltFile {
  /** For messages. */
  readonly name: string;
  /** Bytes of the file. */
  size(): number;
  /** Reads from `position` until `into` is full or the file ends; returns the number of bytes read. */
  read(into: Uint8Array, position: number): number;
  /** Writes all of `bytes` at `position`, beyond the end too (what lies between reads as zeros). */
  write(bytes: Uint8Array, position: number): void;
  /** Returns when everything written, and the size, will survive a loss of power. */
  syncData(): void;
  /** As `syncData`, without holding up the process. */
  syncDataAsync(): Promise<void>;
  /** Gives the file and its lock back. */
  close(): void;
}
