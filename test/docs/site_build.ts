// The site as it is built for the tests: once for all tests of a process.

import path from 'node:path';
import { type Built, buildSite } from '../../docs/site/build.ts';
import { makeScratch } from '../harness/scratch.ts';

export interface Site extends Built {
  /** Absolute path of the folder with the site. */
  readonly folder: string;
  readonly seconds: number;
}

let site: Promise<Site> | undefined;

/** The site, built at the first call. */
export function builtSite(): Promise<Site> {
  site ??= build();
  return site;
}

async function build(): Promise<Site> {
  const begin = performance.now();
  const folder = path.join(makeScratch(), 'dist');
  const built = await buildSite({ out: folder });
  return { ...built, folder, seconds: (performance.now() - begin) / 1000 };
}
