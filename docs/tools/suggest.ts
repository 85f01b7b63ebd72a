// What somebody may have meant who wrote a name that does not exist.

import { editDistance } from '../../final/etcdctl/suggest.ts';

const MOST = 3;

/** A sentence part such as `; did you mean "data-dir"?`, or nothing when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near.length === 0 ? '' : `; did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`;
}

/** The known names that are nearest to `name`, at most three, the nearest first. */
export function nearest(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(known)]
    .map((one) => ({ one, distance: distanceOf(wanted, one.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.one < b.one ? -1 : 1))
    .slice(0, MOST)
    .map(({ one }) => one);
}

// A name within the other is near, too.
function distanceOf(a: string, b: string): number {
  return a.length >= 4 && b.includes(a) ? 1 : editDistance(a, b);
}
