// The bundle dist/etcd.mjs: whether it is newer than what it was made of, and which source a line of it comes from.
// esbuild writes the path of each source on a line of its own, as a comment, before what it took from it.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { REPOSITORY } from '../../steps/tool/chain.ts';

export const BUNDLE = 'dist/etcd.mjs';

/** A source in a bundle. */
export interface Part {
  /** Path from the root of the project. */
  readonly source: string;
  /** Line of the bundle, from 0, at which it begins. */
  readonly line: number;
}

/** The sources in the text of a bundle, in order. */
export function partsOf(text: string): Part[] {
  return text.split('\n').flatMap((content, line) => {
    const [, source] = /^\s*\/\/ ((?:final|proto|node_modules)\/\S+)$/.exec(content) ?? [];
    return source === undefined ? [] : [{ source, line }];
  });
}

/** The source that line `line`, from 0, of a bundle comes from; undefined for what esbuild adds. */
export function sourceAt(parts: readonly Part[], line: number): string | undefined {
  return parts.findLast((part) => part.line <= line)?.source;
}

/** Where {@link bundleSteps} puts the program of a step. */
export function stepBundle(slug: string): string {
  return path.join(REPOSITORY, 'dist', 'steps', `${slug}.mjs`);
}

/** Bundles the server of each of `steps`, so that it starts several times sooner than its sources. */
export function bundleSteps(steps: readonly { readonly slug: string; readonly folder: string }[]): void {
  for (const { slug, folder } of steps) {
    buildSync({
      entryPoints: [path.join(REPOSITORY, folder, 'bin', 'etcd.ts')],
      outfile: stepBundle(slug),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      banner: { js: "import{createRequire as _r}from'node:module';const require=_r(import.meta.url);" },
      logLevel: 'warning',
    });
  }
}

/** Builds the bundle if it is missing or older than a source in it. False, and said, when it cannot be built. */
export function freshBundle(): boolean {
  if (isFresh()) return true;
  console.log(`building ${BUNDLE}`);
  try {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: REPOSITORY, stdio: ['ignore', 'ignore', 'inherit'] });
    return true;
  } catch {
    console.log(`${BUNDLE} cannot be built`);
    return false;
  }
}

function isFresh(): boolean {
  const bundle = path.join(REPOSITORY, BUNDLE);
  if (!fs.existsSync(bundle)) return false;
  const built = fs.statSync(bundle).mtimeMs;
  const parts = partsOf(fs.readFileSync(bundle, 'utf8'));
  return (
    parts.length > 0 &&
    parts.every(({ source }) => {
      const file = path.join(REPOSITORY, source);
      return fs.existsSync(file) && fs.statSync(file).mtimeMs <= built;
    })
  );
}
