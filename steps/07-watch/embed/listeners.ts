// Listeners: sockets that are bound before the server exists, so that a wrong address fails early, and that begin to
// serve when it does. Mirrors the listener half of etcd's embed/etcd.go.

import fs from 'node:fs';
import net from 'node:net';
import { type EtcdUrl, hostAndPort } from '../etcdmain/urls.ts';

type OnConnection = (socket: net.Socket) => void;

export class Listener {
  readonly url: EtcdUrl;
  readonly #server: net.Server;
  // Connections that came in before anything served them; they wait, unread.
  #waiting: net.Socket[] = [];
  #onConnection: OnConnection | undefined;
  readonly #open = new Set<net.Socket>();

  private constructor(url: EtcdUrl) {
    this.url = url;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Binds `url`. Rejects with Go's text, `listen tcp 127.0.0.1:2379: bind: address already in use`. */
  static async open(url: EtcdUrl): Promise<Listener> {
    const listener = new Listener(url);
    await listener.#listen();
    return listener;
  }

  /** Hands every connection, the waiting ones first, to `onConnection`. */
  serve(onConnection: OnConnection): void {
    this.#onConnection = onConnection;
    for (const socket of this.#waiting) onConnection(socket);
    this.#waiting = [];
  }

  /** Accepts no more connections and ends the open ones. */
  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #accept(socket: net.Socket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    // A reset by the client is no error of ours; whoever serves the socket sees its end.
    socket.on('error', () => {});
    if (this.#onConnection === undefined) this.#waiting.push(socket);
    else this.#onConnection(socket);
  }

  #listen(): Promise<void> {
    const options = listenOptions(this.url);
    if ('path' in options) removeStaleSocket(options.path);
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(describe(this.url, error))));
      this.#server.listen(options, resolve);
    });
  }
}

// localhost means the IPv4 loopback, as Go prefers it; a name in the hosts file could mean both.
function listenOptions(url: EtcdUrl): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (url.scheme === 'unix') return { path: url.address };
  const { host, port } = hostAndPort(url);
  if (port > 65535) throw new Error(`listen tcp: address ${port}: invalid port`);
  return { host: host === 'localhost' ? '127.0.0.1' : host, port };
}

// A server that was killed leaves its socket file behind, and nothing can be bound over it.
function removeStaleSocket(path: string): void {
  if (fs.existsSync(path) && fs.statSync(path).isSocket()) fs.unlinkSync(path);
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
};

function describe(url: EtcdUrl, error: NodeJS.ErrnoException): string {
  const network = url.scheme === 'unix' ? 'unix' : 'tcp';
  return `listen ${network} ${url.address}: bind: ${REASONS[error.code ?? ''] ?? error.message}`;
}
