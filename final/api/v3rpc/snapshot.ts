// The stream of a snapshot: the database as it is at one moment, and behind it the SHA-256 of everything that was sent
// (spec/storage.md 11.1). Mirrors the snapshot half of etcd's api/v3rpc/maintenance.go.

import { createHash } from 'node:crypto';
import type { SnapshotRequest, SnapshotResponse } from '../../../proto/schema.ts';
import { SNAPSHOT_CHUNK_BYTES } from '../../limits.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { StreamCall } from '../../transport/grpc/server.ts';

/** Sends it as fast as the client reads. Pages that it still needs are not used again meanwhile. */
export async function sendSnapshot(
  server: EtcdServer,
  call: StreamCall<SnapshotRequest, SnapshotResponse>,
): Promise<void> {
  const tx = await server.storage.beginSnapshot();
  try {
    const sum = createHash('sha256');
    const total = tx.sizeBytes;
    for (let sent = 0; sent < total && !call.ctx.signal.aborted; ) {
      const blob = tx.readSnapshot(sent, SNAPSHOT_CHUNK_BYTES);
      sum.update(blob);
      sent += blob.length;
      if (!call.write({ remaining_bytes: total - sent, blob })) await call.drained();
    }
    call.write({ remaining_bytes: 0, blob: sum.digest() });
  } finally {
    tx.rollback();
  }
}
