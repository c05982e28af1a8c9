import { mulberry } from "../../../kernel/statistics.ts";

/** Documents a system found for a query, with the scores that order them. */
export type Run = readonly { readonly document: string; readonly score: number }[];

/** Grades of the documents judged for a query; 0 and what is not there is not relevant. */
export type Judged = Readonly<Record<string, number>>;

/**
 * The measures of trec_eval for one query: `ndcg@k` with linear gain and a discount of log2(rank + 1), `map` and `mrr` over
 * all that was found, `precision@k`, `recall@k`, `hit@k`. Of equal scores the document whose name comes later in the
 * alphabet comes first, as trec_eval orders them.
 */
export function measures(run: Run, judged: Judged, k: number): Record<string, number> {
  const grades = ranking(run).map((document) => judged[document] ?? 0);
  const ideal = Object.values(judged)
    .filter((grade) => grade > 0)
    .sort((one, other) => other - one);
  const relevant = ideal.length;
  const found = grades.map((grade) => grade > 0);
  const first = found.indexOf(true);
  const hits = (most: number) => found.slice(0, most).filter(Boolean).length;
  const precisions = found.flatMap((hit, place) => (hit ? [hits(place + 1) / (place + 1)] : []));
  const share = (most: number) => (relevant > 0 ? hits(most) / relevant : 0);
  return {
    [`ndcg@${k}`]: relevant > 0 ? gain(grades.slice(0, k)) / gain(ideal.slice(0, k)) : 0,
    map: relevant > 0 ? precisions.reduce((sum, one) => sum + one, 0) / relevant : 0,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    [`mrr@${k}`]: first < 0 || first >= k ? 0 : 1 / (first + 1),
    [`precision@${k}`]: hits(k) / k,
    [`recall@${k}`]: share(k),
    "recall@100": share(100),
    [`hit@${k}`]: hits(k) > 0 ? 1 : 0,
  };
}

/** Documents best first, each once, by its best score. */
export function ranking(run: Run): string[] {
  const best = new Map<string, number>();
  for (const { document, score } of run) best.set(document, Math.max(best.get(document) ?? -Infinity, score));
  return [...best]
    .sort(([one, high], [other, low]) => low - high || (one < other ? 1 : -1))
    .map(([document]) => document);
}

const gain = (grades: readonly number[]) =>
  grades.reduce((sum, grade, place) => sum + Math.max(grade, 0) / Math.log2(place + 2), 0);

/** Of two systems on the same queries: the mean difference, and how often chance would make one as large (two-sided). */
export function randomizationTest(
  one: readonly number[],
  other: readonly number[],
  rounds = 10_000,
  seed = 1,
): { difference: number; p: number } {
  const differences = one.map((value, place) => value - (other[place] ?? 0));
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  const chance = mulberry(seed);
  let asLarge = 0;
  for (let round = 0; round < rounds; round += 1) {
    const sum = differences.reduce((total, value) => total + (chance() < 0.5 ? value : -value), 0);
    if (Math.abs(sum) >= observed - 1e-12) asLarge += 1;
  }
  const signed = differences.reduce((sum, value) => sum + value, 0);
  return { difference: signed / Math.max(one.length, 1), p: (asLarge + 1) / (rounds + 1) };
}

/** p-values corrected for their number by Holm's step-down (1979), in their order. */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((one, other) => (values[one] ?? 1) - (values[other] ?? 1));
  const corrected = Array.from(values, () => 1);
  let least = 0;
  for (const [rank, place] of order.entries()) {
    least = Math.max(least, Math.min(1, (values[place] ?? 1) * (values.length - rank)));
    corrected[place] = least;
  }
  return corrected;
}
