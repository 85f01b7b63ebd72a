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
  Canceled: 1,
  Unknown: 2,
  DeadlineExceeded: 4,
  NotFound: 5,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  OutOfRange: 11,
  Internal: 13,
  Unavailable: 14,
  Unauthenticated: 16,
} as const;

/** A call that failed. `message` is what etcd's programs show: etcd's own text alone, any other text with its code. */
export class ClientError extends Error {
  /** Of gRPC. */
  readonly code: number;
  /** Text that came with the code. */
  readonly details: string;

  /** @param message what is shown, where that is not the usual */
  constructor(code: number, details: string, message = shown(code, details)) {
    super(message);
    this.name = 'ClientError';
    this.code = code;
    this.details = details;
  }

  /** What a call fails with whose caller has gone, as Go's client words it. */
  static canceled(): ClientError {
    return new ClientError(Code.Canceled, 'context canceled', 'context canceled');
  }

  /** An error that a server tells as a text alone, which is shown as it is: Go's form of a status, or any other text. */
  static fromText(text: string): ClientError {
    const [, name = '', details = text] = /^rpc error: code = (\w+) desc = (.*)$/s.exec(text) ?? [];
    const code = codeNames.findIndex((known) => known === name);
    return new ClientError(code === -1 ? Code.Unknown : code, details, text);
  }

  /** Code and text, as gRPC for Go prints a status. */
  get status(): string {
    return statusText(this.code, this.details);
  }

  /** Whether the request surely did not leave: its connection was lost before it had one to leave by. */
  get neverSent(): boolean {
    return this.code === Code.Unavailable && /^(No connection established|Name resolution failed)/.test(this.details);
  }
}

function shown(code: number, details: string): string {
  if (code === Code.DeadlineExceeded) return 'context deadline exceeded';
  return details.startsWith('etcdserver: ') ? details : statusText(code, details);
}

function statusText(code: number, details: string): string {
  return `rpc error: code = ${codeNames[code] ?? `Code(${code})`} desc = ${details}`;
}
