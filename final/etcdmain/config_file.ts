// The configuration file: YAML, or JSON, which is a part of YAML. It replaces flags and environment as a whole; its keys
// are those of the table and its types are strict (spec/cli.md A.2).

import fs from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { ConfigError } from './config.ts';
import { type FlagSpec, FLAGS } from './config_table.ts';
import { valueProblem } from './flags.ts';

/** Reads the file at `path` into value texts by flag name. Unknown keys are left alone. Throws {@link ConfigError}. */
export function readConfigFile(path: string): Map<string, string> {
  const root = parseYaml(readText(path));
  if (root !== null && (typeof root !== 'object' || Array.isArray(root))) {
    throw new ConfigError(`${CANNOT} ${kindOf(root)} into Go value of type embed.configYAML`);
  }
  const values = new Map<string, string>();
  for (const flag of FLAGS.values()) {
    const key = flag.yaml ?? flag.name;
    const value = key === 'none' ? undefined : lookUp(root, key);
    // Of an absent key, an empty text and an empty list alike, the default stays.
    if (value === undefined || value === null || value === '') continue;
    const text = toText(flag, value);
    if (text === '') continue;
    const problem = valueProblem(flag, text);
    if (problem !== undefined) throw new ConfigError(problemText(flag, text, problem));
    values.set(flag.name, text);
  }
  return values;
}

function problemText(flag: FlagSpec, text: string, problem: string): string {
  if (flag.name === 'initial-cluster-state') return `unexpected clusterState "${text}"`;
  return `unexpected error setting up ${flag.name === 'proxy' ? 'proxyFlag' : flag.name}: ${problem}`;
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw new ConfigError(`read ${path}: is a directory`);
    throw new ConfigError(`open ${path}: ${code === 'ENOENT' ? 'no such file or directory' : message}`);
  }
}

// The rules are those of YAML 1.1, where yes is true; of equal keys the last one counts.
function parseYaml(text: string): unknown {
  try {
    return parse(text, { intAsBigInt: true, schema: 'yaml-1.1', uniqueKeys: false });
  } catch (error) {
    const [message] = (error as Error).message.split('\n', 1);
    const line = error instanceof YAMLParseError ? `line ${error.linePos?.[0].line ?? 1}: ` : '';
    throw new ConfigError(`error converting YAML to JSON: yaml: ${line}${message}`);
  }
}

function lookUp(root: unknown, key: string): unknown {
  let at = root;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    at = memberOf(at as Record<string, unknown>, part);
  }
  return at;
}

// Go matches the keys of JSON without regard to case, but prefers the exact one.
function memberOf(object: Readonly<Record<string, unknown>>, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const found = Object.keys(object).find((name) => name.toLowerCase() === key);
  return found === undefined ? undefined : object[found];
}

const CANNOT = 'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal';

// The kind of a JSON value in Go's words.
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  const kind = typeof value;
  return kind === 'boolean' ? 'bool' : kind === 'bigint' ? 'number' : kind;
}

const GO_TYPES: Readonly<Record<FlagSpec['type'], string>> = {
  string: 'string',
  urls: 'string',
  origins: 'string',
  bool: 'bool',
  int: 'int64',
  uint: 'uint',
  uint32: 'uint32',
  duration: 'time.Duration',
  strings: '[]string',
};

// Flags that etcd reads into texts of its own before it gives them types.
const TEXTS_FIRST: readonly FlagSpec['type'][] = ['urls', 'origins'];

const MAX_UINT32 = 0xffff_ffffn;

// host-whitelist is a list on the command line and one text in the file; the others of its type are lists in both.
function toText(flag: FlagSpec, value: unknown): string {
  const type = flag.name === 'host-whitelist' ? 'origins' : flag.type;
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? String(value) : refuse(flag, type, value);
    case 'int':
      return typeof value === 'bigint' ? String(value) : refuse(flag, type, value);
    case 'uint':
      return typeof value === 'bigint' && value >= 0n ? String(value) : refuse(flag, type, value);
    case 'uint32':
      return typeof value === 'bigint' && value >= 0n && value <= MAX_UINT32
        ? String(value)
        : refuse(flag, type, value);
    case 'duration':
      return typeof value === 'bigint' ? `${value}ns` : refuse(flag, type, value);
    case 'strings':
      return Array.isArray(value)
        ? value.map((one) => (typeof one === 'string' ? one : refuse(flag, 'string', one))).join(',')
        : refuse(flag, type, value);
    case 'string':
    case 'urls':
    case 'origins':
      return typeof value === 'string' ? value : refuse(flag, type, value);
  }
}

const NUMBERS: readonly FlagSpec['type'][] = ['int', 'uint', 'uint32', 'duration'];

function refuse(flag: FlagSpec, type: FlagSpec['type'], value: unknown): never {
  const kind = kindOf(value);
  const what = kind === 'number' && NUMBERS.includes(type) ? `number ${String(value)}` : kind;
  const field = `configYAML.${TEXTS_FIRST.includes(type) ? 'configJSON' : 'Config'}.${flag.yaml ?? flag.name}`;
  throw new ConfigError(`${CANNOT} ${what} into Go struct field ${field} of type ${GO_TYPES[type]}`);
}
