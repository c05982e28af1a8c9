/** One list of results, best first, of one way to search. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** How far down a list counts (Cormack, Clarke & Büttcher 2009). */
export const RRF_K = 60;

/** Reciprocal rank fusion: the sum over lists of weight / (60 + rank). Best first; equal scores by id. */
export function reciprocalRanks(lists: readonly (readonly Ranked[])[], weights: readonly number[]): Ranked[] {
  const scores = new Map<string, number>();
  for (const [list, ranked] of lists.entries())
    for (const [place, { id }] of ranked.entries())
      scores.set(id, (scores.get(id) ?? 0) + (weights[list] ?? 1) / (RRF_K + place + 1));
  return byScore(scores);
}

/**
 * Convex combination of scores, each list's from 0 to 1 (Bruch, Gai & Ingber 2023): 1 is its best result, 0 its last one, as
 * good as not to be in the list.
 */
export function convexCombination(lists: readonly (readonly Ranked[])[], weights: readonly number[]): Ranked[] {
  const scores = new Map<string, number>();
  for (const [list, ranked] of lists.entries()) {
    const floor = ranked.at(-1)?.score ?? 0;
    const range = (ranked[0]?.score ?? floor) - floor;
    for (const { id, score } of ranked)
      scores.set(id, (scores.get(id) ?? 0) + (weights[list] ?? 1) * (range > 0 ? (score - floor) / range : 1));
  }
  return byScore(scores);
}

/**
 * Maximal marginal relevance (Carbonell & Goldstein 1998): `lambda` times the score, less the rest times the likeness to what
 * is taken already. Scores and likenesses are both of about 0 to 1.
 */
export function diverse(
  ranked: readonly Ranked[],
  most: number,
  lambda: number,
  alike: (one: string, other: string) => number,
): Ranked[] {
  const left = [...ranked];
  const taken: Ranked[] = [];
  const nearest = new Map<string, number>();
  while (taken.length < most && left.length > 0) {
    const worth = ({ id, score }: Ranked) => lambda * score - (1 - lambda) * (nearest.get(id) ?? 0);
    const best = left.reduce((one, other) => (worth(other) > worth(one) ? other : one));
    left.splice(left.indexOf(best), 1);
    taken.push(best);
    for (const { id } of left) nearest.set(id, Math.max(nearest.get(id) ?? 0, alike(id, best.id)));
  }
  return taken;
}

const byScore = (scores: ReadonlyMap<string, number>): Ranked[] =>
  [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1));
