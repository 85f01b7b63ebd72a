// The line that etcd's client logs for every attempt of a call that failed, as etcdctl 3.4 prints it to stderr.

import type { FailedAttempt } from '../client/client.ts';

/** @returns a line of JSON, with its line end */
export function failedAttemptLine({ target, attempt, error }: FailedAttempt, now: Date): string {
  const line = {
    level: 'warn',
    ts: localTime(now),
    caller: 'clientv3/retry_interceptor.go:62',
    msg: 'retrying of unary invoker failed',
    target,
    attempt,
    error: error.status,
  };
  return `${JSON.stringify(line)}\n`;
}

/** `2026-11-22T10:20:34.599+0100`, or with `Z` where clocks show UTC. */
function localTime(now: Date): string {
  const offset = -now.getTimezoneOffset();
  const local = new Date(now.getTime() + offset * 60_000).toISOString();
  if (offset === 0) return local;
  const two = (value: number): string => Math.floor(Math.abs(value)).toString().padStart(2, '0');
  return local.replace('Z', `${offset < 0 ? '-' : '+'}${two(offset / 60)}${two(offset % 60)}`);
}
