import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";
import { Spread } from "./figures.ts";

export const Batch = z
  .strictObject({ rows: z.int(), ms: Spread, rows_per_second: z.number() })
  .meta({ id: "BatchSpeed" });

/** What the Python part is asked: to time a tabular model's predictions, or to draw a server's speed by load. */
export const OpParams = z.strictObject({
  measure: z
    .strictObject({
      model: z.string(),
      batches: z.array(z.int()).describe("Rows at once."),
      requests: z.int().describe("Predictions of each."),
      warmup: z.int(),
    })
    .meta({ id: "PredictionsToTime" })
    .optional(),
  loads: z
    .array(
      z
        .strictObject({ load: z.string(), tokens_per_second: z.number(), ttft_ms: Spread, tpot_ms: Spread })
        .meta({ id: "LoadSpeed" }),
    )
    .default([]),
});

export const OpResult = z.strictObject({
  batches: z.array(Batch),
  memory_bytes: z.number().nullable().describe("That the model added."),
  plot: Artifact,
});
