import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";

export const RunSummary = z
  .strictObject({
    run_id: z.string(),
    name: z.string(),
    experiment: z.string(),
    tool: z.string(),
    status: z.enum(["RUNNING", "FINISHED", "FAILED", "CANCELLED"]),
    started: z.string(),
    ended: z.string().nullable(),
    metrics: z.record(z.string(), z.number()),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    tags: z.record(z.string(), z.string()),
    note: z.string(),
  })
  .meta({ id: "RunSummary" });
export type RunSummary = z.infer<typeof RunSummary>;

export const Series = z
  .strictObject({ run_id: z.string(), key: z.string(), steps: z.array(z.int()), values: z.array(z.number()) })
  .meta({ id: "MetricSeries" });
export type Series = z.infer<typeof Series>;

export const Test = z
  .strictObject({
    metric: z.string(),
    folds: z.int(),
    difference: z.number(),
    statistic: z.number(),
    p_value: z.number().min(0).max(1),
    verdict: z.string(),
  })
  .meta({ id: "FoldTest" });

const Mirrored = z
  .strictObject({
    store: z.string().describe("Without credentials."),
    experiments: z.array(z.string()),
    added: z.int().describe("Runs that were not there."),
    updated: z.int().describe("Runs that were there and gained something."),
    unchanged: z.int(),
    metrics: z.int().describe("Values of metrics added."),
    warnings: z.array(z.string()),
  })
  .meta({ id: "MlflowExchange" });
export type Mirrored = z.infer<typeof Mirrored>;

export const ExperimentResult = z.strictObject({
  action: z.string(),
  experiments: z.array(z.strictObject({ name: z.string(), description: z.string(), runs: z.int() })).optional(),
  runs: z.array(RunSummary).optional(),
  total: z.int().optional(),
  next_cursor: z.string().optional(),
  info: z.record(z.string(), z.unknown()).optional().describe("Data, environment and machine: what a rerun needs."),
  curves: z.array(Series).optional().describe("Metrics logged over more than one step."),
  differing_params: z.array(z.string()).optional(),
  tests: z.array(Test).optional().describe("Corrected resampled t-test over shared folds (Nadeau & Bengio 2003)."),
  mlflow: Mirrored.optional().describe("What mirror or import brought over."),
  file: Artifact.optional(),
});
export type ExperimentResult = z.infer<typeof ExperimentResult>;
