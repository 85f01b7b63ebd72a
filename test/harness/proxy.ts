// A TCP proxy in front of the peer port of one member, so that the network between members can fail. All members dial the
// same advertised URL; who dialed is told by the header X-Server-From of the first request that has one. Cutting is by
// direction of the messages: a POST carries them from the dialer, a stream (GET) carries them to the dialer.

import net from 'node:net';

/** What a connection is used for, as far as its requests tell. */
type Use = 'unknown' | 'post' | 'stream';

/** `silent` swallows bytes, as a network without a route does; `reset` breaks connections, as a dead host's neighbour does. */
export type CutMode = 'silent' | 'reset';

/** Tells whether messages from one member to another are cut, and how. Members are named by the cluster. */
export interface Cuts {
  /** Undefined while the link works. `from` or `to` undefined: the other end did not say who it is. */
  modeOf(from: string | undefined, to: string | undefined): CutMode | undefined;
  /** The name of the member with an id of lower-case hexadecimal digits. */
  nameOf(id: string): string | undefined;
}

// The requests of Go members are a few hundred bytes; more is not kept to look for the header.
const MAX_HEAD_BYTES = 16 * 1024;

/** The proxy of one member. */
export class PeerProxy {
  /** The member behind it. */
  readonly name: string;
  readonly port: number;
  readonly #targetPort: number;
  readonly #cuts: Cuts;
  readonly #server: net.Server;
  readonly #links = new Set<Link>();

  private constructor(options: { name: string; port: number; targetPort: number; cuts: Cuts }) {
    this.name = options.name;
    this.port = options.port;
    this.#targetPort = options.targetPort;
    this.#cuts = options.cuts;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Listens on 127.0.0.1:`port` and forwards to 127.0.0.1:`targetPort`. */
  static async start(options: { name: string; port: number; targetPort: number; cuts: Cuts }): Promise<PeerProxy> {
    const proxy = new PeerProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(options.port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** To be called after the cuts changed: connections that lost bytes, and those that are cut by reset, break. */
  refresh(): void {
    for (const link of this.#links) link.refresh();
  }

  /** Breaks everything and stops listening. */
  async stop(): Promise<void> {
    for (const link of this.#links) link.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #accept(dialer: net.Socket): void {
    const gone = (): void => void this.#links.delete(link);
    const link = new Link({ dialer, targetPort: this.#targetPort, to: this.name, cuts: this.#cuts, gone });
    this.#links.add(link);
  }
}

/** One connection through the proxy. */
class Link {
  readonly #dialer: net.Socket;
  readonly #target: net.Socket;
  readonly #to: string;
  readonly #cuts: Cuts;
  readonly #gone: () => void;
  #fromId: string | undefined;
  #use: Use = 'unknown';
  #head = '';
  // Bytes were swallowed: what follows would make no sense.
  #isBroken = false;

  constructor(options: { dialer: net.Socket; targetPort: number; to: string; cuts: Cuts; gone: () => void }) {
    this.#gone = options.gone;
    this.#dialer = options.dialer;
    this.#to = options.to;
    this.#cuts = options.cuts;
    this.#target = net.connect({ port: options.targetPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [this.#dialer, this.#target]) {
      socket.on('error', () => this.destroy());
      socket.on('close', () => this.#closed());
    }
    this.#dialer.on('data', (chunk: Buffer) => {
      this.#recognise(chunk);
      this.#forward(chunk, this.#dialer, this.#target);
    });
    this.#target.on('data', (chunk: Buffer) => this.#forward(chunk, this.#target, this.#dialer));
    this.refresh();
  }

  refresh(): void {
    const modes = this.#modes();
    if (modes.includes('reset') || (this.#isBroken && modes.length === 0)) this.destroy();
  }

  destroy(): void {
    this.#dialer.destroy();
    this.#target.destroy();
  }

  // While the network is silent, the other end does not learn of the end of a connection either.
  #closed(): void {
    if (this.#modes().includes('silent')) this.#isBroken = true;
    else this.destroy();
    if (this.#dialer.destroyed && this.#target.destroyed) this.#gone();
  }

  // A POST needs its answer, and a stream its request, but only one direction carries messages.
  #modes(): CutMode[] {
    const from = this.#fromId === undefined ? undefined : this.#cuts.nameOf(this.#fromId);
    const toTarget = this.#cuts.modeOf(from, this.#to);
    const toDialer = this.#cuts.modeOf(this.#to, from);
    const modes = this.#use === 'post' ? [toTarget] : this.#use === 'stream' ? [toDialer] : [toTarget, toDialer];
    return modes.filter((mode) => mode !== undefined);
  }

  #forward(chunk: Buffer, from: net.Socket, to: net.Socket): void {
    const modes = this.#modes();
    if (modes.includes('reset')) return this.destroy();
    if (modes.length > 0 || this.#isBroken) {
      this.#isBroken = true;
      return;
    }
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }

  #recognise(chunk: Buffer): void {
    if (this.#fromId !== undefined) return;
    this.#head = (this.#head + chunk.toString('latin1')).slice(-MAX_HEAD_BYTES);
    this.#fromId = /^x-server-from: *([0-9a-f]+)\r?$/im.exec(this.#head)?.[1];
    if (this.#fromId === undefined) return;
    this.#use = /^GET \/raft\/stream/m.test(this.#head) ? 'stream' : 'post';
    this.#head = '';
  }
}
