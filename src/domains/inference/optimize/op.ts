import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";

/** What the Python part draws: each setting's last measurement, best first. */
export const OpParams = z.strictObject({
  objective: z.string(),
  tried: z.array(
    z
      .strictObject({
        name: z.string(),
        value: z.number(),
        low: z.number().nullable(),
        high: z.number().nullable(),
        outcome: z.string(),
      })
      .meta({ id: "SettingToDraw" }),
  ),
});

export const OpResult = z.strictObject({ plot: Artifact });
