// JSON as Go's encoding/json writes it: no blanks, 64-bit numbers in full, bytes in base64, and the characters escaped that
// could end a script in a page. Messages of the API leave out what is zero, under the names of their .proto files.

import { FIELDS, type Messages } from '../../proto/schema.ts';

export type Json =
  | null
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly Json[]
  | { readonly [key: string]: Json };

/** @returns one line, without a line end */
export function goJson(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (value instanceof Uint8Array) {
    return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
  }
  if (typeof value !== 'object') return value.toString();
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return `{${entries.map(([key, member]) => `${jsonString(key)}:${goJson(member)}`).join(',')}}`;
}

/**
 * @param name of the message's type, `etcdserverpb.RangeResponse`
 * @returns what {@link goJson} prints for it
 */
export function messageJson<N extends keyof Messages>(name: N, message: Messages[N]): Json {
  if (name === 'etcdserverpb.ResponseOp') return responseOpJson(message as Messages['etcdserverpb.ResponseOp']);
  const values = message as unknown as Readonly<Record<string, Json | undefined>>;
  const entries = FIELDS[name].flatMap((field) => {
    const [, key = '', type = ''] = field.split(' ');
    const value = values[key];
    return value === undefined || isZero(value) ? [] : [[key, fieldJson(type, value)] as const];
  });
  return Object.fromEntries(entries);
}

/** The client of 3.4 shows the choice of an answer under the names that Go's code has for it. */
function responseOpJson(op: Messages['etcdserverpb.ResponseOp']): Json {
  const { response_range: range, response_put: put, response_delete_range: deleted, response_txn: txn } = op;
  if (range !== undefined) return { Response: { ResponseRange: messageJson('etcdserverpb.RangeResponse', range) } };
  if (put !== undefined) return { Response: { ResponsePut: messageJson('etcdserverpb.PutResponse', put) } };
  if (deleted !== undefined) {
    return { Response: { ResponseDeleteRange: messageJson('etcdserverpb.DeleteRangeResponse', deleted) } };
  }
  if (txn !== undefined) return { Response: { ResponseTxn: messageJson('etcdserverpb.TxnResponse', txn) } };
  return {};
}

function fieldJson(type: string, value: Json): Json {
  if (!(type in FIELDS)) return value;
  const one = (member: Json): Json =>
    messageJson(type as keyof Messages, member as unknown as Messages[keyof Messages]);
  return Array.isArray(value) ? value.map(one) : one(value);
}

function isZero(value: Json): boolean {
  if (value instanceof Uint8Array || Array.isArray(value) || typeof value === 'string') return value.length === 0;
  return value === 0 || value === 0n || value === false;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

function jsonString(text: string): string {
  const body = text.replace(/[\p{Cc}"\\<>&\u2028\u2029]/gu, (char) => {
    if (char >= '\u007f' && char <= '\u009f') return char;
    return shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${body}"`;
}
