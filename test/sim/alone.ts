// What a member is given that has no peers.

import type { PeerCalls } from '../../final/server/peer_calls.ts';
import type { PeerTransport } from '../../final/server/peer_transport.ts';
import type { ServerOptions } from '../../final/server/server.ts';

const transport: PeerTransport = {
  peerIds: [],
  send: () => {},
  sendSnapshot: () => {},
  addPeer: () => {},
  updatePeer: () => {},
  removePeer: () => {},
  activeSince: () => undefined,
  stop: () => {},
};

const nobody = (): Promise<never> => Promise.reject(new Error('there are no peers'));

const calls: PeerCalls = {
  fetchMembers: nobody,
  fetchVersion: nobody,
  promote: nobody,
  renewLease: nobody,
  leaseTimes: nobody,
};

/** Options of newServer for a cluster of one. */
export const ALONE: ServerOptions = { newTransport: () => transport, calls, onRemoved: () => {} };
