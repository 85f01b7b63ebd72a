// `stat`: how many lines and files change between neighbours, from nothing to the first step up to final.

import fs from 'node:fs';
import path from 'node:path';
import { type Command, UsageError } from './command.ts';
import { countDifference } from './git.ts';

/** Prints one line per pair of neighbours. Steps that are listed but not written yet are named and passed over. */
export const stat: Command = (args, { chain, print }) => {
  if (args.length > 0) throw new UsageError('usage: stat');
  let previous: { slug: string; folder: string } | undefined;
  print(row(['from', 'to', 'added', 'deleted', 'files']));
  for (const link of chain.links) {
    if (!fs.existsSync(path.join(chain.root, link.folder))) {
      print(`${link.slug} is not there`);
      continue;
    }
    const { added, deleted, files } = countDifference(chain.root, { from: previous?.folder, to: link.folder });
    print(row([previous?.slug ?? '(empty)', link.slug, `+${added}`, `-${deleted}`, String(files)]));
    previous = link;
  }
  return 0;
};

function row([from = '', to = '', ...numbers]: readonly string[]): string {
  return [from.padEnd(22), to.padEnd(22), ...numbers.map((number) => number.padStart(8))].join('');
}
