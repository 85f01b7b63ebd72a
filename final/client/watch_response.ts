// What an answer of a watch means (spec/rpc.md 16.1).

import type { WatchResponse } from '../../proto/schema.ts';
import { ClientError, Code } from './errors.ts';

/** @returns why the server ended a watch; undefined for an answer that is not its last */
export function watchError(response: WatchResponse): ClientError | undefined {
  const { canceled, compact_revision: compacted, cancel_reason: reason } = response;
  if (compacted !== 0)
    return new ClientError(Code.OutOfRange, 'etcdserver: mvcc: required revision has been compacted');
  if (!canceled) return undefined;
  if (reason !== '') return ClientError.fromText(reason);
  // What clientv3 makes of a server that gives no reason.
  return new ClientError(Code.OutOfRange, 'etcdserver: mvcc: required revision is a future revision');
}

/** @returns whether it only tells how far the watcher is */
export function isProgressNotify({
  events,
  canceled,
  created,
  compact_revision: compacted,
  header,
}: WatchResponse): boolean {
  return events.length === 0 && !canceled && !created && compacted === 0 && (header?.revision ?? 0) !== 0;
}
