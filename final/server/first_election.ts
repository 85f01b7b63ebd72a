// The first election after a start need not wait for the whole timeout: a member that is alone has nobody to wait for, and one
// whose peers are there has heard of their leader soon, if they have one. Mirrors the ticks that etcd's etcdserver/raft.go and
// server.go advance at a start (spec/raft.md D11).

import type { RaftConfState } from '../../proto/schema.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import type { Config } from '../etcdmain/config.ts';
import type { Clock } from '../ports.ts';
import type { PeerTransport } from './peer_transport.ts';
import { electionTicks } from './raft_setup.ts';

// How often, and for how long, a member looks whether its peers are there, in ms.
const PEER_LOOK_MS = 50;
const PEER_WAIT_MS = 5_000;
// What is left of the timeout when they are, in ticks.
const TICKS_LEFT = 2;

export interface FirstElectionOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly node: RawNode;
  readonly transport: PeerTransport;
  readonly localId: bigint;
  /** Up to which entry the log was known to be committed. */
  readonly commit: number;
}

export class FirstElection {
  readonly #options: FirstElectionOptions;
  #isDue = true;
  #stopLooking = (): void => {};

  constructor(options: FirstElectionOptions) {
    this.#options = options;
  }

  /** To be called whenever more is applied: only what is committed tells who the voters are. */
  look({ applied, confState }: { readonly applied: number; readonly confState: RaftConfState }): void {
    const { config, node, localId, commit } = this.#options;
    if (!this.#isDue || applied < commit) return;
    this.#isDue = false;
    const { voters } = confState;
    if (voters.length === 1 && voters[0] === localId) node.campaign();
    else if (config.initialElectionTickAdvance) this.#waitForPeers();
  }

  stop(): void {
    this.#isDue = false;
    this.#stopLooking();
  }

  #waitForPeers(): void {
    const { config, clock, node, transport } = this.#options;
    const end = clock.now() + PEER_WAIT_MS;
    this.#stopLooking = clock.every(PEER_LOOK_MS, () => {
      const active = transport.peerIds.filter((id) => transport.activeSince(id) !== undefined);
      if (active.length > 1) for (let i = electionTicks(config) - TICKS_LEFT; i > 0; i--) node.tick();
      if (active.length > 1 || clock.now() >= end) this.#stopLooking();
    });
  }
}
