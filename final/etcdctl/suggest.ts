// Which commands someone may have meant who typed one that is not there. Mirrors what cobra does for etcdctl.

/** Edits that are still taken for a slip of the hand. */
export const maxSuggestionDistance = 2;

/**
 * @param typed what is not the name of a command
 * @param names of the commands, in the order in which they are to be suggested
 * @returns the names that begin with it or are at most {@link maxSuggestionDistance} edits away, upper case ignored
 */
export function suggestions(typed: string, names: readonly string[]): string[] {
  const wanted = typed.toLowerCase();
  return names.filter((name) => {
    const lower = name.toLowerCase();
    return lower.startsWith(wanted) || editDistance(wanted, lower) <= maxSuggestionDistance;
  });
}

/** How many characters must be put in, taken out or replaced to turn `a` into `b` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
