// A network of its own for a program: every page uses etcd's usual ports, and nobody else is on them.

import { spawnSync } from 'node:child_process';

const PREFIX = ['unshare', '--net', '--map-root-user', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/** Whether this system gives a program a network of its own (Linux, with unshare and ip). */
export const HAS_OWN_NETWORK = spawnSync(PREFIX[0] ?? '', [...PREFIX.slice(1), 'true']).status === 0;

/** `command` in a network of its own; as it is where the system has none. */
export function ownNetwork(command: readonly string[]): string[] {
  return HAS_OWN_NETWORK ? [...PREFIX, ...command] : [...command];
}
