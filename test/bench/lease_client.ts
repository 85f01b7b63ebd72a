// A client of keep-alive streams that takes little CPU, so that what is measured is the server: many requests in one frame of
// HTTP/2, answers that are only counted.

import http2 from 'node:http2';
import { codecs, Lease } from '../../proto/load.ts';
import { grpcFrame, grpcHeaders } from '../harness/http2_client.ts';

const PREFIX_BYTES = 5;

/** Several keep-alive streams of one server, each on a connection of its own. */
export class KeepAliveClient {
  /** Answers so far, and those among them that say that the lease is over. */
  answers = 0;
  over = 0;
  /** Called with the number of the stream, for every answer. */
  onAnswer: (stream: number) => void = () => {};
  readonly #sessions: http2.ClientHttp2Session[];
  readonly #streams: http2.ClientHttp2Stream[];
  #failure: Error | undefined;

  constructor(url: string, streams: number) {
    this.#sessions = Array.from({ length: streams }, () => http2.connect(url));
    this.#streams = this.#sessions.map((session, i) => {
      session.on('error', (error: Error) => void (this.#failure ??= error));
      const stream = session.request(grpcHeaders(Lease.methods.LeaseKeepAlive.path));
      stream.on('error', (error: Error) => void (this.#failure ??= error));
      stream.on('trailers', (trailers) => {
        this.#failure ??= new Error(`the stream ended: ${trailers['grpc-status']} ${trailers['grpc-message']}`);
      });
      this.#read(stream, i);
      return stream;
    });
  }

  get streams(): number {
    return this.#streams.length;
  }

  /** Sends requests on one stream, as one write. Throws what made a stream end. */
  send(stream: number, ids: readonly bigint[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    const frames = ids.map((ID) => grpcFrame(codecs['etcdserverpb.LeaseKeepAliveRequest'].encode({ ID })));
    this.#streams[stream]?.write(Buffer.concat(frames));
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #read(stream: http2.ClientHttp2Stream, index: number): void {
    let rest: Buffer = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length - at >= PREFIX_BYTES) {
        const end = at + PREFIX_BYTES + rest.readUInt32BE(at + 1);
        if (rest.length < end) break;
        const { TTL } = codecs['etcdserverpb.LeaseKeepAliveResponse'].decode(rest.subarray(at + PREFIX_BYTES, end));
        this.answers += 1;
        if (TTL <= 0) this.over += 1;
        this.onAnswer(index);
        at = end;
      }
      rest = rest.subarray(at);
    });
  }
}
