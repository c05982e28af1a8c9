import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";

const Band = z
  .strictObject({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() })
  .meta({ id: "Band" });

/** What the Python part draws: speed against quality, or speed and time to the first token where nobody judged. */
export const OpParams = z.strictObject({
  quality: z.string().describe("What it is; empty where there is none."),
  targets: z.array(
    z
      .strictObject({
        name: z.string(),
        quality: Band.nullable(),
        tokens_per_second: Band,
        ttft_ms: Band,
        front: z.boolean(),
      })
      .meta({ id: "TargetToDraw" }),
  ),
});

export const OpResult = z.strictObject({ plot: Artifact });
