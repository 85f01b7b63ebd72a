// How the recipes reach etcd: at ETCDCTL_ENDPOINTS, as etcdctl does, or else on this machine.

import { Client } from '../../final/client/client.ts';

/** A client of the cluster. Throws RangeError for an endpoint that cannot be read. */
export function connect(): Promise<Client> {
  const endpoints = (process.env['ETCDCTL_ENDPOINTS'] ?? '127.0.0.1:2379').split(',');
  return Client.connect({ endpoints, dialTimeoutMs: 5000, keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 3000 });
}

/** The bytes of a text. */
export function bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** The text of bytes; of none, nothing. */
export function text(value: Uint8Array | undefined): string {
  return value === undefined ? '' : Buffer.from(value).toString();
}
