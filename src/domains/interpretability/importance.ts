import { z } from "zod";
import { Artifact, dataset, job, model, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";

const Feature = z
  .strictObject({
    column: z.string(),
    permutation: z.number().nullable().describe("Loss of the metric when its values are shuffled."),
    low: z.number().nullable().describe("95 % interval of the mean over repeats."),
    high: z.number().nullable(),
    shap: z.number().nullable().describe("Mean absolute SHAP value."),
    group: z.int().nullable().describe("Index into `correlated`."),
  })
  .meta({ id: "Feature" });

const Curve = z
  .strictObject({
    column: z.string(),
    kind: z.enum(["partial_dependence", "accumulated_local_effects"]),
    x: z.array(z.union([z.number(), z.string()])),
    y: z.array(z.number()),
    shape: z.string().describe("In words."),
  })
  .meta({ id: "Curve" });

export default pythonTool({
  name: "ml_interpretability_importance",
  title: "Rank what a model relies on",
  description:
    "Rank a model's features by permutation and SHAP on held-out rows, with intervals, correlated groups, stability and effect curves. One decision: ml_transparency_explain.",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "which features matter most to the model?",
    "feature importance of the churn model",
    "show me SHAP values for the whole model",
    "how does age influence the predictions?",
    "partial dependence plot for income",
    "permutation importance with confidence intervals",
    "what does the model rely on?",
  ],
  input: z.strictObject({
    model: model(),
    dataset: dataset(),
    methods: rare(
      z
        .array(z.enum(["permutation", "shap"]))
        .min(1)
        .max(2)
        .default(["permutation", "shap"]),
    ),
    metric: rare(
      z
        .enum(["auto", "roc_auc", "accuracy", "balanced_accuracy", "log_loss", "r2", "rmse", "mae"])
        .default("auto")
        .describe("For permutation; `auto`: roc_auc or r2."),
    ),
    repeats: rare(z.int().min(2).max(100).default(10).describe("Shuffles a feature.")),
    curves: rare(z.int().min(0).max(12).default(4).describe("Top features to draw.")),
    max_rows: rare(z.int().min(50).max(100_000).default(2000).describe("Rows sampled.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    model: z.string(),
    dataset: z.string(),
    task: z.enum(["classification", "regression"]),
    target: z.string(),
    rows: z.strictObject({ given: z.int(), used: z.int(), dropped: z.int() }),
    metric: z.string(),
    score: z.number().describe("The metric with nothing shuffled."),
    features: z.array(Feature).describe("Most important first."),
    shap: z
      .strictObject({
        method: z.string(),
        explains: z.string().describe("The number the values add up to."),
        exact: z.boolean(),
        rows: z.int(),
        background_rows: z.int().nullable(),
        residual: z.number().describe("Largest |sum + base − output|."),
        error: z.number().nullable().describe("Mean standard error of a value where sampled."),
      })
      .nullable(),
    correlated: z
      .array(
        z.strictObject({
          columns: z.array(z.string()),
          strongest: z.number(),
          permutation: z.number().nullable(),
          low: z.number().nullable(),
          high: z.number().nullable(),
        }),
      )
      .describe("Columns that stand in for each other, shuffled together."),
    stability: z.number().nullable().describe("Mean rank correlation between repeats."),
    agreement: z
      .strictObject({ kendall_tau: z.number(), top: z.int(), overlap: z.number() })
      .nullable()
      .describe("Of the two methods."),
    curves: z.array(Curve),
    curves_of: z.string(),
    training_rows_seen: z.number().describe("Share of the rows that the model was trained on."),
    plots: z.array(Artifact),
    notes: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  details: ({ model, dataset }, result) => ({
    evaluator: "ml_interpretability_importance",
    scope: `${model} on ${dataset}`,
    count: result?.rows.used ?? 0,
  }),
  summarize: (result) => {
    const { shap, agreement } = result;
    const digits = (value: number) => String(Number(value.toPrecision(3)));
    const interval = (low: number | null, high: number | null) =>
      low === null || high === null ? "" : ` [${digits(low)}, ${digits(high)}]`;
    return [
      `${result.model} on ${result.dataset}: ${result.rows.used} of ${result.rows.given} rows; ${result.metric} ${digits(result.score)} with nothing shuffled.`,
      "Feature: loss of the metric when shuffled [95 % interval]; mean |SHAP|:",
      ...result.features
        .slice(0, 20)
        .map(
          (one) =>
            `  ${one.column}: ${one.permutation === null ? "–" : digits(one.permutation)}${interval(one.low, one.high)}; ${one.shap === null ? "–" : digits(one.shap)}${one.group === null ? "" : ` (correlated group ${one.group + 1})`}`,
        ),
      ...(result.features.length > 20 ? [`  … and ${result.features.length - 20} more in the structured result.`] : []),
      ...(shap
        ? [
            `SHAP: ${shap.method}${shap.exact ? ", exact" : `, sampled (standard error ${digits(shap.error ?? 0)})`}, of ${shap.explains}; ${shap.rows} rows; largest additivity residual ${digits(shap.residual)}.`,
          ]
        : []),
      ...result.correlated.map(
        (group, index) =>
          `Correlated group ${index + 1}: ${group.columns.join(", ")} (association up to ${digits(group.strongest)})${group.permutation === null ? "" : `; shuffled together ${digits(group.permutation)}${interval(group.low, group.high)}`}.`,
      ),
      ...(result.stability === null
        ? []
        : [`Stability: rank correlation ${digits(result.stability)} between repeats.`]),
      ...(agreement
        ? [
            `The methods agree with Kendall's tau ${digits(agreement.kendall_tau)}; ${digits(agreement.overlap)} of the top ${agreement.top} are the same.`,
          ]
        : []),
      ...result.curves.map(
        (curve) =>
          `${curve.column} (${curve.kind === "partial_dependence" ? "partial dependence" : "ALE"} of ${result.curves_of}): ${curve.shape}`,
      ),
      ...result.notes.map((note) => `Note: ${note}`),
      ...result.warnings.map((warning) => `Warning: ${warning}`),
    ].join("\n");
  },
});
