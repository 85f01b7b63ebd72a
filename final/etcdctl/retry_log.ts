// The line that etcd's client logs for every attempt of a call that failed, as etcdctl 3.4 prints it to stderr.

import type { FailedAttempt } from '../client/rpc.ts';
import { clientLogLine } from './log_line.ts';

/** @returns a line of JSON, with its line end */
export function failedAttemptLine({ target, attempt, error }: FailedAttempt, now: Date): string {
  const line = {
    level: 'warn',
    caller: 'clientv3/retry_interceptor.go:62',
    msg: 'retrying of unary invoker failed',
    fields: { target, attempt, error: error.status },
  } as const;
  return clientLogLine(line, now);
}
