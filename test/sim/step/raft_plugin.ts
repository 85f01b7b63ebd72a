// Bundles the rafts of the steps: an esbuild plugin for the import `virtual:rafts`, which has a function for each of them that
// makes its RawNode: every step that has a core/raft, and the broken ones under the names `broken-a` and so on.

import fs from 'node:fs';
import path from 'node:path';
import { build, type Plugin, type PluginBuild } from 'esbuild';
import { loadChain, REPOSITORY } from '../../../steps/tool/chain.ts';
import { BROKEN_RAFTS, BROKEN_STEP, type BrokenRaft, breakSource } from './broken.ts';
import type { NewNode } from './raft_port.ts';

const ENTRY = 'core/raft/rawnode.ts';

/** The steps that have a raft, in order. */
export function stepsWithRaft(): string[] {
  const steps = loadChain().links.filter(({ step }) => step !== undefined);
  return steps.map(({ slug }) => slug).filter((slug) => fs.existsSync(path.join(folderOf(slug), ENTRY)));
}

/** Answers the import of `virtual:rafts`. `mistakes`: the broken ones, if not those of the book. */
export function raftPlugin(mistakes: readonly BrokenRaft[] = BROKEN_RAFTS): Plugin {
  return {
    name: 'rafts',
    setup: (build) => {
      build.onResolve({ filter: /^virtual:rafts$/ }, ({ path }) => ({ path, namespace: 'rafts' }));
      build.onLoad({ filter: /.*/, namespace: 'rafts' }, () => ({
        contents: listing(mistakes),
        loader: 'ts',
        resolveDir: REPOSITORY,
      }));
      for (const mistake of mistakes) addBroken(build, mistake);
    },
  };
}

/** Bundles and loads all rafts, for Node. */
export async function loadRafts(mistakes?: readonly BrokenRaft[]): Promise<Readonly<Record<string, NewNode>>> {
  const built = await build({
    stdin: { contents: `export { RAFTS } from 'virtual:rafts';`, resolveDir: REPOSITORY },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins: [raftPlugin(mistakes)],
  });
  const code = Buffer.from(built.outputFiles[0]?.contents ?? []).toString('base64');
  const loaded = (await import(`data:text/javascript;base64,${code}`)) as { RAFTS: Record<string, NewNode> };
  return loaded.RAFTS;
}

function folderOf(slug: string): string {
  return path.join(REPOSITORY, 'steps', slug);
}

function listing(mistakes: readonly BrokenRaft[]): string {
  const rafts = [
    ...stepsWithRaft().map((slug) => ({ name: slug, file: path.join(folderOf(slug), ENTRY) })),
    ...mistakes.map(({ name }) => ({ name: `broken-${name}`, file: `broken:${name}` })),
  ];
  const imports = rafts.map(({ file }, i) => `import { RawNode as R${i} } from ${JSON.stringify(file)};`);
  const members = rafts.map(({ name }, i) => `${JSON.stringify(name)}: (config) => new R${i}(config),`);
  return [...imports, 'export const RAFTS = {', ...members, '};'].join('\n');
}

// The files of core/raft are loaded a second time under a namespace of their own; what they import from outside is shared.
function addBroken(build: PluginBuild, mistake: BrokenRaft): void {
  const namespace = `broken-${mistake.name}`;
  const folder = folderOf(BROKEN_STEP);
  const changed = path.join(folder, mistake.file);
  build.onResolve({ filter: new RegExp(`^broken:${mistake.name}$`) }, () => ({
    path: path.join(folder, ENTRY),
    namespace,
  }));
  build.onResolve({ filter: /^\./, namespace }, ({ path: relative, importer }) => {
    const file = path.resolve(path.dirname(importer), relative);
    const isRaft = file.startsWith(path.join(folder, 'core', 'raft') + path.sep);
    return { path: file, namespace: isRaft ? namespace : 'file' };
  });
  let isChanged = false;
  build.onLoad({ filter: /.*/, namespace }, ({ path: file }) => {
    const source = fs.readFileSync(file, 'utf8');
    isChanged ||= file === changed;
    return { contents: file === changed ? breakSource(source, mistake) : source, loader: 'ts' };
  });
  build.onEnd(() => {
    if (!isChanged) throw new Error(`broken raft ${mistake.name}: ${mistake.file} is no part of raft`);
  });
}
