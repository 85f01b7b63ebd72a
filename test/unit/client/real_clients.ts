// Clients of a real etcd, for tests that need one.

import { Client, type ClientOptions } from '../../../final/client/client.ts';
import { Server } from '../../harness/server.ts';
import { findReal } from '../../harness/target.ts';

export const real = findReal('ETCD35_BIN') ?? findReal('ETCD_BIN');

/** Options for tests that need a real etcd. */
export const needsReal = { skip: real === undefined ? 'no real etcd: set ETCD_BIN, or put it into PATH' : false };

/** Makes clients; all are closed together. */
export class Clients {
  readonly #open: Client[] = [];

  async connect(endpoints: readonly string[], options: Partial<ClientOptions> = {}): Promise<Client> {
    const timeouts = { dialTimeoutMs: 5_000, keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 5_000 };
    const client = await Client.connect({ endpoints, ...timeouts, ...options });
    this.#open.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#open) client.close();
  }
}

/** Calls `use` with a fresh real etcd, and tidies up. */
export async function withReal(use: (server: Server, clients: Clients) => Promise<void>): Promise<void> {
  if (real === undefined) throw new Error('no real etcd');
  const server = await Server.start(real);
  const clients = new Clients();
  try {
    await use(server, clients);
  } finally {
    clients.close();
    await server.kill();
  }
}
