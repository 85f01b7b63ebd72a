// The messages of clients as requests, and the answers of grpc-go to those that are none or too many (spec/rpc.md 3.4).

import type { MethodDefinition } from '../../../proto/load.ts';
import { Code, StatusError } from './status.ts';
import type { StreamingCall } from './streaming_call.ts';

type Method = Pick<MethodDefinition<unknown, unknown>, 'request'>;

/** The request of a unary call. Throws StatusError for a message that cannot be decoded. */
export function decodeUnary(method: Method, message: Uint8Array): unknown {
  return decode(method, message, 'grpc: error unmarshalling request');
}

/** The requests of a call, until the client has no more. Throws StatusError as {@link StreamingCall.messages} and {@link decodeUnary}. */
export async function* decodeAll(call: StreamingCall, method: Method): AsyncGenerator<unknown, void, void> {
  for await (const message of call.messages())
    yield decode(method, message, 'grpc: failed to unmarshal the received message');
}

/**
 * The request of a call in which the client sends one message, when the client has ended its side. Throws StatusError as
 * {@link decodeAll}, and for no message or several.
 */
export async function decodeOnly(call: StreamingCall, method: Method): Promise<unknown> {
  const requests: unknown[] = [];
  for await (const request of decodeAll(call, method)) {
    requests.push(request);
    if (requests.length > 1) throw wrongNumber('received multiple request messages for non-client-streaming RPC');
  }
  if (requests.length === 0) throw wrongNumber('received no request message from non-client-streaming RPC');
  return requests[0];
}

function wrongNumber(text: string): StatusError {
  return new StatusError(Code.Internal, `cardinality violation: ${text}`);
}

function decode({ request }: Method, message: Uint8Array, problem: string): unknown {
  try {
    return request.decode(message);
  } catch (error) {
    throw new StatusError(Code.Internal, `${problem}: ${(error as Error).message}`);
  }
}
