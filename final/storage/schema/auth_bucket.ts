// What the database says of users, as far as it must be known before there are any: whether authentication is on, and the
// number of changes (spec/storage.md 9.14). Mirrors etcd's schema/auth.go.

import { keyToBytes } from '../../core/keys.ts';
import type { Backend } from '../backend/backend.ts';
import { Buckets } from './buckets.ts';

const ENABLED = keyToBytes('authEnabled');
const REVISION = keyToBytes('authRevision');
const FIRST_REVISION = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);

export function isAuthEnabled(backend: Backend): boolean {
  return backend.get(Buckets.auth, ENABLED)?.[0] === 1;
}

/** The number of changes to users and roles; a new database gets its first one. */
export function readAuthRevision(backend: Backend): number {
  const bytes = backend.get(Buckets.auth, REVISION);
  if (bytes !== undefined) return Number(Buffer.from(bytes).readBigUInt64BE());
  backend.put(Buckets.auth, REVISION, FIRST_REVISION);
  return 1;
}
