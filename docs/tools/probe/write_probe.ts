// Loaded into a member of step 05 before its program: it reports what the member does with a write, one JSON line on stderr
// for each thing. The step itself stays as it is: methods are wrapped from outside.

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PutResponse, RaftEntry, RaftHardState, RaftMessage } from '../../../proto/schema.ts';
import type { Applier } from '../../../steps/05-raft/server/apply.ts';
import type { RawNode, Ready } from '../../../steps/05-raft/core/raft/rawnode.ts';
import type { EtcdServer } from '../../../steps/05-raft/server/server.ts';
import type { Wal } from '../../../steps/05-raft/storage/wal/wal.ts';
import type { RaftHttpTransport } from '../../../steps/05-raft/transport/rafthttp/transport.ts';

/** The environment variable that names the folder of the step. */
const FOLDER = process.env['READ_STEP_FOLDER'] ?? '';

// The modules are those that the program will have: a module is loaded once.
async function load<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(path.join(FOLDER, file)).href)) as T;
}

type Fields = Readonly<Record<string, unknown>>;

function report(kind: string, fields: Fields): void {
  const at = performance.timeOrigin + performance.now();
  const text = JSON.stringify({ probe: kind, at, ...fields }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  process.stderr.write(`${text}\n`);
}

function messageFields({ type, from, to, term, index, logTerm, commit, entries, reject }: RaftMessage): Fields {
  return { type, from, to, term, index, logTerm, commit, entries: entries.length, reject };
}

// Puts `around` in the place of a method; it gets the object, the arguments, and the call itself.
function wrap<R>(prototype: object, name: string, around: (call: () => R, args: never, self: never) => R): void {
  const original = Reflect.get(prototype, name) as (...args: unknown[]) => R;
  const value = function (this: object, ...args: unknown[]): R {
    return around(() => original.apply(this, args), args as never, this as never);
  };
  Object.defineProperty(prototype, name, { value });
}

const { EtcdServer: Server } = await load<{ EtcdServer: typeof EtcdServer }>('server/server.ts');
const { RawNode: Node } = await load<{ RawNode: typeof RawNode }>('core/raft/rawnode.ts');
const { Wal: Log } = await load<{ Wal: typeof Wal }>('storage/wal/wal.ts');
const { Applier: Apply } = await load<{ Applier: typeof Applier }>('server/apply.ts');
const { RaftHttpTransport: Transport } = await load<{ RaftHttpTransport: typeof RaftHttpTransport }>(
  'transport/rafthttp/transport.ts',
);

wrap(Server.prototype, 'put', async (call: () => Promise<PutResponse>) => {
  report('put', {});
  const response = await call();
  report('reply', { revision: response.header?.revision });
  return response;
});

wrap(Server.prototype, 'process', (call: () => void, [message]: [RaftMessage]) => {
  report('receive', messageFields(message));
  call();
});

wrap(Transport.prototype, 'send', (call: () => void, [messages]: [readonly RaftMessage[]]) => {
  for (const message of messages) report('send', messageFields(message));
  call();
});

// Reported when it is on the disk.
wrap(Log.prototype, 'save', (call: () => void, [, entries]: [RaftHardState, readonly RaftEntry[]]) => {
  call();
  report('save', { entries: entries.length, index: entries.at(-1)?.Index });
});

wrap(Node.prototype, 'ready', (call: () => Ready, _: [], { raft: { role, id, log } }: RawNode) => {
  const ready = call();
  report('ready', { role, id, commit: log.committed });
  return ready;
});

wrap(Apply.prototype, 'put', (call: () => unknown) => {
  report('apply', {});
  return call();
});
