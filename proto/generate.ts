// Writes schema.ts from the .proto files: an interface for each message, constants for each enum, and the fields of each
// message as data, from which codec.ts makes its encoders and decoders. Run it after a change of a .proto file; with
// --check it only tells whether that was done.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import protobuf from 'protobufjs';

const FOLDER = import.meta.dirname;
const OUTPUT = path.join(FOLDER, 'schema.ts');
const FILES = [
  'mvccpb/kv.proto',
  'authpb/auth.proto',
  'etcdserverpb/rpc.proto',
  'etcdserverpb/etcdserver.proto',
  'etcdserverpb/raft_internal.proto',
  'membershippb/membership.proto',
  'v3lockpb/v3lock.proto',
  'v3electionpb/v3election.proto',
  'grpc/health/v1/health.proto',
  'helloworld/helloworld.proto',
  'leasepb/lease.proto',
  'raftpb/raft.proto',
  'snappb/snap.proto',
  'walpb/record.proto',
];

// Packages whose messages are not part of the API get a prefix, since names like Snapshot occur in several.
const PREFIXES: Readonly<Record<string, string>> = {
  membershippb: 'Membership',
  leasepb: 'Lease',
  raftpb: 'Raft',
  snappb: 'Snap',
  walpb: 'Wal',
};

const SCALARS: Readonly<Record<string, string>> = {
  bytes: 'Uint8Array',
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  uint32: 'number',
  int64: 'number',
  uint64: 'number',
};

const HEADER = `// Made from the .proto files by generate.ts: change those, then run \`npm run proto\`.

`;

/** Reads all .proto files below `folder`. */
export function loadRoot(folder = FOLDER): protobuf.Root {
  const root = new protobuf.Root();
  const packageFolder = path.dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));
  root.resolvePath = (_origin, target) => path.join(target.startsWith('google/') ? packageFolder : folder, target);
  root.loadSync(FILES, { keepCase: true });
  root.resolveAll();
  return root;
}

/** All messages of `root`, nested ones included, in the order of the files. */
export function messagesOf(root: protobuf.NamespaceBase): protobuf.Type[] {
  return root.nestedArray.flatMap((one) => {
    if (one instanceof protobuf.Type) return [one, ...messagesOf(one)];
    return one instanceof protobuf.Namespace && one.name !== 'google' ? messagesOf(one) : [];
  });
}

function generate(): string {
  const root = loadRoot();
  const messages = messagesOf(root);
  const parts = [...enumsOf(root).map(enumText), ...messages.map(interfaceText), messageMap(messages)];
  parts.push(descriptorTable(messages), serviceTable(servicesOf(root)));
  return formatted(HEADER + parts.join('\n'));
}

function enumsOf(root: protobuf.NamespaceBase): protobuf.Enum[] {
  return root.nestedArray.flatMap((one) => {
    if (one instanceof protobuf.Enum) return [one];
    return one instanceof protobuf.Namespace && one.name !== 'google' ? enumsOf(one) : [];
  });
}

function servicesOf(root: protobuf.NamespaceBase): protobuf.Service[] {
  return root.nestedArray.flatMap((one) => {
    if (one instanceof protobuf.Service) return [one];
    return one instanceof protobuf.Namespace ? servicesOf(one) : [];
  });
}

function fullName(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}

// RangeRequest, RangeRequest_SortOrder, RaftEntry.
function typeName(object: protobuf.ReflectionObject): string {
  const outer = object.parent instanceof protobuf.Type ? `${typeName(object.parent)}_` : '';
  const prefix = outer === '' ? (PREFIXES[fullName(object).split('.')[0] as string] ?? '') : '';
  return `${outer}${prefix}${object.name}`;
}

function enumText(one: protobuf.Enum): string {
  const values = Object.entries(one.values).map(([name, value]) => `${name}: ${value}`);
  return `/** ${fullName(one)} */\nexport const ${typeName(one)} = { ${values.join(', ')} } as const;\n`;
}

function interfaceText(message: protobuf.Type): string {
  const fields = sortedFields(message).map((field) => `  ${field.name}: ${fieldType(field)};`);
  if (fields.length === 0)
    return `/** ${fullName(message)} */\nexport type ${typeName(message)} = Record<never, never>;\n`;
  return `/** ${fullName(message)} */\nexport interface ${typeName(message)} {\n${fields.join('\n')}\n}\n`;
}

