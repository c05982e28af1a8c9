import { z } from "zod";
import { column, columns, newName, rare } from "../../kernel/fields.ts";

export const task = z.enum(["auto", "classification", "regression"]).default("auto").describe("What for.");

/** What can be searched. */
export const FAMILIES = [
  "linear",
  "random_forest",
  "extra_trees",
  "hist_gradient_boosting",
  "lightgbm",
  "xgboost",
  "catboost",
  "knn",
  "svm",
  "mlp",
] as const;

/** What a training needs to know of its data, the same for one fit and for a search. */
export const design = {
  target: column("To predict."),
  task,
  positive: rare(z.string().max(256).optional().describe("Positive class.")),
  include: rare(columns("Only these features.").optional()),
  exclude: rare(columns("Not these.").optional()),
  folds: rare(z.int().min(2).max(20).default(5).describe("Of cross-validation.")),
  group: rare(column("Its rows stay in one fold.").optional()),
  time: rare(column("Score on later rows only.").optional()),
  balanced: rare(z.boolean().default(false).describe("Weigh rare classes up.")),
  metric: rare(z.string().max(32).default("auto").describe("Decides: roc_auc, log_loss, f1, rmse, r2, …")),
  model_name: newName("Its name.").optional(),
};

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const Settings = z.record(z.string(), z.unknown());

export const params = rare(Settings.default({}).describe("Settings, by the estimator's names."));

export const Dimension = z
  .strictObject({
    type: z.enum(["int", "float", "categorical"]),
    low: z.number().optional(),
    high: z.number().optional(),
    log: z.boolean().optional(),
    step: z.number().positive().optional(),
    choices: z.array(scalar).min(1).max(100).optional(),
    when: z.record(z.string(), z.array(scalar)).optional().describe("Only where these have one of these values."),
  })
  .meta({ id: "Dimension" });

export const metrics = z.record(z.string(), z.number()).describe("Metric to value.");

export const LeftOut = z.strictObject({ column: z.string(), reason: z.string() }).meta({ id: "LeftOut" });

export const Rows = z.strictObject({ given: z.int(), used: z.int(), dropped: z.int() }).meta({ id: "Rows" });

export const Interval = z
  .strictObject({
    metric: z.string(),
    value: z.number(),
    low: z.number().nullable(),
    high: z.number().nullable(),
    baseline: z.number().nullable(),
  })
  .meta({ id: "Interval" });

/** What a booster or a network does while it is fitted. */
export const Callbacks = z
  .strictObject({
    stop_on_plateau: z
      .strictObject({
        patience: z.int().min(1).max(1000).default(20).describe("Rounds or epochs without gain."),
        min_delta: z.number().min(0).default(0).describe("Least gain that counts."),
        metric: z.string().max(32).optional().describe("One of the task's metrics; else the loss."),
      })
      .optional(),
    learning_rate: z
      .strictObject({
        schedule: z.enum(["constant", "exponential", "cosine", "step"]),
        decay: z.number().gt(0).max(1).default(0.99).describe("Factor a round, or a step."),
        every: z.int().min(1).default(100).describe("Rounds a step."),
      })
      .optional(),
  })
  .meta({ id: "Callbacks" });

export const Sizes = z
  .record(z.string(), z.int())
  .describe("Rows in each cluster (`noise` in none), or flagged as anomalies and not.");

export const Forecast = z
  .array(z.strictObject({ series: z.string(), time: z.string(), value: z.number(), low: z.number(), high: z.number() }))
  .describe("What comes next, with 80 % intervals; up to 60 points, the rest in `rows_file`.");

/** Four significant digits: enough to compare, few enough to read. */
export const digits = (value: number) => (Math.abs(value) < 1e-12 ? "0" : String(Number(value.toPrecision(4))));

/** What a person must know that is not an error, a line each. */
export const noted = (notes: readonly string[], warnings: readonly string[]) => [
  ...notes.map((note) => `Note: ${note}`),
  ...warnings.map((warning) => `Warning: ${warning}`),
];

/** A p-value: below a millionth its size says nothing more. */
export const chance = (p: number) => (p < 1e-6 ? "< 1e-6" : digits(p));
