// Encoders and decoders, made from the field tables of schema.ts. Each message gets two functions of its own, written as
// source and compiled at first use: straight code over known fields is several times as fast as a loop over a table.

import { FIELDS, type Messages } from './schema.ts';
import { DecodeError, Reader, Writer } from './wire.ts';

/** A message as a caller may write it: what is left out has its default. */
export type Init<T> = T extends Uint8Array | string | number | bigint | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? readonly Init<E>[]
    : { readonly [K in keyof T]?: Init<T[K]> | undefined };

export interface Codec<T> {
  /** Full name of the message. */
  readonly name: string;
  /** Reads the message in `bytes`, from `start` up to `end`. Bytes fields are views of it. Throws {@link DecodeError}. */
  decode(bytes: Uint8Array, start?: number, end?: number): T;
  /** Throws RangeError when a number is not whole. */
  encode(message: Init<T>): Uint8Array;
}

type MessageName = keyof Messages;

interface Field {
  readonly no: number;
  readonly name: string;
  readonly type: string;
  readonly isIdentity: boolean;
  /** repeated, required, optional, oneof, or nothing. */
  readonly label: string;
  readonly oneof: string;
}

type DecodeBody = (reader: Reader, into: unknown) => unknown;
type EncodeBody = (writer: Writer, message: unknown) => void;

interface Compiled {
  readonly decode: DecodeBody;
  readonly encode: EncodeBody;
}

const compiledByName = new Map<string, Compiled>();
const reader = new Reader();
const writer = new Writer();

/** The codec of the message `name`. */
export function codecOf<N extends MessageName>(name: N): Codec<Messages[N]> {
  let compiled: Compiled | undefined;
  return {
    name,
    decode(bytes, start = 0, end = bytes.length) {
      compiled ??= compile(name);
      reader.bytes = bytes;
      reader.pos = start;
      reader.end = end;
      reader.depth = 0;
      reader.badTag = undefined;
      return compiled.decode(reader, undefined) as Messages[N];
    },
    encode(message) {
      compiled ??= compile(name);
      try {
        compiled.encode(writer, message);
        return writer.finish();
      } catch (error) {
        writer.reset();
        throw error;
      }
    },
  };
}

function compile(name: string): Compiled {
  const known = compiledByName.get(name);
  if (known !== undefined) return known;
  const fields = FIELDS[name as MessageName].map(parseField);
  // Registered before its nested messages are compiled: a message may contain itself.
  const compiled = { decode: undefined as unknown as DecodeBody, encode: undefined as unknown as EncodeBody };
  compiledByName.set(name, compiled);
  const nested = [...new Set(fields.map((field) => field.type).filter((type) => type in FIELDS))];
  const scope = Object.fromEntries(nested.map((type, i) => [`n${i}`, compile(type)]));
  const nameOf = (type: string): string => `n${nested.indexOf(type)}`;
  compiled.decode = build(decoderSource(name, fields, nameOf), scope) as DecodeBody;
  compiled.encode = build(encoderSource(fields, nameOf), scope) as EncodeBody;
  return compiled;
}

function parseField(text: string): Field {
  const [no = '', name = '', type = '', ...marks] = text.split(' ');
  const label = marks.find((mark) => ['repeated', 'required', 'optional', 'oneof'].includes(mark)) ?? '';
  const oneof = label === 'oneof' ? (marks[marks.length - 1] as string) : '';
  return { no: Number(no), name, type, isIdentity: marks.includes('identity'), label, oneof };
}

function build(source: string, scope: Record<string, unknown>): unknown {
  const names = ['DecodeError', 'EMPTY', ...Object.keys(scope)];
  return new Function(...names, `'use strict'; return ${source};`)(
    DecodeError,
    new Uint8Array(0),
    ...Object.values(scope),
  );
}

// ---- decoding

type NameOf = (type: string) => string;

function decoderSource(name: string, fields: readonly Field[], nameOf: NameOf): string {
  const initial = fields.map((field) => `${field.name}: ${initialValue(field)}`).join(', ');
  const [, short = name] = /([^.]+)$/.exec(name) ?? [];
  const endGroup = `'proto: ${short}: wiretype end group for non-group'`;
  const cases = fields.map((field) => decodeCase(field, { fields, nameOf, endGroup })).join('\n');
  return `function (r, into) {
    const m = into ?? { ${initial} };
    while (r.pos < r.end) {
      const tag = r.tag();
      switch (tag >>> 3) {
        case 0:
          if ((tag & 7) === 4) throw new DecodeError(${endGroup});
          throw new DecodeError('proto: ${short}: illegal tag ' + (r.badTag ?? '0 (wire type ' + tag + ')'));
        ${cases}
        default:
          if ((tag & 7) === 4) throw new DecodeError(${endGroup});
          r.skip(tag);
      }
    }
    return m;
  }`;
}

function initialValue(field: Field): string {
  if (field.label === 'repeated') return '[]';
  if (field.type in FIELDS) return 'undefined';
  if (field.label === 'oneof' || field.label === 'optional') return 'undefined';
  if (field.isIdentity) return '0n';
  if (field.type === 'bytes') return 'EMPTY';
  if (field.type === 'string') return "''";
  return field.type === 'bool' ? 'false' : '0';
}

const PACKABLE = new Set(['bool', 'enum', 'int32', 'uint32', 'int64', 'uint64']);

