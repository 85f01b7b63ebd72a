// Shared by the tests of the reading tools: running a command line, and the code of one step, read once.

import { after } from 'node:test';
import { Sources } from '../../docs/site/source/program.ts';
import { main } from '../../docs/tools/main.ts';
import { CallGraph } from '../../docs/site/source/call_graph.ts';
import { TsCode } from '../../docs/site/source/code.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';

/** The folder of the Go sources of etcd, where there is one. */
export const ETCD_SOURCE = process.env['ETCD_SOURCE'];

/** For tests that need the Go sources: the reason why they are left out, or false. */
export const NO_GO_SOURCE = ETCD_SOURCE === undefined ? 'set ETCD_SOURCE to a checkout of etcd 3.5' : false;

/** Runs `npm run read -- ARGS` in this process; returns its exit code and all it printed. */
export async function read(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const lines: string[] = [];
  const code = await main(args, (text) => void lines.push(text));
  return { code, text: lines.join('\n') };
}

/** The code of elements of the chain; closed after the tests of the file. */
export class Codes {
  readonly sources = new Sources(REPOSITORY);
  readonly #codes = new Map<string, { readonly code: TsCode; readonly graph: CallGraph }>();

  constructor() {
    after(() => this.sources.close());
  }

  /** The code in `folder` and who calls whom in it. */
  of(folder: string): { readonly code: TsCode; readonly graph: CallGraph } {
    const known = this.#codes.get(folder);
    if (known !== undefined) return known;
    const code = new TsCode(this.sources, folder);
    const made = { code, graph: new CallGraph(code) };
    this.#codes.set(folder, made);
    return made;
  }
}
