// A TCP proxy in front of a client port: connections through it can be broken, and it can refuse new ones.

import net from 'node:net';
import { freePort } from '../../harness/ports.ts';

export class TcpProxy {
  readonly port: number;
  readonly #links = new Set<net.Socket>();
  readonly #server: net.Server;

  private constructor(port: number, targetPort: number) {
    this.port = port;
    this.#server = net.createServer((client) => {
      const target = net.connect({ port: targetPort, host: '127.0.0.1' });
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#links.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#links.delete(from);
          to.destroy();
        });
      }
    });
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.port, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resets all connections; new ones can be made. */
  cut(): void {
    for (const link of this.#links) link.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}
