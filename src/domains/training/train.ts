import { z } from "zod";
import { dataset, job, newModel, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { design, digits, FAMILIES, LeftOut, metrics, noted, params, Rows, Settings } from "./fields.ts";

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
    "Train a classifier or regressor, cross-validated beside a baseline, preprocessing inside, and register it. Next: ml_training_evaluate on held-out rows.",
  effect: "creates",
  action: "ModelTraining",
  examples: [
    "train a random forest on the churn data",
    "build a model that predicts income",
    "fit a gradient boosting classifier with class weights",
    "which model family works best for this dataset?",
    "train a regression model for house prices",
    "fit xgboost with grouped cross-validation",
    "train a calibrated classifier on loans",
  ],
  opensRun: true,
  input: z.strictObject({
    dataset: dataset(),
    ...design,
    family: z
      .enum(["auto", ...FAMILIES])
      .default("auto")
      .describe("auto: several."),
    params,
    calibration: rare(z.enum(["none", "sigmoid", "isotonic"]).default("none").describe("Of probabilities.")),
    time_budget_seconds: rare(z.number().min(1).max(86_400).optional().describe("Ends about then; 15 for `auto`.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    run_id: z.string(),
    model: newModel(),
    task: z.enum(["classification", "regression"]),
    target: z.string(),
    family: z.string(),
    framework: z.string(),
    model_type: z.string(),
    metric: z.string().describe("The one that decided."),
    metrics,
    metrics_sd: metrics.describe("Standard deviation over folds."),
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
    return [
      `${result.model}: ${result.family} (${result.model_type}) ${result.task} of \`${result.target}\`; ${rows.used} of ${rows.given} rows, ${result.features.length} features; run ${result.run_id}; ${digits(result.seconds)} s.`,
      ...(result.positive === null ? [] : [`Positive class: ${result.positive}.`]),
      `${folds.scheme}, ${folds.done} of ${folds.planned} folds, mean ± sd (baseline):`,
      ...names.map(
        (name) =>
          `  ${name} ${digits(result.metrics[name] ?? 0)} ± ${digits(result.metrics_sd[name] ?? 0)}${name in result.baseline ? ` (${digits(result.baseline[name] ?? 0)})` : ""}`,
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
      ...(result.left_out.length
        ? [`Left out: ${result.left_out.map(({ column, reason }) => `${column} (${reason})`).join(", ")}.`]
        : []),
      ...noted(result.notes, result.warnings),
      "Next: ml_training_evaluate on rows it has not seen.",
    ].join("\n");
  },
});
