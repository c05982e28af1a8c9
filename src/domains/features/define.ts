import { z } from "zod";
import { column, columns, dataset, job, newDataset, newFeatureView, newName, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, digits, percent, preview, rows, table, warned } from "../../kernel/words.ts";
import { Feature, FeatureStatistics, FeatureTest, FeatureViewDefinition } from "./fields.ts";

const Candidate = z
  .strictObject({ feature: z.string(), score: z.number().nullable(), kept: z.boolean() })
  .meta({ id: "Candidate" });

export default pythonTool({
  name: "ml_features_define",
  title: "Define features",
  description:
    "Define a feature view on a dataset (keys, event time, windows, lags, expressions); `suggest` by deep feature synthesis over related datasets. Next: ml_features_compute.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "define a feature view of customer spending over 7 and 30 days",
    "create rolling window and lag features per user",
    "add lag features by shop to the feature view",
    "suggest features from these related tables",
    "run deep feature synthesis on customers and transactions",
    "make a feature with the ratio of two columns in a view",
  ],
  input: z.strictObject({
    action: z.enum(["define", "suggest"]).default("define").describe("See above."),
    name: newName("Of the view."),
    source: dataset(),
    entities: columns("Keys.").default([]),
    event_time: column("When it was so.").optional(),
    features: z
      .array(Feature)
      .max(200)
      .default([])
      .describe("{name, expression: SQL}, {name, function, column, window: `7d`|`all`, size} or a column's {name}."),
    ttl: rare(z.string().max(16).optional().describe("How long a value holds, as `30d`.")),
    created_time: rare(column("When each row was filed.").optional()),
    tests: rare(z.array(FeatureTest).max(200).default([]).describe("{feature, rule, low, high, values}.")),
    description: rare(z.string().max(2000).default("").describe("What it is for.")),
    owner: rare(z.string().max(200).default("").describe("Who answers for it.")),
    tags: rare(z.record(z.string().max(100), z.string().max(500)).default({}).describe("As you like.")),
    target: rare(column("Never to be read; suggest: to screen by.").optional()),
    related: rare(z.array(dataset()).max(10).default([]).describe("suggest: datasets with its keys.")),
    depth: rare(z.int().min(1).max(3).default(2).describe("suggest: primitives upon each other.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    view: newFeatureView().nullable(),
    definition: FeatureViewDefinition.nullable(),
    source: z.string(),
    entities: z.array(z.string()),
    rows: z.int(),
    features: z.array(FeatureStatistics),
    failed_tests: z.array(z.string()),
    candidates: z.array(Candidate).describe("Best first, by mutual information with the target (nats)."),
    dataset: newDataset().nullable().describe("suggest: the candidates' values."),
    preview: rows,
    warnings: z.array(z.string()),
  }),
  details: ({ action, name, source }, result) => ({
    action: `features:${action}`,
    dataset: result?.source ?? source ?? name,
    contains_pii: null,
  }),
  summarize: (result) =>
    [
      `${result.view ?? result.dataset ?? "Nothing was made"} from ${result.source}: ${result.rows} rows by ${result.entities.join(", ")}, ${result.view ? result.features.length : result.candidates.length} features.`,
      ...result.failed_tests.map((failed) => `Test failed: ${failed}`),
      ...warned(result.warnings),
      ...(result.candidates.length
        ? capped(
            table([
              ["candidate", "mutual information", "kept"],
              ...result.candidates.map(({ feature, score, kept }) => [
                feature,
                score === null ? "·" : digits(score),
                kept ? "yes" : "no",
              ]),
            ]),
            81,
          )
        : []),
      ...(result.features.length
        ? capped(
            table([
              ["feature", "type", "missing", "distinct", "mean", "range"],
              ...result.features.map(({ feature, dtype, missing, distinct, mean, low, high }) => [
                feature,
                dtype,
                percent(missing),
                String(distinct),
                mean === null ? "·" : digits(mean),
                low === null || high === null ? "·" : `${digits(low)} … ${digits(high)}`,
              ]),
            ]),
            61,
          )
        : []),
      "",
      ...preview(result.preview),
    ].join("\n"),
});
