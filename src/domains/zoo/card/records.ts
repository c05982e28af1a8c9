import { z } from "zod";

// What the card reads from the recorded results of other tools: only the fields it shows, so that a result that grows
// does not break a card, and a record that lacks them counts as not recorded.

const Figure = z.number().nullable();
const Estimate = z.object({ value: Figure, low: Figure, high: Figure });
const lines = z.array(z.string()).catch([]);

/** The recorded result of ml_training_evaluate. */
export const Evaluation = z.object({
  dataset: z.string(),
  rows: z.object({ given: z.int(), scored: z.int() }),
  intervals: z.array(z.object({ metric: z.string(), value: z.number(), low: Figure, high: Figure, baseline: Figure })),
  resamples: z.int().nullable().catch(null),
  per_class: z
    .array(z.object({ label: z.string(), precision: z.number(), recall: z.number(), f1: z.number(), rows: z.int() }))
    .catch([]),
  slices: z
    .array(z.object({ slice: z.string(), rows: z.int(), metric: z.number(), rest: z.number(), p_adjusted: z.number() }))
    .catch([]),
  training_rows_seen: z.number().nullable().catch(null),
  warnings: lines,
});
export type Evaluation = z.infer<typeof Evaluation>;

/** The recorded result of ml_safety_fairness. */
export const Fairness = z.object({
  dataset: z.string(),
  rows: z.object({ given: z.int(), scored: z.int() }),
  selected: z.string().nullable().catch(null),
  groups: z.array(
    z.object({
      attribute: z.string(),
      group: z.string(),
      rows: z.int(),
      compared: z.boolean(),
      metrics: z.record(z.string(), Estimate),
    }),
  ),
  gaps: z
    .array(
      z.object({ attribute: z.string(), criterion: z.string(), difference: Estimate, within_tolerance: z.boolean() }),
    )
    .catch([]),
  verdict: z.object({ rule: z.string(), verdict: z.string(), certain: z.boolean(), said: z.string() }),
  mitigation: z
    .object({ given_up: z.array(z.string()) })
    .nullable()
    .catch(null),
  notes: lines,
  warnings: lines,
});
export type Fairness = z.infer<typeof Fairness>;

/** The recorded result of ml_interpretability_importance. */
export const Importance = z.object({
  dataset: z.string(),
  metric: z.string(),
  features: z.array(z.object({ column: z.string(), permutation: Figure, low: Figure, high: Figure, shap: Figure })),
  curves: z.array(z.object({ column: z.string(), kind: z.string(), shape: z.string() })).catch([]),
  notes: lines,
  warnings: lines,
});
export type Importance = z.infer<typeof Importance>;

/** The recorded result of ml_data_profile. */
export const Profile = z.object({
  rows: z.int(),
  missing: z.number(),
  duplicate_rows: z.int(),
  alerts: z.array(z.object({ message: z.string() })).catch([]),
});
export type Profile = z.infer<typeof Profile>;
