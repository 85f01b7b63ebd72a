// What a call to etcd can fail with, and how etcd's client words it. Mirrors clientv3's toErr and gRPC's status codes.

/** Codes of gRPC, by number, in the words of Go's client. */
const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

/** The codes that this client decides by. */
export const Code = {
  DeadlineExceeded: 4,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Unavailable: 14,
  Unauthenticated: 16,
} as const;

/** A call that failed. `message` is what etcd's programs show: etcd's own text alone, any other text with its code. */
export class ClientError extends Error {
  /** Of gRPC. */
  readonly code: number;
  /** Text that came with the code. */
  readonly details: string;

  constructor(code: number, details: string) {
    super(shown(code, details));
    this.name = 'ClientError';
    this.code = code;
    this.details = details;
  }

  /** Code and text, as gRPC for Go prints a status. */
  get status(): string {
    return statusText(this.code, this.details);
  }
}

function shown(code: number, details: string): string {
  if (code === Code.DeadlineExceeded) return 'context deadline exceeded';
  return details.startsWith('etcdserver: ') ? details : statusText(code, details);
}

function statusText(code: number, details: string): string {
  return `rpc error: code = ${codeNames[code] ?? `Code(${code})`} desc = ${details}`;
}
