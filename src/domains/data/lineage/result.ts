import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";
import { ASSET_KINDS } from "../../../kernel/record.ts";
import { ColumnSource } from "./columns.ts";
import { Difference, Version } from "./versions.ts";

/** What ml_data_lineage answers; each action fills its part. */
export const LineageReport = z.strictObject({
  action: z.string(),
  asset: z.string(),
  nodes: z
    .array(
      z.strictObject({
        ref: z.string(),
        kind: z.enum([...ASSET_KINDS, "file"]),
        columns: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  edges: z.array(z.strictObject({ from: z.string(), to: z.string(), tool: z.string(), event: z.int() })).optional(),
  mermaid: z.string().optional(),
  columns: z.array(z.strictObject({ column: z.string(), from: z.array(ColumnSource) })).optional(),
  rows_from: z.array(ColumnSource).optional().describe("What decided which rows there are."),
  versions: z.array(Version).optional(),
  difference: Difference.extend({ before: z.string(), after: z.string() }).optional(),
  file: Artifact.optional(),
  warnings: z.array(z.string()),
});
export type LineageReport = z.infer<typeof LineageReport>;
