// An Io that keeps what is written, and whose standard input is a text.

import type { Io } from '../../../final/etcdctl/command.ts';
import { decodeText, encodeText } from '../../../final/etcdctl/text.ts';

/** What was written so far. */
export interface FakeIo {
  readonly io: Io;
  readonly stdout: () => Buffer;
  readonly stderr: () => string;
}

/** @param input of which only ended lines are lines */
export function fakeIo(input = ''): FakeIo {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const bytes = (data: string | Uint8Array): Buffer =>
    typeof data === 'string' ? encodeText(data) : Buffer.from(data);
  return {
    io: {
      stdout: { write: (data) => void out.push(bytes(data)) },
      stderr: { write: (data) => void err.push(bytes(data)) },
      readStdin: async () => encodeText(input),
      stdinLines: async function* () {
        yield* input.split('\n').slice(0, -1);
      },
      readSecret: async () => input,
      interrupted: () => new AbortController().signal,
      run: async () => undefined,
    },
    stdout: () => Buffer.concat(out),
    stderr: () => decodeText(Buffer.concat(err)),
  };
}
