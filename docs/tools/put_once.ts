// A client that puts one key and goes away.

import * as grpc from '@grpc/grpc-js';
import { codecs, KV } from '../../proto/load.ts';

const DEADLINE_MS = 10_000;

/** Puts greeting = hello on the server at 127.0.0.1:`port`. Rejects with the error of the call. */
export function putOnce(port: number): Promise<void> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const request = { key: bytes('greeting'), value: bytes('hello') };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      KV.methods.Put.path,
      (one: typeof request) => Buffer.from(codecs['etcdserverpb.PutRequest'].encode(one)),
      (answer) => codecs['etcdserverpb.PutResponse'].decode(answer),
      request,
      new grpc.Metadata(),
      { deadline: Date.now() + DEADLINE_MS },
      (error) => {
        client.close();
        if (error === null) resolve();
        else reject(error);
      },
    );
  });
}
