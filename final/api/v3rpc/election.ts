// The Election service: candidates and observers that are waited for by the server (spec/rpc.md 12.2). Mirrors etcd's
// api/v3election/election.go.

import { Election as ElectionService } from '../../../proto/load.ts';
import type { LeaderKey, LeaderRequest, LeaderResponse } from '../../../proto/schema.ts';
import { type Candidacy, Election } from '../../client/concurrency/election.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer, StreamCall } from '../../transport/grpc/server.ts';
import { Code, StatusError } from '../../transport/grpc/status.ts';
import { leaseFor, withPlainErrors } from './concurrency_calls.ts';
import { InProcessStore } from './in_process_store.ts';

/** Registers v3electionpb.Election. A candidate that gives up waiting takes its candidacy with it. */
export function registerElection(grpc: GrpcServer, server: EtcdServer): void {
  const store = new InProcessStore(server);
  grpc.addService(ElectionService, {
    Campaign({ name, lease: given, value }, { signal }) {
      return withPlainErrors(signal, async () => {
        const lease = await leaseFor(store, given, signal);
        const { header, candidacy } = await new Election(store, name).campaign({ lease, value }, { signal });
        return { header, leader: { name, key: candidacy.key, rev: candidacy.revision, lease } };
      });
    },
    Proclaim({ leader, value }, { signal }) {
      return withPlainErrors(signal, async () => {
        const { election, candidacy } = standing(store, leader);
        return { header: await election.proclaim(candidacy, value, { signal }) };
      });
    },
    Resign({ leader }, { signal }) {
      return withPlainErrors(signal, async () => {
        const { election, candidacy } = standing(store, leader);
        return { header: await election.resign(candidacy, { signal }) };
      });
    },
    Leader({ name }, { signal }) {
      return withPlainErrors(signal, () => new Election(store, name).leader({ signal }));
    },
    Observe(call) {
      return withPlainErrors(call.ctx.signal, () => observe(store, call));
    },
  });
}

/** Who says to be the leader. Throws StatusError when nobody is named. */
function standing(
  store: InProcessStore,
  leader: LeaderKey | undefined,
): { readonly election: Election; readonly candidacy: Candidacy } {
  if (leader === undefined) throw new StatusError(Code.Unknown, '"leader" field must be provided');
  const { name, key, rev, lease } = leader;
  return { election: new Election(store, name), candidacy: { key, revision: rev, lease } };
}

/** Tells of leaders as fast as the client reads, until it has enough. */
async function observe(store: InProcessStore, call: StreamCall<LeaderRequest, LeaderResponse>): Promise<void> {
  for await (const { name } of call.requests()) {
    const { signal } = call.ctx;
    for await (const leader of new Election(store, name).observe({ signal })) {
      if (!call.write(leader)) await call.drained();
    }
  }
}
