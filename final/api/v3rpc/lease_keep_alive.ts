// The stream on which a client keeps leases alive: one answer for each request, in their order. Several renewals may be under way
// at once, as it is on a member that has to ask the leader; how many is bounded, and a client that does not read its answers is
// not read either. Mirrors LeaseKeepAlive of etcd's api/v3rpc/lease.go.

import type { LeaseKeepAliveRequest, LeaseKeepAliveResponse, ResponseHeader } from '../../../proto/schema.ts';
import { RENEWALS_PER_STREAM } from '../../limits.ts';
import type { StreamCall } from '../../transport/grpc/server.ts';

/** What a stream needs of the server. */
export interface Renewals {
  header(): ResponseHeader;
  /** TTL in seconds, 0 for a lease that is not there. At once, or as a promise. */
  renew(id: bigint): number | Promise<number>;
}

type KeepAliveCall = Pick<StreamCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse>, 'requests' | 'write' | 'drained'>;

export class KeepAliveStream {
  readonly #call: KeepAliveCall;
  readonly #renewals: Renewals;
  // Resolves when all answers so far are written; rejects with the first renewal that fails.
  #written: Promise<void> = Promise.resolve();
  #underWay = 0;
  // Told in its turn, but no lease is renewed any more.
  #hasFailed = false;
  #wake: (() => void) | undefined;
  #fail: (error: unknown) => void = () => {};

  constructor(call: KeepAliveCall, renewals: Renewals) {
    this.#call = call;
    this.#renewals = renewals;
  }

  /** Resolves when the client has no more requests and all are answered. Rejects with the first renewal that fails. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#answerAll().then(resolve, reject);
    });
  }

  async #answerAll(): Promise<void> {
    for await (const { ID } of this.#call.requests()) {
      if (this.#hasFailed) break;
      // The header is taken first: its revision never runs ahead of the renewal.
      const header = this.#renewals.header();
      const ttl = this.#renewals.renew(ID);
      if (typeof ttl === 'number' && this.#underWay === 0) {
        await this.#write({ header, ID, TTL: ttl });
        continue;
      }
      this.#writeInTurn({ header, ID }, ttl);
      if (this.#underWay >= RENEWALS_PER_STREAM) await this.#room();
    }
    await this.#written;
  }

  #writeInTurn(response: Omit<LeaseKeepAliveResponse, 'TTL'>, ttl: number | Promise<number>): void {
    this.#underWay += 1;
    // What fails is told in its turn.
    if (typeof ttl !== 'number') ttl.catch(() => void (this.#hasFailed = true));
    this.#written = this.#written.then(async () => {
      await this.#write({ ...response, TTL: await ttl });
      this.#underWay -= 1;
      this.#wake?.();
    });
    this.#written.catch((error: unknown) => {
      this.#fail(error);
      this.#wake?.();
    });
  }

  #write(response: LeaseKeepAliveResponse): Promise<void> | undefined {
    return this.#call.write(response) ? undefined : this.#call.drained();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
