// Deadlines of many leases, moved apart: those that begin anew together, when the leader changes, would also end together.

/**
 * Delays some of `deadlines`, in ms and ascending, so that at most `perSecond` of them are within one second. They stay
 * ascending, and none comes earlier (spec/rpc.md 8.6).
 */
export function spreadDeadlines(deadlines: readonly number[], perSecond: number): number[] {
  const spread: number[] = [];
  for (const [i, deadline] of deadlines.entries()) {
    const before = spread[i - perSecond];
    spread.push(before === undefined ? deadline : Math.max(deadline, before + 1000));
  }
  return spread;
}
