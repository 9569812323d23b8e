/** “Did you mean”: the word that takes the fewest slips of the finger to become another. */

/** The nearest of the words, or undefined when none is near enough to be meant. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(Math.min(typed.length, 20) * 0.4)) + 1;
  for (const word of words) {
    const begun = typed !== '' && word.startsWith(typed);
    if (!begun && Math.abs(word.length - typed.length) >= fewest) continue;
    const slips = begun ? 1 : distance(typed, word);
    if (slips < fewest) {
      fewest = slips;
      best = word;
    }
  }
  return best;
}

/** Letters added, removed, replaced or swapped with their neighbour (restricted Damerau). */
function distance(from: string, to: string): number {
  const width = to.length + 1;
  const cost = new Uint16Array((from.length + 1) * width);
  for (let column = 0; column < width; column++) cost[column] = column;
  for (let row = 1; row <= from.length; row++) {
    cost[row * width] = row;
    for (let column = 1; column < width; column++) {
      const at = row * width + column;
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      let least = Math.min(
        cost[at - 1]! + 1,
        cost[at - width]! + 1,
        cost[at - width - 1]! + differs,
      );
      const swapped =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, cost[at - 2 * width - 2]! + 1);
      cost[at] = least;
    }
  }
  return cost.at(-1)!;
}
