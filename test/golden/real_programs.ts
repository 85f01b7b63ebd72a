// The real etcd and etcdctl on this machine, for tests that compare with them: named by ETCD_BIN and ETCDCTL_BIN, else looked
// for in PATH.

import { spawnSync } from 'node:child_process';

/** A program that is there. */
export interface RealProgram {
  readonly command: string;
  /** `3.4.23` */
  readonly version: string;
}

/** @returns the server, or undefined when there is none */
export function realEtcd(): RealProgram | undefined {
  return programOf(process.env['ETCD_BIN'] ?? 'etcd', ['--version'], /^etcd Version: (\S+)/m);
}

/** @returns the client, or undefined when there is none */
export function realEtcdctl(): RealProgram | undefined {
  return programOf(process.env['ETCDCTL_BIN'] ?? 'etcdctl', ['version'], /^etcdctl version: (\S+)/m);
}

function programOf(command: string, args: readonly string[], shown: RegExp): RealProgram | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  const version = result.error === undefined ? shown.exec(result.stdout)?.[1] : undefined;
  return version === undefined ? undefined : { command, version };
}
