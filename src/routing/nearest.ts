/** The most a name may differ from what was typed, as a share of its length. */
const FURTHEST = 0.4;
const LONGEST = 64;

/** The known name most like `name`, ignoring case; undefined where none is alike. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const typed = name.toLowerCase().slice(0, LONGEST);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const folded = candidate.toLowerCase().slice(0, LONGEST);
    const distance = editDistance(typed, folded) / Math.max(typed.length, folded.length, 1);
    if (distance <= FURTHEST && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Optimal string alignment distance (Levenshtein's with swaps of neighbours), the errors of typing. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
