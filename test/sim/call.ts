// A request of a simulated client to a member, with its way there and back. Nobody waits longer than the limit of a client.

import { EtcdError } from '../../final/core/errors.ts';
import type { EtcdServer } from '../../final/server/server.ts';
import type { Life } from './life.ts';
import type { Network } from './network.ts';
import type { Scheduler } from './scheduler.ts';

const CALL_LIMIT_MS = 2500;

export interface CallWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  fail(error: unknown): void;
}

/** Resolves to the answer, or to undefined when it is not known what became of the request. */
export function call<T>(
  world: CallWorld,
  life: Life,
  ask: (server: EtcdServer) => T | Promise<T>,
): Promise<T | undefined> {
  const { scheduler, network } = world;
  return new Promise((resolve) => {
    scheduler.at(CALL_LIMIT_MS, () => resolve(undefined));
    const answer = (value: T | undefined): void => {
      if (life.isAlive) scheduler.at(network.delay(), () => resolve(value));
    };
    const work = async (server: EtcdServer): Promise<T> => ask(server);
    life.at(network.delay(), () => {
      if (life.server === undefined) return;
      work(life.server).then(answer, (error: unknown) => {
        if (!(error instanceof EtcdError) && life.isAlive) world.fail(error);
        answer(undefined);
      });
    });
  });
}
