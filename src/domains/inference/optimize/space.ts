import type { ServeSettings } from "../../../kernel/backends.ts";
import { mulberry } from "../../../kernel/statistics.ts";
import { shuffled } from "../compare/ask.ts";
import type { Space } from "../optimize.ts";

/** One way to serve. */
export interface Candidate {
  readonly model: string;
  readonly settings: ServeSettings;
}

/** What is tried where nobody says: what matters most on a CPU, and the requests at once that are asked for. */
const usual = (before: ServeSettings, concurrency: number): Space => {
  const cores = navigator.hardwareConcurrency;
  return {
    threads: [...new Set([1, Math.max(1, Math.floor(cores / 2)), cores])],
    batch_tokens: [128, 512, 2048],
    kv_type: ["f16", "q8_0"],
    parallel: [...new Set([before.parallel, concurrency])],
  };
};

interface Asked {
  readonly models: readonly string[];
  readonly before: ServeSettings;
  readonly space?: Space | undefined;
  readonly concurrency: number;
  readonly most: number;
  readonly seed: number;
}

/** What is served before, first, and every other combination, or as many of them by chance as may be tried. */
export function candidatesOf({ models, before, space, concurrency, most, seed }: Asked): Candidate[] {
  const lists = Object.entries(space ?? usual(before, concurrency));
  const settings = lists.reduce<Partial<ServeSettings>[]>(
    (found, [name, values]) => found.flatMap((one) => (values ?? []).map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
  const [first = ""] = models;
  const all = models.flatMap((model) => settings.map((one) => ({ model, settings: { ...before, ...one } })));
  const base = { model: first, settings: before };
  const others = all.filter((one) => keyOf(one) !== keyOf(base));
  const order = others.length < most ? others.map((_, place) => place) : shuffled(others.length, mulberry(seed));
  return [base, ...order.slice(0, most - 1).flatMap((place) => others[place] ?? [])];
}

export const keyOf = ({ model, settings }: Candidate) =>
  JSON.stringify([model, Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1))]);

/** What differs from how it is served before. */
export function differenceOf(
  { model, settings }: Candidate,
  base: Candidate,
  nameOf: (model: string) => string,
): string {
  const before = new Map(Object.entries(base.settings));
  const changed = Object.entries(settings).flatMap(([name, value]) =>
    before.get(name) === value ? [] : [`${name} ${String(value)}`],
  );
  return [...(model === base.model ? [] : [nameOf(model)]), ...changed].join(", ") || "as before";
}
