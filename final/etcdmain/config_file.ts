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
  const values = new Map<string, string>();
  for (const flag of FLAGS.values()) {
    const key = flag.yaml ?? flag.name;
    const value = key === 'none' ? undefined : lookUp(root, key);
    // Of an absent key, an empty text and an empty list alike, the default stays.
    if (value === undefined || value === null || value === '') continue;
    const text = toText(flag, value);
    if (text === '') continue;
    const problem = valueProblem(flag, text);
    if (problem !== undefined) throw new ConfigError(`unexpected error setting up ${flag.name}: ${problem}`);
    values.set(flag.name, text);
  }
  return values;
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError(`open ${path}: ${code === 'ENOENT' ? 'no such file or directory' : message}`);
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { intAsBigInt: true });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const line = error.linePos?.[0].line ?? 1;
    throw new ConfigError(`error converting YAML to JSON: yaml: line ${line}: ${error.message.split('\n')[0]}`);
  }
}

function lookUp(root: unknown, key: string): unknown {
  let at = root;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
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

// host-whitelist is a list on the command line and one text in the file; the others of its type are lists in both.
function toText(flag: FlagSpec, value: unknown): string {
  const refuse = (): never => {
    const what = typeof value === 'bigint' ? `number ${value}` : Array.isArray(value) ? 'array' : typeof value;
    const field = `Go struct field configYAML.Config.${flag.yaml ?? flag.name} of type ${GO_TYPES[flag.type]}`;
    const path = 'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal';
    throw new ConfigError(`${path} ${what === 'boolean' ? 'bool' : what} into ${field}`);
  };
  switch (flag.type) {
    case 'bool':
      return typeof value === 'boolean' ? String(value) : refuse();
    case 'int':
      return typeof value === 'bigint' ? String(value) : refuse();
    case 'uint':
    case 'uint32':
      return typeof value === 'bigint' && value >= 0n ? String(value) : refuse();
    case 'duration':
      return typeof value === 'bigint' ? `${value}ns` : refuse();
    case 'strings':
      if (flag.name === 'host-whitelist') return typeof value === 'string' ? value : refuse();
      return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(',') : refuse();
    case 'string':
    case 'urls':
    case 'origins':
      return typeof value === 'string' ? value : refuse();
  }
}
