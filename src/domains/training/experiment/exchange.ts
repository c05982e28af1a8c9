import { z } from "zod";
import { Test } from "./result.ts";

const Point = z.strictObject({ key: z.string(), step: z.int(), time: z.int(), value: z.number() }).meta({
  id: "RunPoint",
});

export const RunInput = z
  .strictObject({
    kind: z.string(),
    name: z.string(),
    version: z.int().nullable(),
    hash: z.string().nullable(),
  })
  .meta({ id: "RunInput" });

/** A run as it crosses between the workspace and an MLflow store; times are milliseconds since 1970. */
export const CarriedRun = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    tool: z.string(),
    status: z.enum(["RUNNING", "FINISHED", "FAILED", "CANCELLED"]),
    started: z.int(),
    ended: z.int().nullable(),
    source: z.string().nullable().describe("Its id in the MLflow store it was read from."),
    parent: z.string().nullable(),
    note: z.string(),
    params: z.record(z.string(), z.string()),
    tags: z.record(z.string(), z.string()),
    metrics: z.array(Point),
    inputs: z.array(RunInput),
    info: z.string().describe("As JSON."),
  })
  .meta({ id: "CarriedRun" });
export type CarriedRun = z.infer<typeof CarriedRun>;

/** What the Python part is asked: to test folds, to write runs to an MLflow store, or to read a page of its runs. */
export const OpParams = z.strictObject({
  metrics: z.array(z.strictObject({ metric: z.string(), first: z.array(z.number()), second: z.array(z.number()) })),
  write: z
    .strictObject({
      store: z.string(),
      experiment: z.string(),
      description: z.string(),
      runs: z.array(CarriedRun),
    })
    .meta({ id: "RunsToWrite" })
    .optional(),
  read: z
    .strictObject({ store: z.string(), experiment: z.string(), page: z.string().nullable() })
    .meta({ id: "RunsToRead" })
    .optional(),
});

export const OpResult = z.strictObject({
  tests: z.array(Test),
  written: z
    .strictObject({
      added: z.int(),
      updated: z.int(),
      unchanged: z.int(),
      metrics: z.int(),
      warnings: z.array(z.string()),
    })
    .meta({ id: "RunsWritten" })
    .nullable(),
  found: z
    .strictObject({
      description: z.string(),
      runs: z.array(CarriedRun),
      next_page: z.string().nullable(),
      warnings: z.array(z.string()),
    })
    .meta({ id: "RunsFound" })
    .nullable(),
});
