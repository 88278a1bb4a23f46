/** Several tests at once: p-values adjusted so that the chance of any false finding stays at the nominal rate (Holm 1979). */

/** Adjusted p-values in the order given; never below the raw ones, never above 1. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, at) => ({ p, at })).sort((a, b) => a.p - b.p || a.at - b.at);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let least = 0;
  for (const [rank, { p, at }] of order.entries()) {
    least = Math.max(least, Math.min(1, p * (pValues.length - rank)));
    adjusted[at] = least;
  }
  return adjusted;
}