interface Message {
  readonly fields: readonly Field[];
  readonly nameOf: NameOf;
  /** Source of the text for a group that ends without having begun. */
  readonly endGroup: string;
}

function decodeCase(field: Field, { fields, nameOf, endGroup }: Message): string {
  const wireType = PACKABLE.has(field.type) ? 0 : 2;
  const wrongType = `'proto: wrong wireType = ' + (tag & 7) + ' for field ${goName(field.name)}'`;
  const wrong = `throw new DecodeError((tag & 7) === 4 ? ${endGroup} : ${wrongType});`;
  if (field.label === 'repeated' && wireType === 0) {
    return `case ${field.no}:
      if ((tag & 7) === 0) m.${field.name}.push(${readScalar(field)});
      else if ((tag & 7) === 2) {
        const length = r.length(); const outer = r.end; r.end = r.pos + length;
        while (r.pos < r.end) m.${field.name}.push(${readScalar(field)});
        r.end = outer;
      } else ${wrong}
      break;`;
  }
  return `case ${field.no}:
    if ((tag & 7) !== ${wireType}) ${wrong}
    ${field.type in FIELDS ? readMessage(field, fields, nameOf) : assign(field, fields, readScalar(field))}
    break;`;
}

// A message that comes twice is merged, one in a oneof replaced. Of a oneof the last member on the wire stays.
function readMessage(field: Field, fields: readonly Field[], nameOf: NameOf): string {
  const into = field.label === 'repeated' || field.label === 'oneof' ? 'undefined' : `m.${field.name}`;
  return `{ const length = r.length(); const outer = r.end; r.end = r.pos + length; r.enter();
      const value = ${nameOf(field.type)}.decode(r, ${into});
      r.depth--; r.end = outer;
      ${assign(field, fields, 'value')} }`;
}

function assign(field: Field, fields: readonly Field[], value: string): string {
  if (field.label === 'repeated') return `m.${field.name}.push(${value});`;
  const siblings = fields.filter((other) => field.oneof !== '' && other.oneof === field.oneof && other !== field);
  return `${siblings.map((other) => `m.${other.name} = undefined;`).join(' ')} m.${field.name} = ${value};`;
}

function readScalar(field: Field): string {
  switch (field.type) {
    case 'bytes':
      return 'r.view()';
    case 'enum':
      return 'r.int32()';
    case 'int64':
    case 'uint64':
      return field.isIdentity ? `r.${field.type}Identity()` : `r.${field.type}()`;
    default:
      return `r.${field.type}()`;
  }
}

// The name of the field in Go, which etcd's error texts show: range_end is RangeEnd.
function goName(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_match, _underscore, letter: string) => letter.toUpperCase());
}

// ---- encoding: from the last field to the first, since the writer goes backwards

function encoderSource(fields: readonly Field[], nameOf: NameOf): string {
  const lines = [...fields].reverse().map((field) => {
    const value = field.label === 'repeated' ? 'list[i]' : 'value';
    const write = `${writeValue(field, value, nameOf)} w.uint32(${field.no * 8 + (PACKABLE.has(field.type) ? 0 : 2)});`;
    if (field.label === 'repeated') return encodeRepeated(field, write);
    if (field.label === 'required') return `{ const value = m.${field.name} ?? ${zeroOf(field)}; ${write} }`;
    return `{ const value = m.${field.name}; if (${isWritten(field)}) { ${write} } }`;
  });
  return `function (w, m) {\n${lines.join('\n')}\n}`;
}

// proto3 packs repeated numbers; the proto2 messages, whose numbers are all identities of members, do not.
function encodeRepeated(field: Field, write: string): string {
  const list = `const list = m.${field.name};`;
  if (!PACKABLE.has(field.type) || field.isIdentity) {
    return `{ ${list} if (list !== undefined) for (let i = list.length - 1; i >= 0; i--) { ${write} } }`;
  }
  const one = writeValue(field, 'list[i]', () => '');
  return `{ ${list} if (list !== undefined && list.length > 0) { const before = w.written;
    for (let i = list.length - 1; i >= 0; i--) { ${one} }
    w.uint32(w.written - before); w.uint32(${field.no * 8 + 2}); } }`;
}

function isWritten(field: Field): string {
  if (field.label !== '' || field.type in FIELDS) return 'value !== undefined';
  if (field.type === 'bytes' || field.type === 'string') return 'value !== undefined && value.length > 0';
  if (field.isIdentity) return 'value !== undefined && value !== 0n';
  return 'value !== undefined && value !== 0 && value !== false';
}

function zeroOf(field: Field): string {
  if (field.type in FIELDS) return '{}';
  if (field.isIdentity) return '0n';
  return field.type === 'string' ? "''" : field.type === 'bool' ? 'false' : '0';
}

function writeValue(field: Field, value: string, nameOf: NameOf): string {
  if (field.type in FIELDS) {
    return `{ const before = w.written; ${nameOf(field.type)}.encode(w, ${value}); w.uint32(w.written - before); }`;
  }
  switch (field.type) {
    case 'int64':
    case 'uint64':
      return `w.${field.isIdentity ? 'identity' : 'counter'}(${value});`;
    case 'enum':
      return `w.int32(${value});`;
    default:
      return `w.${field.type}(${value});`;
  }
}
