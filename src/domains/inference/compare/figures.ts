import { bootstrap, mean } from "../../../kernel/statistics.ts";
import type { Compared, Estimate } from "../compare.ts";
import type { Answer } from "./ask.ts";

/** Values fewer than these say nothing of how they vary. */
const FEWEST = 3;

export function estimate(values: readonly number[]): Estimate {
  const [low, high] = values.length < FEWEST ? [null, null] : bootstrap(values);
  return { value: mean(values), low, high };
}

/** What is measured of one request. */
export const MEASURES = {
  tokens_per_second: ({ sample }: Answer) => (sample?.tpot_ms ? 1000 / sample.tpot_ms : undefined),
  e2e_ms: ({ sample }: Answer) => sample?.e2e_ms,
  ttft_ms: ({ sample, round }: Answer) => (round === 0 ? sample?.ttft_ms : undefined),
} as const;
export type Measure = (answer: Answer) => number | undefined;

export const values = (answers: readonly Answer[], measure: Measure) =>
  answers.flatMap((answer) => measure(answer) ?? []);

type Difference = Compared["differences"][number];

/** Against the first target, pair by pair: the same prompt in the same round. */
export function difference(
  name: string,
  metric: Difference["metric"],
  { first, other }: Readonly<Record<"first" | "other", readonly Answer[]>>,
  measure: Measure,
): Difference[] {
  const key = ({ prompt, round }: Answer) => `${prompt}:${round}`;
  const base = new Map(first.map((answer) => [key(answer), measure(answer)]));
  const pairs = other.flatMap((answer) => {
    const [mine, its] = [measure(answer), base.get(key(answer))];
    return mine === undefined || its === undefined ? [] : [mine - its];
  });
  if (pairs.length === 0) return [];
  const found = estimate(pairs);
  const verdict =
    found.low !== null && found.low > 0
      ? "more"
      : found.high !== null && found.high < 0
        ? "less"
        : "no difference shown";
  return [{ name, metric, difference: found, verdict }];
}

/** Whether nothing else is at least as good in all and better in one; more is better in every number. */
export const onFront = (one: readonly number[], all: readonly (readonly number[])[]) =>
  !all.some(
    (other) =>
      other.every((value, place) => value >= (one[place] ?? 0)) &&
      other.some((value, place) => value > (one[place] ?? 0)),
  );
