import { mean } from "../../../kernel/statistics.ts";

/** What an answer can be held against its references by; 0 is nothing of it, 1 all. */
export const METRICS = ["exact", "contains", "token_f1", "chrf"] as const;
export type Metric = (typeof METRICS)[number];

/** The best over the references. */
export const score = (metric: Metric, answer: string, references: readonly string[]) =>
  Math.max(0, ...references.map((reference) => SCORES[metric](answer, reference)));

const SCORES: Readonly<Record<Metric, (answer: string, reference: string) => number>> = {
  exact: (answer, reference) => Number(normal(answer) === normal(reference)),
  contains: (answer, reference) => Number(` ${normal(answer)} `.includes(` ${normal(reference)} `)),
  token_f1: (answer, reference) => {
    const [said, wanted] = [counts(normal(answer).split(" ")), counts(normal(reference).split(" "))];
    return (2 * shared(said, wanted)) / (total(said) + total(wanted));
  },
  chrf,
};

/** SQuAD's normalisation (Rajpurkar et al. 2016): lower case, no punctuation, no articles, single spaces. */
const normal = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/\p{P}|\p{S}/gu, "")
    .replaceAll(/\b(a|an|the)\b/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "")
    .join(" ");

const [LONGEST, BETA] = [6, 2];

/** chrF2 of a sentence (Popović 2015) as sacrebleu has it: character n-grams of 1 to 6 without spaces. */
export function chrf(answer: string, reference: string): number {
  const [said, wanted] = [answer, reference].map((text) => [...text.replaceAll(/\s+/g, "")]);
  const precisions: number[] = [];
  const recalls: number[] = [];
  for (let n = 1; n <= LONGEST; n += 1) {
    const [ours, theirs] = [grams(said ?? [], n), grams(wanted ?? [], n)];
    const [mine, its] = [total(ours), total(theirs)];
    if (mine === 0 || its === 0) continue;
    const both = shared(ours, theirs);
    precisions.push(both / mine);
    recalls.push(both / its);
  }
  const [precision, recall] = [mean(precisions), mean(recalls)];
  const weight = BETA ** 2;
  return precision + recall === 0 ? 0 : ((1 + weight) * precision * recall) / (weight * precision + recall);
}

const grams = (letters: readonly string[], n: number) =>
  counts(letters.slice(0, Math.max(0, letters.length - n + 1)).map((_, at) => letters.slice(at, at + n).join("")));

function counts(items: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1);
  return found;
}

const total = (found: ReadonlyMap<string, number>) => [...found.values()].reduce((sum, count) => sum + count, 0);

const shared = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>) =>
  [...one].reduce((sum, [item, count]) => sum + Math.min(count, other.get(item) ?? 0), 0);
