import { z } from "zod";
import { Artifact, columns, dataset, job, model, rare, seed } from "../../kernel/fields.ts";
import { Task } from "../../kernel/manifest.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { chance, digits, Interval, noted, Sizes } from "./fields.ts";

const ClassScore = z
  .strictObject({ label: z.string(), precision: z.number(), recall: z.number(), f1: z.number(), rows: z.int() })
  .meta({ id: "ClassScore" });

const Slice = z
  .strictObject({
    slice: z.string(),
    rows: z.int(),
    metric: z.number().describe("Accuracy, or RMSE, in the slice."),
    rest: z.number().describe("The same outside it."),
    effect: z.number().describe("Standardised difference of loss (Cohen's d)."),
    p_adjusted: z.number().describe("Welch's t-test, Holm-corrected over all slices tried."),
  })
  .meta({ id: "Slice" });

const Operating = z
  .strictObject({
    threshold: z.number(),
    cost: z.number().describe("Mean cost a row."),
    precision: z.number(),
    recall: z.number(),
  })
  .meta({ id: "Operating" });

export default pythonTool({
  name: "ml_training_evaluate",
  title: "Evaluate a model",
  description:
    "Measure a model on held-out rows: metrics with intervals beside a baseline, calibration, threshold by cost, worst slices, paired test against another. Next: ml_safety_fairness.",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "how good is the churn model on the test set?",
    "evaluate the model with confidence intervals",
    "is model A significantly better than model B?",
    "show me the confusion matrix and ROC curve",
    "which threshold is cheapest if a miss costs five times a false alarm?",
    "on which subgroups does the model fail most?",
    "check the calibration of the classifier",
  ],
  input: z.strictObject({
    model: model(),
    dataset: dataset(),
    compare_to: model("Another model.").optional(),
    cost_fp: rare(z.number().min(0).default(1).describe("Cost of a false positive.")),
    cost_fn: rare(z.number().min(0).default(1).describe("Cost of a false negative.")),
    slice_by: rare(columns("Only look for slices in these.").optional()),
    resamples: rare(z.int().min(100).max(10_000).default(1000).describe("Bootstrap resamples.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    metrics: z.record(z.string(), z.number()).describe("Metric to value."),
    intervals: z.array(Interval).describe("95 %, bias-corrected bootstrap."),
    resamples: z.int(),
    task: Task,
    model: z.string(),
    dataset: z.string(),
    target: z.string().nullable(),
    positive: z.string().nullable(),
    rows: z.strictObject({ given: z.int(), scored: z.int(), dropped: z.int() }),
    confusion: z
      .strictObject({
        labels: z.array(z.string()),
        counts: z.array(z.array(z.int())).describe("Rows true, columns predicted."),
      })
      .nullable(),
    per_class: z.array(ClassScore),
    threshold: z
      .strictObject({ cost_fp: z.number(), cost_fn: z.number(), best: Operating, at_half: Operating })
      .nullable()
      .describe("Binary only."),
    calibration: z
      .array(z.strictObject({ predicted: z.number(), observed: z.number(), rows: z.int() }))
      .describe("Reliability, ten equal-count bins; binary only."),
    residuals: z
      .strictObject({
        mean: z.number(),
        sd: z.number(),
        skew: z.number(),
        p05: z.number(),
        median: z.number(),
        p95: z.number(),
        worst: z.number(),
      })
      .nullable(),
    slices: z.array(Slice).describe("Where it is worst, worst first."),
    slices_tried: z.int(),
    comparison: z
      .strictObject({
        model: z.string(),
        test: z.string(),
        statistic: z.string(),
        p_value: z.number(),
        verdict: z.enum(["better", "worse", "no difference shown"]),
        differences: z
          .array(z.strictObject({ metric: z.string(), difference: z.number(), low: z.number(), high: z.number() }))
          .describe("This model minus the other, paired bootstrap."),
      })
      .nullable(),
    sizes: Sizes,
    shift: z
      .array(z.strictObject({ column: z.string(), psi: z.number() }))
      .describe("Columns unlike the training data, by population stability index."),
    training_rows_seen: z.number().min(0).max(1).describe("Share of these rows that were trained on."),
    plot: Artifact,
    notes: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  details: ({ model, dataset }, result) => ({
    evaluator: "ml_training_evaluate",
    scope: `${model} on ${dataset}`,
    count: result?.rows.scored ?? 0,
  }),
  summarize: (result) => {
    const { confusion, threshold, comparison, residuals } = result;
    const operating = (at: { threshold: number; cost: number; precision: number; recall: number }) =>
      `${digits(at.threshold)} (cost ${digits(at.cost)} a row, precision ${digits(at.precision)}, recall ${digits(at.recall)})`;
    return [
      `${result.model} on ${result.dataset}: ${result.task}${result.target === null ? "" : ` of \`${result.target}\``}${result.positive === null ? "" : `, positive class ${result.positive}`}; ${result.rows.scored} of ${result.rows.given} rows. 95 % intervals from ${result.resamples} resamples (baseline):`,
      ...result.intervals.map(
        ({ metric, value, low, high, baseline }) =>
          `  ${metric} ${digits(value)}${low === null || high === null ? "" : ` [${digits(low)}, ${digits(high)}]`}${baseline === null ? "" : ` (${digits(baseline)})`}`,
      ),
      ...(confusion
        ? [
            `Confusion (rows true, columns predicted): ${confusion.labels.map((label, row) => `${label}: ${confusion.counts[row]?.join(" ") ?? ""}`).join("; ")}.`,
          ]
        : []),
      ...(result.per_class.length > 2
        ? [
            `Per class (precision/recall/F1): ${result.per_class.map((one) => `${one.label} ${digits(one.precision)}/${digits(one.recall)}/${digits(one.f1)}`).join(", ")}.`,
          ]
        : []),
      ...(threshold
        ? [
            `Cheapest threshold at cost ${threshold.cost_fp} a false positive, ${threshold.cost_fn} a false negative: ${operating(threshold.best)}; at 0.5: ${operating(threshold.at_half)}.`,
          ]
        : []),
      ...(residuals
        ? [
            `Residuals: mean ${digits(residuals.mean)}, sd ${digits(residuals.sd)}, 5-95 % ${digits(residuals.p05)} to ${digits(residuals.p95)}, largest ${digits(residuals.worst)}.`,
          ]
        : []),
      ...(Object.keys(result.sizes).length
        ? [
            `Rows: ${Object.entries(result.sizes)
              .map(([label, rows]) => `${label} ${rows}`)
              .join(", ")}.`,
          ]
        : []),
      ...(result.slices.length
        ? [
            `Worst slices (of ${result.slices_tried} tried):`,
            ...result.slices
              .slice(0, 5)
              .map(
                (one) =>
                  `  ${one.slice}: ${digits(one.metric)} against ${digits(one.rest)}, ${one.rows} rows, p ${chance(one.p_adjusted)}`,
              ),
          ]
        : result.slices_tried > 0
          ? [`No slice of ${result.slices_tried} is shown to be worse.`]
          : []),
      ...(comparison
        ? [
            `Against ${comparison.model}: ${comparison.verdict} (${comparison.test}: ${comparison.statistic}, p ${chance(comparison.p_value)}); ${comparison.differences.map((one) => `${one.metric} ${digits(one.difference)} [${digits(one.low)}, ${digits(one.high)}]`).join(", ")}.`,
          ]
        : []),
      ...noted(result.notes, result.warnings),
      `Plot: ${result.plot.path}`,
    ].join("\n");
  },
});
