import { z } from "zod";
import { Artifact, dataset, job, newModel, rare, seed } from "../../kernel/fields.ts";
import { Task } from "../../kernel/manifest.ts";
import { pythonTool } from "../../kernel/tool.ts";
import {
  Callbacks,
  design,
  digits,
  Forecast,
  LeftOut,
  metrics,
  noted,
  params,
  Rows,
  Settings,
  Sizes,
} from "./fields.ts";

const Candidate = z
  .strictObject({
    family: z.string(),
    score: z.number().nullable().describe("Cross-validated metric; null where it was not finished."),
    sd: z.number().nullable(),
    seconds: z.number(),
    note: z.string().nullable(),
  })
  .meta({ id: "Candidate" });

export default pythonTool({
  name: "ml_training_train",
  title: "Train a model",
  description:
    "Train and register a model, cross-validated beside a baseline, preprocessing inside. Next: ml_training_evaluate on held-out rows.",
  effect: "creates",
  action: "ModelTraining",
  examples: [
    "train a random forest on the churn data",
    "build a model that predicts income",
    "fit a gradient boosting classifier with class weights",
    "cluster the customers into segments",
    "forecast next month's sales",
    "detect anomalies in the payments",
    "which model family works best for this dataset?",
    "fit xgboost with grouped cross-validation",
  ],
  opensRun: true,
  input: z.strictObject({
    dataset: dataset(),
    ...design,
    target: design.target.optional(),
    task: z
      .enum(["auto", ...Task.options])
      .default("auto")
      .describe("What for."),
    family: z.string().max(32).default("auto").describe("auto, linear, lightgbm, kmeans, isolation_forest, ets, …"),
    params,
    horizon: rare(z.int().min(1).max(1000).optional().describe("Steps to forecast.")),
    callbacks: rare(Callbacks.optional().describe("What a booster or network does as it goes.")),
    memory_budget_mb: rare(z.number().min(1).optional().describe("No fit that is estimated to need more.")),
    onnx: rare(z.boolean().default(false).describe("Also as ONNX, checked to predict the same.")),
    calibration: rare(z.enum(["none", "sigmoid", "isotonic"]).default("none").describe("Of probabilities.")),
    time_budget_seconds: rare(z.number().min(1).max(86_400).optional().describe("Ends about then; 15 for `auto`.")),
    checkpoint_every: rare(z.int().min(1).optional().describe("Rounds; kept for ml_training_checkpoint.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    run_id: z.string(),
    model: newModel(),
    task: Task,
    target: z.string().nullable(),
    family: z.string(),
    framework: z.string(),
    model_type: z.string(),
    metric: z.string().describe("The one that decided."),
    metrics,
    metrics_sd: metrics.describe("Standard deviation over folds; empty where there are none."),
    baseline: metrics.describe("The same metrics of a model that ignores the features."),
    folds: z.strictObject({ scheme: z.string(), planned: z.int(), done: z.int() }),
    candidates: z.array(Candidate).describe("What `auto` compared, best first."),
    classes: z.array(z.string()),
    positive: z.string().nullable(),
    rows: Rows,
    features: z.array(z.string()),
    left_out: z.array(LeftOut),
    params: Settings,
    calibration: z.strictObject({ method: z.string(), ece_before: z.number(), ece_after: z.number() }).nullable(),
    sizes: Sizes,
    forecast: Forecast,
    onnx: z
      .strictObject({ rows: z.int(), mismatches: z.int(), largest_difference: z.number(), size_bytes: z.int() })
      .nullable()
      .describe("Of `model.onnx`: rows compared, labels that differ, largest difference of an output."),
    report: Artifact.nullable().describe("For a person."),
    rows_file: Artifact.nullable().describe("Every row's cluster, anomaly score or forecast, as Parquet."),
    seconds: z.number(),
    notes: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  details: ({ dataset, family }, result) => ({
    framework: result?.framework ?? "unknown",
    model_type: result?.model_type ?? family,
    dataset,
  }),
  summarize: (result) => {
    const { rows, folds } = result;
    const names = Object.keys(result.metrics);
    const spread = (name: string) => {
      const sd = result.metrics_sd[name];
      return sd === undefined ? "" : ` ± ${digits(sd)}`;
    };
    return [
      `${result.model}: ${result.family} (${result.model_type}) ${result.task}${result.target === null ? "" : ` of \`${result.target}\``}; ${rows.used} of ${rows.given} rows, ${result.features.length} features; run ${result.run_id}; ${digits(result.seconds)} s.`,
      ...(result.positive === null ? [] : [`Positive class: ${result.positive}.`]),
      `${folds.scheme}, ${folds.done} of ${folds.planned} folds, mean ± sd (baseline):`,
      ...names.map(
        (name) =>
          `  ${name} ${digits(result.metrics[name] ?? 0)}${spread(name)}${name in result.baseline ? ` (${digits(result.baseline[name] ?? 0)})` : ""}`,
      ),
      ...(result.candidates.length
        ? [
            `Compared by ${result.metric}: ${result.candidates.map(({ family, score, sd, note }) => `${family} ${score === null ? "-" : `${digits(score)} ± ${digits(sd ?? 0)}`}${note ? ` (${note})` : ""}`).join(", ")}.`,
          ]
        : []),
      ...(result.calibration
        ? [
            `Calibrated by ${result.calibration.method}: ECE ${digits(result.calibration.ece_before)} -> ${digits(result.calibration.ece_after)}.`,
          ]
        : []),
      ...(Object.keys(result.sizes).length
        ? [
            `Rows: ${Object.entries(result.sizes)
              .map(([label, rows]) => `${label} ${rows}`)
              .join(", ")}.`,
          ]
        : []),
      ...(result.forecast.length
        ? [
            `Next (80 % interval): ${result.forecast
              .slice(0, 12)
              .map(
                ({ series, time, value, low, high }) =>
                  `${series === result.target ? "" : `${series} `}${time} ${digits(value)} [${digits(low)}, ${digits(high)}]`,
              )
              .join("; ")}${result.forecast.length > 12 ? "; …" : "."}`,
          ]
        : []),
      ...(result.onnx
        ? [
            `ONNX: ${result.onnx.mismatches} of ${result.onnx.rows} rows differ, largest difference ${digits(result.onnx.largest_difference)}.`,
          ]
        : []),
      ...(result.report ? [`${result.report.title}: ${result.report.path}`] : []),
      ...(result.rows_file ? [`${result.rows_file.title}: ${result.rows_file.path}`] : []),
      ...(result.left_out.length
        ? [`Left out: ${result.left_out.map(({ column, reason }) => `${column} (${reason})`).join(", ")}.`]
        : []),
      ...noted(result.notes, result.warnings),
      "Next: ml_training_evaluate on rows it has not seen.",
    ].join("\n");
  },
});
