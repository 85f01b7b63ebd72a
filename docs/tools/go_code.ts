// Sources in Go as a reader looks at them: syntax trees of single files, functions, and where names are written. There is no
// type checker here: which field or function a name means is a guess by the name, and the tools say so.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Language, type Node as GoNode, Parser, type Tree } from 'web-tree-sitter';

export type { GoNode };

/** A function or method. */
export interface GoFunction {
  /** `newRaft`, or `raftNode.start` with the type of the receiver. */
  readonly name: string;
  readonly file: string;
  /** The first and last line, from 1. */
  readonly line: number;
  readonly last: number;
  readonly node: GoNode;
}

/** A place in a file, with the source line and the function it is in. */
export interface GoPlace {
  /** Relative to the folder of the sources. */
  readonly file: string;
  readonly line: number;
  /** Undefined outside of functions. */
  readonly symbol: string | undefined;
  readonly text: string;
}

interface GoFile {
  readonly lines: readonly string[];
  readonly tree: Tree;
  readonly functions: readonly GoFunction[];
}

export class GoCode {
  readonly folder: string;
  readonly #parser: Parser;
  readonly #texts = new Map<string, string>();
  readonly #files = new Map<string, GoFile>();

  private constructor(folder: string, parser: Parser) {
    this.folder = folder;
    this.#parser = parser;
    for (const file of goFiles(folder)) this.#texts.set(file, fs.readFileSync(path.join(folder, file), 'utf8'));
  }

  /** Reads all files below `folder` that are compiled into programs: no tests, nothing vendored. */
  static async open(folder: string): Promise<GoCode> {
    await Parser.init();
    const grammar = fileURLToPath(import.meta.resolve('tree-sitter-go/tree-sitter-go.wasm'));
    const parser = new Parser();
    parser.setLanguage(await Language.load(grammar));
    return new GoCode(folder, parser);
  }

  /** The files whose text contains `text`, sorted. All files when it is empty. */
  filesWith(text: string): string[] {
    return [...this.#texts].filter(([, content]) => content.includes(text)).map(([file]) => file);
  }

  /** The root of the syntax tree of a file. Throws an Error for a file that is not there. */
  root(file: string): GoNode {
    return this.#file(file).tree.rootNode;
  }

  /** The functions and methods of a file, in order. */
  functions(file: string): readonly GoFunction[] {
    return this.#file(file).functions;
  }

  /** A function by file and name, or undefined. */
  find(file: string, name: string): GoFunction | undefined {
    return this.#texts.has(file) ? this.functions(file).find((one) => one.name === name) : undefined;
  }

  /** Where a node stands. */
  placeOf(file: string, node: GoNode): GoPlace {
    const line = node.startPosition.row + 1;
    return {
      file,
      line,
      symbol: this.functionAt(file, line)?.name,
      text: (this.#file(file).lines[line - 1] ?? '').trim(),
    };
  }

  /** The function that a line is in, or undefined. */
  functionAt(file: string, line: number): GoFunction | undefined {
    return this.functions(file).find((one) => one.line <= line && line <= one.last);
  }

  /** How many functions and methods have this name. */
  definitions(name: string): number {
    const pattern = new RegExp(`^func (\\([^)]*\\) )?${name}\\(`, 'gm');
    return [...this.#texts.values()].reduce((sum, text) => sum + (text.match(pattern)?.length ?? 0), 0);
  }

  /** Calls that are written `name(…)` or `….name(…)` anywhere: by name alone. */
  callsByName(name: string): { readonly place: GoPlace; readonly node: GoNode }[] {
    return this.filesWith(`${name}(`).flatMap((file) =>
      this.root(file)
        .descendantsOfType('call_expression')
        .filter((node) => calleeName(node) === name)
        .map((node) => ({ place: this.placeOf(file, node), node })),
    );
  }

  #file(file: string): GoFile {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const text = this.#texts.get(file);
    const tree = text === undefined ? null : this.#parser.parse(text);
    if (text === undefined || tree === null) throw new Error(`${this.folder} has no Go file ${file}`);
    const functions = tree.rootNode.descendantsOfType(['function_declaration', 'method_declaration']).map((node) => ({
      name: functionName(node),
      file,
      line: node.startPosition.row + 1,
      last: node.endPosition.row + 1,
      node,
    }));
    const parsed = { lines: text.split('\n'), tree, functions };
    this.#files.set(file, parsed);
    return parsed;
  }
}

/** The last name of what a call calls: `Info` of `lg.Info(…)`. */
export function calleeName(call: GoNode): string | undefined {
  const callee = call.childForFieldName('function');
  return (callee?.childForFieldName('field') ?? callee)?.text;
}

/** The arguments of a call. */
export function argumentsOf(call: GoNode): GoNode[] {
  return call.childForFieldName('arguments')?.namedChildren.filter((one) => one.type !== 'comment') ?? [];
}

/** The value of a string literal, or undefined for any other node. */
export function stringOf(node: GoNode | undefined): string | undefined {
  if (node?.type === 'raw_string_literal') return node.text.slice(1, -1);
  if (node?.type !== 'interpreted_string_literal') return undefined;
  return node.text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
}

function functionName(node: GoNode): string {
  const name = node.childForFieldName('name')?.text ?? '';
  const [type] = node.childForFieldName('receiver')?.descendantsOfType('type_identifier') ?? [];
  return type === undefined ? name : `${type.text}.${name}`;
}

function goFiles(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter(
      (file) => file.endsWith('.go') && !file.endsWith('_test.go') && !/(^|\/)(vendor|testdata|\.git)\//.test(file),
    )
    .filter((file) => !/\.pb(\.gw)?\.go$/.test(file))
    .sort();
}
