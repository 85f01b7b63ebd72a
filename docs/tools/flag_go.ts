// A flag of a server in Go, followed: where it is registered, the field behind it, the key of the configuration file, and
// the places where a field of that name is used, those of a start first. Go's own types are not known here: what is a guess is marked.

import { goKey, walkGo } from './go_calls.ts';
import { argumentsOf, calleeName, GoCode, type GoNode, type GoPlace, stringOf } from './go_code.ts';
import { didYouMean } from './suggest.ts';

// Calls that register a flag have it as the argument of this place: fs.StringVar(&field, "name", …), fs.Var(value, "name", …),
// fs.Bool("name", …).
const NAME_PLACES: ReadonlyMap<RegExp, number> = new Map([
  [/^(String|Bool|Int|Int64|Uint|Uint64|Float64|Duration)?Var$/, 1],
  [/^(String|Bool|Int|Int64|Uint|Uint64|Float64|Duration)$/, 0],
]);

// Where a start of the server begins.
const START = { file: 'etcdmain/main.go', name: 'Main' };
// What is no part of the server or its tools for users.
const ASIDE = /^(tests|tools|contrib|hack|client)\//;
const MOST_PLACES = 10;

interface Registration {
  readonly name: string;
  readonly file: string;
  readonly call: GoNode;
}

/** Prints where a flag leads in the Go sources below `folder`. Throws an Error when no flag of that name is registered. */
export async function followGoFlag(folder: string, name: string, print: (text: string) => void): Promise<number> {
  const code = await GoCode.open(folder);
  const all = registrations(code);
  const found = all.filter((one) => one.name === name);
  // The same flag of several programs: that of the server is meant.
  const registration = found.find(({ file }) => file.includes('etcdmain/')) ?? found[0];
  if (registration === undefined) {
    throw new Error(
      `no flag "${name}" is registered in these sources${didYouMean(
        name,
        all.map((one) => one.name),
      )}`,
    );
  }
  print(tell(code, registration));
  return 0;
}

function tell(code: GoCode, { name, file, call }: Registration): string {
  const lines = [`--${name} in the Go sources`, ''];
  const add = (label: string, place: GoPlace): void => {
    lines.push(
      `${label.padEnd(7)}${place.file}:${place.line}  ${place.symbol ?? ''}`.trimEnd(),
      `         ${shorten(place.text)}`,
    );
  };
  add('flag', code.placeOf(file, nameArgument(call) ?? call));
  const setter = fieldBehind(code, name, call, file);
  if (setter === undefined)
    return [...lines, 'field  not found: the value is read in a way that this tool does not know'].join('\n');
  if (setter.place !== undefined) add('field', setter.place);
  const { field } = setter;
  for (const declared of declarationsOf(code, field, file)) add('type', declared);
  const yaml = yamlKey(code, field);
  if (yaml !== undefined) lines.push(`file   key ${yaml} of the configuration file`);
  lines.push(...tellUses(code, field));
  return lines.join('\n');
}

function tellUses(code: GoCode, field: string): string[] {
  const everywhere = usesOf(code, field);
  const uses = everywhere.filter(({ file }) => !ASIDE.test(file));
  const [file = START.file] = code.filesWith('').filter((one) => one === START.file || one.endsWith(`/${START.file}`));
  const order = walkGo(code, { ...START, file });
  const rankOf = ({ file, symbol }: GoPlace): number | undefined =>
    symbol === undefined ? undefined : order.get(goKey(file, symbol));
  const reached = uses
    .filter((use) => rankOf(use) !== undefined)
    .sort((a, b) => Number(rankOf(a)) - Number(rankOf(b)) || a.line - b.line);
  const others = uses.filter((use) => rankOf(use) === undefined);
  const lines = [`used   .${field}, by name alone: a field of another type may be among these`];
  if (reached.length > 0)
    lines.push(
      `  in the order of a start, as far as names tell (a walk from ${START.name} of ${file})`,
      ...list(reached),
    );
  for (const [folder, places] of byPackage(others)) lines.push(`  in ${folder}`, ...list(places));
  const left = everywhere.length - uses.length;
  if (left > 0) lines.push(`  left out: ${left} in tests and tools`);
  return lines;
}

// One line for a function: the first place in it.
function list(places: readonly GoPlace[]): string[] {
  const first = places.filter(
    (place, i) => places.findIndex((one) => one.file === place.file && one.symbol === place.symbol) === i,
  );
  const lines = first
    .slice(0, MOST_PLACES)
    .flatMap(({ file, line, symbol, text }) => [
      `    ${file}:${line}  ${symbol ?? ''}`.trimEnd(),
      `         ${shorten(text)}`,
    ]);
  return first.length > MOST_PLACES ? [...lines, `    and ${first.length - MOST_PLACES} more functions`] : lines;
}

function shorten(text: string): string {
  return text.length > 110 ? `${text.slice(0, 110)} …` : text;
}

