import { z } from "zod";
import { column, dataset, featureView, job, newDataset, newName, rare } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, cell, digits, percent, preview, rows, table, warned } from "../../kernel/words.ts";

const ViewRows = z.strictObject({ view: z.string(), features: z.int(), rows: z.int() }).meta({ id: "ViewRows" });

const Freshness = z
  .strictObject({
    view: z.string(),
    age_seconds: z.number().nullable(),
    ttl_seconds: z.number().nullable(),
    stale: z.boolean(),
  })
  .meta({ id: "Freshness" });

const Skew = z
  .strictObject({
    feature: z.string(),
    drifted: z.boolean(),
    psi: z.number(),
    p_adjusted: z.number().describe("Benjamini–Hochberg."),
    missing_training: z.number(),
    missing_serving: z.number(),
  })
  .meta({ id: "Skew" });

export default pythonTool({
  name: "ml_features_compute",
  title: "Compute features",
  description:
    "`join` features to labels as known at each label's time; `backfill` an interval; `materialize` newest values, `lookup` keys; `freshness`; `skew` of serving against training. Next: ml_training_train.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "join the features to my labels point in time",
    "build a training set without future leakage from the feature views",
    "backfill the features for March",
    "materialize the latest feature values to the online store",
    "look up the online features of customer 7",
    "how fresh are the features?",
    "is there training serving skew in the features?",
  ],
  input: z.strictObject({
    action: z.enum(["join", "backfill", "materialize", "lookup", "freshness", "skew"]).describe("See above."),
    views: z.array(featureView()).max(20).optional().describe("Names."),
    labels: dataset("Keys, times, labels; skew: training data.").optional(),
    label_time: column("Of the labels.").optional(),
    dataset: rare(dataset("lookup: online store; backfill: to extend; skew: serving data.").optional()),
    keys: rare(z.array(z.record(z.string(), cell)).max(100).optional().describe("lookup: {key: value}.")),
    created_before: rare(z.boolean().default(false).describe("Nor rows filed after the label's time.")),
    source: rare(dataset("Newer rows than the view was defined on.").optional()),
    start: rare(z.string().max(40).optional().describe("backfill: from, ISO 8601.")),
    end: rare(z.string().max(40).optional().describe("backfill: before; else: as of.")),
    name: rare(newName("Of the result.").optional()),
    ...job,
  }),
  output: z.strictObject({
    dataset: newDataset().nullable(),
    rows: z.int(),
    views: z.array(ViewRows).describe("`rows` that have a value."),
    found: rows,
    missing: z.int().describe("Keys without features."),
    freshness: z.array(Freshness),
    skew: z.array(Skew),
    schema_changes: z.array(z.string()),
    preview: rows,
    warnings: z.array(z.string()),
  }),
  details: ({ action, labels, dataset: store }, result) => ({
    action: `features:${action}`,
    dataset: result?.dataset ?? labels ?? store ?? "unknown",
    contains_pii: null,
  }),
  summarize: (result) =>
    [
      ...(result.dataset ? [`${result.dataset}: ${result.rows} rows.`] : []),
      ...result.views.map(
        ({ view, features, rows: matched }) => `${view}: ${features} features, values for ${matched} rows.`,
      ),
      ...(result.missing ? [`${result.missing} keys are not there.`] : []),
      ...preview(result.found),
      ...result.freshness.map(
        ({ view, age_seconds, ttl_seconds, stale }) =>
          `${view}: newest row ${age_seconds === null ? "none" : `${digits(age_seconds)} s old`}${ttl_seconds === null ? "" : `, ttl ${ttl_seconds} s`}${stale ? ": STALE" : ""}.`,
      ),
      ...(result.skew.length
        ? capped(
            table([
              ["feature", "drifted", "PSI", "p adjusted", "missing in training", "in serving"],
              ...result.skew.map((one) => [
                one.feature,
                one.drifted ? "yes" : "no",
                digits(one.psi),
                digits(one.p_adjusted),
                percent(one.missing_training),
                percent(one.missing_serving),
              ]),
            ]),
            61,
          )
        : []),
      ...result.schema_changes,
      ...warned(result.warnings),
      "",
      ...preview(result.preview),
    ].join("\n"),
});
