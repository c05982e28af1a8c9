import type { Compared, PREFERENCES } from "../compare.ts";

type Result = Compared["targets"][number];
type Preference = (typeof PREFERENCES)[number];

/** Of each thing to go by, its value where more is better; undefined where it was not measured. */
export const WORTH: Readonly<Record<Preference, (one: Result) => number | undefined>> = {
  quality: ({ quality }) => quality?.value,
  speed: ({ tokens_per_second }) => tokens_per_second.value,
  memory: ({ memory_bytes }) => (memory_bytes === null ? undefined : -memory_bytes),
  cost: ({ cost }) => (cost === null ? undefined : -cost),
};

/**
 * The best by what is preferred. Where quality is, those whose difference from the best could be chance count as equal, and
 * speed decides among them.
 */
export function pickOf(targets: readonly Result[], prefer: Preference): { pick: Result; rationale: string } {
  const worth = WORTH[prefer];
  const ranked = [...targets].sort((one, other) => value(other, worth) - value(one, worth));
  const [best] = ranked;
  if (!best) throw new Error("There are always two targets.");
  if (prefer !== "quality") return { pick: best, rationale: `It has the best ${prefer}; ${scale(prefer)}.` };
  const floor = best.quality?.low ?? best.quality?.value ?? 0;
  const equal = ranked.filter(({ quality }) => (quality?.value ?? 0) >= floor);
  const [fastest = best] = [...equal].sort((one, other) => value(other, WORTH.speed) - value(one, WORTH.speed));
  const rationale =
    equal.length === 1
      ? "Its quality is the best, by more than the interval's width below it; scores are the mean quality, more is better."
      : `The fastest of ${equal.length} whose quality lies within the best one's interval; scores are the mean quality, more is better.`;
  return { pick: fastest, rationale };
}

const value = (one: Result, worth: (one: Result) => number | undefined) => worth(one) ?? Number.NEGATIVE_INFINITY;

const scale = (prefer: Preference) =>
  prefer === "speed"
    ? "scores are tokens a second, more is better"
    : `scores are ${prefer === "memory" ? "bytes" : "cost"} below zero, more is better`;