function registrations(code: GoCode): Registration[] {
  return code.filesWith('Var(').flatMap((file) =>
    code
      .root(file)
      .descendantsOfType('call_expression')
      .flatMap((call) => {
        const name = stringOf(nameArgument(call));
        return name === undefined || !/^[a-z][a-z0-9-]*$/.test(name) ? [] : [{ name, file, call }];
      }),
  );
}

function nameArgument(call: GoNode): GoNode | undefined {
  const callee = calleeName(call) ?? '';
  if (call.childForFieldName('function')?.type !== 'selector_expression') return undefined;
  for (const [pattern, place] of NAME_PLACES) if (pattern.test(callee)) return argumentsOf(call)[place];
  return undefined;
}

// fs.StringVar(&cfg.ec.Name, …) names the field itself. With fs.Var it is set later by name, as in
// cfg.ec.ListenClientUrls = flags.UniqueURLsFromFlag(fs, "listen-client-urls").
function fieldBehind(
  code: GoCode,
  name: string,
  call: GoNode,
  file: string,
): { field: string; place: GoPlace | undefined } | undefined {
  const [target] = argumentsOf(call);
  if (target?.type === 'unary_expression') {
    const field = target.childForFieldName('operand')?.childForFieldName('field')?.text;
    return field === undefined ? undefined : { field, place: undefined };
  }
  for (const reader of [file, ...code.filesWith(`"${name}"`).filter((one) => one !== file && !ASIDE.test(one))]) {
    for (const assignment of code.root(reader).descendantsOfType('assignment_statement')) {
      const right = assignment.childForFieldName('right');
      const isOurs = right?.descendantsOfType('interpreted_string_literal').some((one) => stringOf(one) === name);
      const field = fieldOf(assignment.childForFieldName('left'));
      if (isOurs === true && field !== undefined && right?.namedChildren[0]?.type === 'call_expression') {
        return { field, place: code.placeOf(reader, assignment) };
      }
    }
  }
  // A value that wraps the field, as flags.NewUint32Value(cfg.ec.X), or one that is kept, and read into the field later.
  const field = fieldOf(target);
  if (field === undefined || field.startsWith('New')) return undefined;
  const later = code
    .root(file)
    .descendantsOfType('assignment_statement')
    .find((one) => readsField(one, field));
  const left = fieldOf(later?.childForFieldName('left'));
  if (later === undefined || left === undefined) return { field, place: undefined };
  return { field: left, place: code.placeOf(file, later) };
}

// The last name of the first `a.b.c` in a node.
function fieldOf(node: GoNode | null | undefined): string | undefined {
  return node?.descendantsOfType('selector_expression')[0]?.childForFieldName('field')?.text;
}

function readsField(assignment: GoNode, field: string): boolean {
  const selectors = assignment.childForFieldName('right')?.descendantsOfType('selector_expression') ?? [];
  return selectors.some((one) => one.childForFieldName('field')?.text === field);
}

function declarationsOf(code: GoCode, field: string, near: string): GoPlace[] {
  const places = code.filesWith(field).flatMap((file) =>
    code
      .root(file)
      .descendantsOfType('field_declaration')
      .filter((one) => one.descendantsOfType('field_identifier').some((id) => id.text === field))
      .map((one) => code.placeOf(file, one)),
  );
  // The configuration of the server stands near its flags.
  const [program] = near.split('/');
  const config = places.filter(({ file }) => file.startsWith(`${program}/`) && file.endsWith('config.go'));
  return config.length > 0 ? config : places.slice(0, 2);
}

// The key is in a tag of the field, or of a field of the same name in the structure that the file is read into.
function yamlKey(code: GoCode, field: string): string | undefined {
  for (const file of code.filesWith(field).filter((one) => one.endsWith('config.go'))) {
    for (const declaration of code.root(file).descendantsOfType('field_declaration')) {
      const isOurs = declaration
        .descendantsOfType('field_identifier')
        .some((id) => id.text === field || id.text === `${field}JSON`);
      const tag = isOurs ? declaration.childForFieldName('tag')?.text : undefined;
      const key = tag === undefined ? undefined : /(?:json|yaml):"([^",]+)/.exec(tag)?.[1];
      if (key !== undefined && key !== '-') return key;
    }
  }
  return undefined;
}

function usesOf(code: GoCode, field: string): GoPlace[] {
  const places = code.filesWith(`.${field}`).flatMap((file) =>
    code
      .root(file)
      .descendantsOfType('selector_expression')
      .filter((one) => one.childForFieldName('field')?.text === field)
      .map((one) => code.placeOf(file, one)),
  );
  return places.filter(
    ({ file, line }, i) => places.findIndex((other) => other.file === file && other.line === line) === i,
  );
}

function byPackage(places: readonly GoPlace[]): [string, GoPlace[]][] {
  const folders = new Map<string, GoPlace[]>();
  for (const place of places) {
    const folder = place.file.slice(0, Math.max(0, place.file.lastIndexOf('/')));
    folders.set(folder, [...(folders.get(folder) ?? []), place]);
  }
  return [...folders].sort(([a], [b]) => (a < b ? -1 : 1));
}
