// A gRPC client of one member of a cluster whose members come and go: it dials anew after a connection failed, instead of
// waiting for the back-off of the library, so that a test measures the servers and not their client.

import type { Init, MethodDefinition } from '../../proto/load.ts';
import { type Answer, type CallOptions, GrpcClient } from './grpc_client.ts';

const UNAVAILABLE = 14;

export class MemberClient {
  readonly endpoint: string;
  #client: GrpcClient | undefined;

  /** @param endpoint `host:port` */
  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** One unary call; never rejects for a status. */
  async unary<Req, Res>(
    method: MethodDefinition<Req, Res>,
    request: Init<Req>,
    options: CallOptions = {},
  ): Promise<Answer<Res>> {
    this.#client ??= new GrpcClient(this.endpoint);
    const client = this.#client;
    const answer = await client.unary(method, request, options);
    if (answer.code === UNAVAILABLE && this.#client === client) this.close();
    return answer;
  }

  /** One call that must succeed; throws an Error with the status otherwise. */
  async ok<Req, Res>(method: MethodDefinition<Req, Res>, request: Init<Req>, options: CallOptions = {}): Promise<Res> {
    const answer = await this.unary(method, request, options);
    if (answer.response !== undefined) return answer.response;
    throw new Error(`${method.path} of ${this.endpoint} answered ${answer.code} "${answer.message}"`);
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
