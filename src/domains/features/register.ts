import { z } from "zod";
import { cursor, dataset, featureView, file, limit, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { ACTIONS, OpResult } from "./register/actions.ts";
import { RegisterReport } from "./register/result.ts";
import { words } from "./register/words.ts";

export default nativeTool({
  name: "ml_features_register",
  title: "Feature registry",
  description:
    "Feature views: `list`, `show` with lineage, `diff` of versions, `stage`, `deprecate`, `drift` of values since; `import_feast`, `export_feast` definitions.",
  effect: {
    list: "reads",
    show: "reads",
    diff: "reads",
    stage: "creates",
    deprecate: "creates",
    drift: "reads",
    import_feast: "creates",
    export_feast: "reads",
  },
  action: "DataPipeline",
  examples: [
    "list the feature views",
    "search the feature registry for spending",
    "promote the feature view to production",
    "deprecate this feature view",
    "which models use these features?",
    "what changed between versions of the feature view?",
    "import our Feast repository",
    "have the feature statistics drifted since registration?",
  ],
  input: z.strictObject({
    action: z
      .enum(["list", "show", "diff", "stage", "deprecate", "drift", "import_feast", "export_feast"])
      .describe("See above."),
    view: featureView("Feature view.").optional(),
    query: z.string().max(200).optional().describe("list: to contain."),
    other: rare(featureView("diff: with this one. Default: the version before.").optional()),
    stage: rare(z.enum(["development", "staging", "production", "archived"]).optional()),
    reason: rare(z.string().max(500).optional().describe("deprecate: why, and what instead.")),
    source: rare(dataset("drift: newer rows; import_feast: the views' source.").optional()),
    file: rare(file("import_feast: Python definitions, read, never run.").optional()),
    limit,
    cursor,
  }),
  output: RegisterReport,
  op: {
    params: z.strictObject({
      action: z.enum(["drift", "import_feast", "export_feast"]),
      view: z.string().optional(),
      source: z.string().optional(),
      file: z.string().optional(),
    }),
    result: OpResult,
  },
  details: ({ action, view }, result) => ({
    action: `features:${action}`,
    dataset: result?.views?.[0]?.source ?? view ?? "all",
    contains_pii: null,
  }),
  summarize: words,
  run: async (params, ports) => ({ action: params.action, ...(await ACTIONS[params.action](params, ports)) }),
});
