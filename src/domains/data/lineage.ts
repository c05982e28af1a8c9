import { z } from "zod";
import { ToolError } from "../../kernel/errors.ts";
import { asset, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { ACTIONS, OpResult } from "./lineage/actions.ts";
import { Hop } from "./lineage/columns.ts";
import { LineageReport } from "./lineage/result.ts";
import { words } from "./lineage/words.ts";

const FULL_DEPTH = 100;

const Params = z.strictObject({
  action: z
    .enum(["show", "impact", "columns", "versions", "diff", "tag", "rollback", "export"])
    .default("show")
    .describe("See above."),
  asset: asset("`name` or `name@version`."),
  other: rare(asset("diff: with this version. Default: the one before.").optional()),
  column: z.string().max(256).optional().describe("This one alone."),
  tag: rare(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, "a tag starts with a letter and has letters, digits, `_`, `.` and `-`")
      .optional()
      .describe("Then `name@tag` means this version."),
  ),
  direction: rare(z.enum(["up", "down", "both"]).default("both")),
  depth: rare(z.int().min(1).max(FULL_DEPTH).default(10).describe("Edges to follow.")),
  format: rare(z.enum(["openlineage", "mermaid", "graphviz"]).default("openlineage").describe("export: as this.")),
});

export default nativeTool({
  name: "ml_data_lineage",
  title: "Lineage and versions",
  description:
    "What data and models were made from and used for, as recorded: `show`, `impact` downstream, sources of `columns`; `versions`, their `diff`, `tag`, `rollback`; `export`.",
  effect: {
    show: "reads",
    impact: "reads",
    columns: "reads",
    versions: "reads",
    diff: "reads",
    tag: "creates",
    rollback: "creates",
    export: "reads",
  },
  action: "DataPipeline",
  examples: [
    "where does this dataset come from?",
    "show the lineage of the churn model",
    "which source columns feed this column?",
    "what breaks if I change this dataset?",
    "list the versions of loans",
    "what changed between version 1 and 2 of the data?",
    "go back to the previous version of the dataset",
    "export the lineage as OpenLineage events",
  ],
  input: Params,
  output: LineageReport,
  op: {
    params: z.strictObject({
      hops: z.array(Hop),
      pair: z.strictObject({ before: z.string(), after: z.string() }).optional(),
    }),
    result: OpResult,
  },
  details: ({ action, asset }) => ({ action: `lineage:${action}`, dataset: asset, contains_pii: null }),
  summarize: words,
  run: async (params, ports) => {
    const subject = ports.catalog.at(params.asset);
    if (subject === undefined) throw new ToolError("not_found", "asset: it is no longer there.", "List what there is.");
    return { action: params.action, asset: subject.ref, ...(await ACTIONS[params.action](params, subject, ports)) };
  },
});
