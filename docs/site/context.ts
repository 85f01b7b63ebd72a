// What all parts of the builder share while one site is built: sources, colours, pages, and the problems found so far.

import fs from 'node:fs';
import path from 'node:path';
import { type Chain, findLink } from '../../steps/tool/chain.ts';
import type { Chapter, Part } from './book.ts';
import { compare, type FileChange, type Version } from './source/changes.ts';
import { CallGraph } from './source/call_graph.ts';
import { TsCode } from './source/code.ts';
import type { Colours } from './source/highlight.ts';
import type { Sources } from './source/program.ts';
import { type FileSymbol, symbolsOf } from './source/symbols.ts';

/** Something that makes a page wrong. */
export interface Problem {
  /** Path of the page, relative to the root. */
  readonly page: string;
  /** Line of the page, from 1; 0 for the page as a whole. */
  readonly line: number;
  readonly text: string;
}

/** A file of the repository as the book shows it. */
export interface ShownFile extends Version {
  /** Relative to the root. */
  readonly path: string;
}

export class Context {
  readonly root: string;
  readonly chain: Chain;
  readonly parts: readonly Part[];
  readonly sources: Sources;
  readonly colours: Colours;
  readonly problems: Problem[] = [];
  /** Files that some page links to or shows: each gets a page with its whole source. */
  readonly shown = new Set<string>();
  readonly #files = new Map<string, ShownFile | undefined>();
  readonly #changes = new Map<string, FileChange[]>();
  readonly #graphs = new Map<string, CallGraph>();

  constructor(options: { chain: Chain; parts: readonly Part[]; sources: Sources; colours: Colours }) {
    this.root = options.chain.root;
    this.chain = options.chain;
    this.parts = options.parts;
    this.sources = options.sources;
    this.colours = options.colours;
  }

  get chapters(): Chapter[] {
    return this.parts.flatMap(({ chapters }) => chapters);
  }

  /** A file with its symbols, if it has any; undefined when there is no such file. */
  file(name: string): ShownFile | undefined {
    if (this.#files.has(name)) return this.#files.get(name);
    const full = path.join(this.root, name);
    const isFile = fs.statSync(full, { throwIfNoEntry: false })?.isFile() === true;
    const tree = this.sources.tree(name);
    const text = isFile ? fs.readFileSync(full, 'utf8') : '';
    const symbols: FileSymbol[] = tree === undefined ? [] : symbolsOf(tree);
    const file = isFile ? { path: name, text, symbols } : undefined;
    this.#files.set(name, file);
    return file;
  }

  /** The paths of all files of a step, relative to the step. */
  stepFiles(slug: string): string[] {
    const { folder } = findLink(this.chain, slug);
    const full = path.join(this.root, folder);
    return fs
      .readdirSync(full, { recursive: true, encoding: 'utf8' })
      .filter((name) => fs.statSync(path.join(full, name)).isFile())
      .map((name) => name.split(path.sep).join('/'))
      .sort();
  }

  /** What differs between a chapter's step and the one before; for the first step all of it. */
  changes({ link, before }: Chapter): FileChange[] {
    if (link === undefined) return [];
    const known = this.#changes.get(link.slug);
    if (known !== undefined) return known;
    const names = new Set(this.stepFiles(link.slug));
    if (before !== undefined) for (const name of this.stepFiles(before.slug)) names.add(name);
    const changes = [...names].sort().flatMap((name) => {
      const old = before === undefined ? undefined : this.file(`${before.folder}/${name}`);
      const change = compare(name, old, this.file(`${link.folder}/${name}`));
      return change === undefined ? [] : [change];
    });
    this.#changes.set(link.slug, changes);
    return changes;
  }

  /** Who calls whom in a step; names are `folder/path#Symbol`. */
  callGraph(folder: string): CallGraph {
    const graph = this.#graphs.get(folder) ?? new CallGraph(new TsCode(this.sources, folder));
    this.#graphs.set(folder, graph);
    return graph;
  }

  report(page: string, line: number, text: string): void {
    this.problems.push({ page, line, text });
  }
}