function sortedFields(message: protobuf.Type): protobuf.Field[] {
  return [...message.fieldsArray].sort((a, b) => a.id - b.id);
}

function fieldType(field: protobuf.Field): string {
  const type = elementType(field);
  if (field.repeated) return `${type}[]`;
  return isPresenceTracked(field) ? `${type} | undefined` : type;
}

function elementType(field: protobuf.Field): string {
  if (isIdentity(field)) return 'bigint';
  if (field.resolvedType instanceof protobuf.Enum) return 'number';
  if (field.resolvedType instanceof protobuf.Type) return typeName(field.resolvedType);
  const type = SCALARS[field.type];
  if (type === undefined) throw new Error(`${fullName(field)}: no TypeScript type for ${field.type}`);
  return type;
}

function isIdentity(field: protobuf.Field): boolean {
  return field.options?.['(etcdsteps.identity)'] === true;
}

// Absent is told apart from zero: messages, members of a oneof, optional fields of proto2. A message that is always
// written is there for reading too.
function isPresenceTracked(field: protobuf.Field): boolean {
  return field.resolvedType instanceof protobuf.Type || labelOf(field) === 'oneof' || labelOf(field) === 'optional';
}

function labelOf(field: protobuf.Field): string {
  if (field.repeated) return 'repeated';
  if (field.required) return 'required';
  if (field.partOf !== null) return 'oneof';
  const isProto2 = (field.parent as protobuf.Type).fieldsArray.some((one) => one.required);
  return isProto2 ? 'optional' : '';
}

function messageMap(messages: readonly protobuf.Type[]): string {
  const lines = messages.map((message) => `  '${fullName(message)}': ${typeName(message)};`);
  return `/** Every message by its full name. */\nexport interface Messages {\n${lines.join('\n')}\n}\n`;
}

// A field a line: number, name, type, then what else holds: identity, repeated, oneof NAME, required, optional.
function descriptorTable(messages: readonly protobuf.Type[]): string {
  const lines = messages.map((message) => {
    const fields = sortedFields(message).map((field) => `'${descriptor(field)}'`);
    return `  '${fullName(message)}': [${fields.join(', ')}],`;
  });
  const type = 'Readonly<Record<keyof Messages, readonly string[]>>';
  return `/** The fields of every message: number, name, type, marks. */\nexport const FIELDS: ${type} = {\n${lines.join('\n')}\n};\n`;
}

function descriptor(field: protobuf.Field): string {
  const type =
    field.resolvedType instanceof protobuf.Enum
      ? 'enum'
      : field.resolvedType
        ? fullName(field.resolvedType)
        : field.type;
  const label = labelOf(field);
  const marks = [isIdentity(field) ? 'identity' : '', label === 'oneof' ? `oneof ${field.partOf?.name}` : label];
  return [field.id, field.name, type, ...marks.filter((mark) => mark !== '')].join(' ');
}

function serviceTable(services: readonly protobuf.Service[]): string {
  return services
    .map((service) => {
      const methods = service.methodsArray.map((method) => {
        const message = (type: protobuf.Type | null): string => (type === null ? '' : fullName(type));
        const streams = `requestStream: ${method.requestStream ?? false}, responseStream: ${method.responseStream ?? false}`;
        const types = `request: '${message(method.resolvedRequestType)}', response: '${message(method.resolvedResponseType)}'`;
        return `    ${method.name}: { ${types}, ${streams} },`;
      });
      const body = `{\n  name: '${fullName(service)}',\n  methods: {\n${methods.join('\n')}\n  },\n}`;
      return `/** ${fullName(service)} */\nexport const ${service.name}Service = ${body} as const;\n`;
    })
    .join('\n');
}

function formatted(text: string): string {
  const biome = path.join(FOLDER, '../node_modules/.bin/biome');
  const options = { input: text, encoding: 'utf8', cwd: path.join(FOLDER, '..') } as const;
  return execFileSync(biome, ['format', '--stdin-file-path=proto/schema.ts'], options);
}

if (process.argv[1] === import.meta.filename) {
  const text = generate();
  if (process.argv.includes('--check')) {
    const isFresh = fs.existsSync(OUTPUT) && fs.readFileSync(OUTPUT, 'utf8') === text;
    if (!isFresh) console.error('proto/schema.ts is not what the .proto files give: run `npm run proto`');
    process.exitCode = isFresh ? 0 : 1;
  } else {
    fs.writeFileSync(OUTPUT, text);
  }
}
