// The member as its peers see it: takes their messages, and hears what became of those sent to them. Mirrors the Raft interface
// of etcd's etcdserver/server.go.

import type { RaftMessage } from '../../proto/schema.ts';
import { RaftMessageType } from '../../proto/schema.ts';
import { RaftError } from '../core/raft/errors.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import { MAX_SNAPSHOTS_IN_FLIGHT } from '../limits.ts';
import type { Ports } from '../ports.ts';
import type { Cluster } from './cluster.ts';
import type { PeerHandler, PeerTransport } from './peer_transport.ts';
import type { StorageKeeper } from './storage_keeper.ts';

const LOG_CALLER = 'etcdserver/server.ts';

export interface PeersOptions {
  readonly ports: Ports;
  readonly node: RawNode;
  readonly cluster: () => Cluster;
  readonly storage: () => StorageKeeper;
  readonly transport: () => PeerTransport;
  readonly wake: () => void;
  readonly onRemoved: () => void;
}

export class Peers implements PeerHandler {
  readonly #options: PeersOptions;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  async process(message: RaftMessage): Promise<void> {
    const { cluster, node, ports, wake } = this.#options;
    const log = ports.log.at(LOG_CALLER);
    const { localMemberId } = cluster();
    if (cluster().isRemoved(message.from)) {
      log.warn('rejected Raft message from removed member', { 'removed-member-id': hex(message.from) });
      throw new Error('cannot process message from removed member');
    }
    if (message.to !== localMemberId) {
      log.warn('rejected Raft message to mismatch member', { 'mismatch-member-id': hex(message.to) });
      throw new Error('cannot process message to mismatch member');
    }
    try {
      node.step(message);
    } catch (error) {
      // A peer cannot know better: whether there is a leader, or who is a member, may have changed on the way.
      if (!(error instanceof RaftError)) return ports.crash(error);
      log.debug('dropped a Raft message', { type: message.type, error: error.message });
    }
    wake();
  }

  isIdRemoved(id: bigint): boolean {
    return this.#options.cluster().isRemoved(id);
  }

  reportUnreachable(id: bigint): void {
    this.#options.node.reportUnreachable(id);
    this.#options.wake();
  }

  reportSnapshot(id: bigint, ok: boolean): void {
    if (ok) this.#options.storage().keepLog();
    this.#options.node.reportSnapshot(id, ok);
    this.#options.wake();
  }

  removedByPeers(): void {
    this.#options.onRemoved();
  }

  /** Sends the database as it is now in the place of the snapshot that raft wanted to send. */
  sendSnapshot(message: RaftMessage): void {
    const { ports, node, storage, transport, wake } = this.#options;
    if (storage().transfersInFlight >= MAX_SNAPSHOTS_IN_FLIGHT || !storage().isCaughtUp) {
      node.reportSnapshot(message.to, false);
      return;
    }
    storage().beginTransfer();
    ports.log.at(LOG_CALLER).info('sending merged snapshot', { to: hex(message.to) });
    storage()
      .readDatabase()
      .then(
        ({ snapshot, database }) => {
          const release = (): void => {
            database.release();
            storage().endTransfer();
          };
          const sent = { ...message, type: RaftMessageType.MsgSnap, snapshot };
          transport().sendSnapshot(sent, { ...database, release });
          wake();
        },
        (error: unknown) => ports.crash(error),
      );
  }
}

function hex(id: bigint): string {
  return id.toString(16);
}
