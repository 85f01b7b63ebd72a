// The sources of the repository as the compiler sees them: syntax trees, and which declaration a name means. Everything of
// the book that cites code asks here, so that nothing is cited that is not there.

import path from 'node:path';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import { API, type Symbol as TypeSymbol, SymbolFlags } from 'typescript/unstable/sync';

export { type Node, type SourceFile, SyntaxKind };

/** A compiler with all files of a project open. To be closed: it is a process of its own. */
export class Sources {
  readonly root: string;
  readonly #api: API;
  readonly #project: ReturnType<ReturnType<API['updateSnapshot']>['getProjects']>[number];

  /** Opens the sources below `root`, which has a tsconfig.json. Takes about half a second. */
  constructor(root: string) {
    this.root = root;
    this.#api = new API({ cwd: root });
    const snapshot = this.#api.updateSnapshot({ openProjects: [path.join(root, 'tsconfig.json')] });
    const [project] = snapshot.getProjects();
    if (project === undefined) throw new Error(`${root}: no TypeScript project`);
    this.#project = project;
  }

  /** The paths of all source files of the project below `folder`, relative to the root, sorted. */
  paths(folder = ''): string[] {
    const prefix = path.join(this.root, folder) + path.sep;
    return this.#project.program
      .getSourceFileNames()
      .filter((name) => name.startsWith(prefix) && !name.includes('/node_modules/'))
      .map((name) => this.pathOf(name))
      .sort();
  }

  /** The syntax tree of a file, or undefined when the project has no such file. */
  tree(file: string): SourceFile | undefined {
    return this.#project.program.getSourceFile(path.join(this.root, file));
  }

  /**
   * What each of `names` (identifiers, private names) means: its declarations in the repository, none for names of the
   * language, of Node and of packages. An imported name means what was exported.
   */
  declarations(names: readonly Node[]): Node[][] {
    if (names.length === 0) return [];
    return this.#project.checker.getSymbolAtLocation(names).map((symbol) => this.#declarationsOf(symbol));
  }

  /** The path of a file name of the compiler, relative to the root, with forward slashes. */
  pathOf(name: string): string {
    return path.relative(this.root, name).split(path.sep).join('/');
  }

  /** Ends the compiler. */
  close(): void {
    // Asked to end, it may say "context canceled" on the terminal. So it is not asked.
    const { client } = this.#api as unknown as {
      client: { channel: { child: { kill(signal: string): unknown } }; close(): void };
    };
    client.channel.child.kill('SIGKILL');
    client.close();
  }

  #declarationsOf(symbol: TypeSymbol | undefined): Node[] {
    if (symbol === undefined) return [];
    const meant = symbol.flags & SymbolFlags.Alias ? this.#project.checker.getAliasedSymbol(symbol) : symbol;
    const here = this.root.toLowerCase();
    return meant.declarations
      .filter((handle) => handle.path.toLowerCase().startsWith(here) && !handle.path.includes('/node_modules/'))
      .map((handle) => handle.resolve())
      .filter((node) => node !== undefined);
  }
}
