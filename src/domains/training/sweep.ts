import { z } from "zod";
import { Artifact, dataset, job, newModel, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { Dimension, design, digits, FAMILIES, LeftOut, metrics, noted, params, Rows, Settings } from "./fields.ts";

const Trial = z
  .strictObject({ trial: z.int(), score: z.number(), sd: z.number(), seconds: z.number(), params: Settings })
  .meta({ id: "Trial" });

export default pythonTool({
  name: "ml_training_sweep",
  title: "Search for the best settings",
  description:
    "Search one family's hyperparameters by cross-validation (Optuna), refit the best and register it. Next: ml_training_evaluate on held-out rows.",
  effect: "creates",
  action: "ModelTraining",
  examples: [
    "tune the hyperparameters of lightgbm on churn",
    "run a bayesian hyperparameter search",
    "find the best learning rate and depth",
    "grid search C for logistic regression",
    "which hyperparameters matter most?",
    "optimize the random forest for an hour",
  ],
  opensRun: true,
  input: z.strictObject({
    dataset: dataset(),
    ...design,
    folds: rare(design.folds.default(3)),
    family: z.enum(FAMILIES).default("lightgbm").describe("To tune."),
    params: params.describe("Settings held fixed."),
    space: z
      .record(z.string(), Dimension)
      .optional()
      .describe("Parameter to {type: int|float|categorical, low, high, log, choices}."),
    sampler: rare(
      z.enum(["tpe", "random", "grid", "cmaes", "nsga2", "qmc", "gp"]).default("tpe").describe("Search strategy."),
    ),
    pruner: rare(z.enum(["median", "hyperband", "asha", "none"]).default("median").describe("Ends poor trials early.")),
    second_metric: rare(z.string().max(32).optional().describe("Also by this, or by `seconds`.")),
    workers: rare(z.int().min(1).max(16).default(1).describe("Processes.")),
    trials: z.int().min(1).max(10_000).default(30).describe("At most."),
    time_budget_seconds: rare(z.number().min(1).max(86_400).default(60).describe("No trial starts after it.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    run_id: z.string(),
    model: newModel("The best settings fitted on all rows, registered."),
    task: z.enum(["classification", "regression"]),
    target: z.string(),
    family: z.string(),
    framework: z.string(),
    model_type: z.string(),
    metric: z.string(),
    direction: z.enum(["maximize", "minimize"]),
    metrics,
    metrics_sd: metrics,
    baseline: metrics,
    default_score: z.number().nullable().describe("The metric with default settings, same folds."),
    best: z.strictObject({ trial: z.int(), score: z.number(), params: Settings }),
    top: z.array(Trial).describe("Up to ten best trials."),
    trials: z.strictObject({ planned: z.int(), complete: z.int(), pruned: z.int(), failed: z.int() }),
    pareto: z
      .array(Trial.extend({ second: z.number() }).meta({ id: "ParetoTrial" }))
      .describe("Trials that no other beats in both metrics."),
    importance: z
      .record(z.string(), z.number().min(0).max(1))
      .describe("Share of the score's variation a parameter accounts for."),
    importance_method: z.string().nullable(),
    rows: Rows,
    left_out: z.array(LeftOut),
    plot: Artifact,
    report: Artifact,
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
    const { trials, best } = result;
    const settings = (values: Record<string, unknown>) =>
      Object.entries(values)
        .map(([name, value]) => `${name}=${typeof value === "number" ? digits(value) : String(value)}`)
        .join(" ");
    return [
      `${result.model}: ${result.family} (${result.model_type}) ${result.task} of \`${result.target}\`; run ${result.run_id}; ${digits(result.seconds)} s.`,
      `Best of ${trials.complete} complete trials (${trials.pruned} pruned, ${trials.failed} failed, ${trials.planned} planned), ${result.direction} ${result.metric}: ${digits(best.score)}${result.default_score === null ? "" : `; default settings ${digits(result.default_score)}`}${result.metric in result.baseline ? `; baseline ${digits(result.baseline[result.metric] ?? 0)}` : ""}.`,
      `Settings: ${settings(best.params)}`,
      `Top: ${result.top
        .slice(0, 5)
        .map((trial) => `#${trial.trial} ${digits(trial.score)} ± ${digits(trial.sd)} (${settings(trial.params)})`)
        .join("; ")}`,
      ...(result.pareto.length
        ? [
            `No other trial beats in both: ${result.pareto
              .slice(0, 8)
              .map(
                (trial) =>
                  `#${trial.trial} ${digits(trial.score)} / ${digits(trial.second)} (${settings(trial.params)})`,
              )
              .join("; ")}`,
          ]
        : []),
      ...(result.importance_method ? [`Importance (${result.importance_method}): ${settings(result.importance)}`] : []),
      ...(result.left_out.length
        ? [`Left out: ${result.left_out.map(({ column, reason }) => `${column} (${reason})`).join(", ")}.`]
        : []),
      ...noted(result.notes, result.warnings),
      `Plot: ${result.plot.path}`,
      `${result.report.title}: ${result.report.path}`,
      "Next: ml_training_evaluate on rows it has not seen; the score here chose the settings and is too kind.",
    ].join("\n");
  },
});
