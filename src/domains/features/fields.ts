import { z } from "zod";

/** How one feature is made from its source's rows. */
export const Feature = z
  .strictObject({
    name: z.string().min(1).max(128),
    expression: z.string().max(2000).optional().describe("SQL over columns and other features."),
    function: z
      .enum(["count", "sum", "mean", "std", "min", "max", "first", "last", "nunique", "lag", "cyclic", "hash", "words"])
      .optional(),
    column: z.string().max(256).optional(),
    window: z
      .string()
      .max(16)
      .optional()
      .describe(
        "As `7d` or `1h`, up to and with the row's own time; `all` from the beginning; cyclic: hour, weekday, month.",
      ),
    size: z.int().min(1).max(1_000_000).optional().describe("lag: rows back; hash: buckets."),
    description: z.string().max(500).optional(),
  })
  .meta({ id: "Feature" });

/** What must hold of a feature's values. */
export const FeatureTest = z
  .strictObject({
    feature: z.string(),
    rule: z.enum(["not_null", "unique", "between", "in_set"]),
    low: z.number().optional(),
    high: z.number().optional(),
    values: z.array(z.string()).optional(),
  })
  .meta({ id: "FeatureTest" });

/** Statistics of one feature's values, kept with the view. */
export const FeatureStatistics = z
  .strictObject({
    feature: z.string(),
    dtype: z.string(),
    rows: z.int(),
    missing: z.number(),
    distinct: z.int(),
    mean: z.number().nullable(),
    std: z.number().nullable(),
    low: z.number().nullable(),
    high: z.number().nullable(),
  })
  .meta({ id: "FeatureStatistics" });

/** A view's definition: its manifest holds it, and its hash is over it. */
export const FeatureViewDefinition = z
  .strictObject({
    source: z.string(),
    source_hash: z.string(),
    entities: z.array(z.string()),
    event_time: z.string().nullable(),
    created_time: z.string().nullable(),
    ttl_seconds: z.number().nullable(),
    features: z.array(Feature),
    tests: z.array(FeatureTest),
    description: z.string(),
    owner: z.string(),
    tags: z.record(z.string(), z.string()),
    columns: z.record(z.string(), z.string()).describe("Source columns it reads, and their types."),
  })
  .meta({ id: "FeatureViewDefinition" });
