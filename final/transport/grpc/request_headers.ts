// What the headers of a call must be, and what they say. The answers to wrong ones are those of grpc-go (spec/rpc.md 3.4).

import type { RequestHeaders } from '../http2/request_headers.ts';
import { Code, StatusError } from './status.ts';

/** An answer with an HTTP status of its own, beside the gRPC status. */
export class HeaderError extends StatusError {
  readonly httpStatus: number;

  constructor(httpStatus: number, code: number, message: string) {
    super(code, message);
    this.httpStatus = httpStatus;
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1000, M: 60_000, H: 3_600_000 };
// At most eight digits and the unit.
const MAX_TIMEOUT_LENGTH = 9;

/** Content type of the answer: the one of the request. Throws {@link HeaderError} when it is not gRPC's. */
export function contentTypeOf(headers: RequestHeaders): string {
  const type = headers.get('content-type') ?? '';
  if (/^application\/grpc([+;]|$)/.test(type)) return type;
  throw new HeaderError(415, Code.InvalidArgument, `invalid gRPC request content-type "${type}"`);
}

/** Throws {@link HeaderError} unless the method is POST. */
export function checkHttpMethod(headers: RequestHeaders): void {
  const method = headers.get(':method') ?? '';
  if (method === 'POST') return;
  throw new HeaderError(405, Code.Internal, `Received a HEADERS frame with :method "${method}" which should be POST`);
}

/** Milliseconds that the client gives the call, or undefined for no bound. Throws {@link HeaderError}. */
export function timeoutOf(headers: RequestHeaders): number | undefined {
  const text = headers.get('grpc-timeout');
  if (text === undefined) return undefined;
  const problem = timeoutProblem(text);
  if (problem !== undefined) throw new HeaderError(400, Code.Internal, `malformed grpc-timeout: ${problem}`);
  return Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] as number);
}

function timeoutProblem(text: string): string | undefined {
  const shown = JSON.stringify(text);
  if (text.length < 2) return `transport: timeout string is too short: ${shown}`;
  if (text.length > MAX_TIMEOUT_LENGTH) return `transport: timeout string is too long: ${shown}`;
  if (UNIT_MS[text.slice(-1)] === undefined) return `transport: timeout unit is not recognized: ${shown}`;
  const digits = text.slice(0, -1);
  if (!/^\d+$/.test(digits)) return `strconv.ParseUint: parsing ${JSON.stringify(digits)}: invalid syntax`;
  return undefined;
}

/** Throws StatusError for a compression that is not installed; none is. */
export function checkEncoding(headers: RequestHeaders): void {
  const encoding = headers.get('grpc-encoding');
  if (encoding === undefined || encoding === 'identity') return;
  const text = `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`;
  throw new StatusError(Code.Unimplemented, text);
}

/** Service and method of a path like `/etcdserverpb.KV/Range`. Throws StatusError. */
export function splitPath(path: string): { readonly service: string; readonly method: string } {
  const slash = path.lastIndexOf('/');
  if (slash <= 0) throw new StatusError(Code.Unimplemented, `malformed method name: "${path}"`);
  return { service: path.slice(1, slash), method: path.slice(slash + 1) };
}
