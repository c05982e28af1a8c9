import { z } from "zod";
import { cursor, limit, rare, tracking } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { ACTIONS } from "./experiment/actions.ts";
import { OpParams, OpResult } from "./experiment/exchange.ts";
import { ExperimentResult } from "./experiment/result.ts";
import { words } from "./experiment/words.ts";

export default nativeTool({
  name: "ml_training_experiment",
  title: "Runs and experiments",
  description:
    "Runs of training and sweeps: `search` (MLflow's filters), `best`, `compare` over folds, `info` for a rerun; `mirror` to, `import` from MLflow.",
  effect: {
    create: "creates",
    list: "reads",
    search: "reads",
    show: "reads",
    compare: "reads",
    best: "reads",
    note: "creates",
    tag: "creates",
    info: "reads",
    archive: "creates",
    export: "reads",
    mirror: "network",
    import: "network",
  },
  action: "EvaluationRun",
  examples: [
    "compare my last two runs",
    "which run had the best AUC?",
    "list my experiments",
    "show all lightgbm runs with accuracy above 0.9",
    "add a note to this run",
    "what do I need to reproduce that run?",
    "mirror my runs to the MLflow tracking server",
    "import the runs of an MLflow experiment",
  ],
  input: z.strictObject({
    action: z
      .enum([
        "create",
        "list",
        "search",
        "show",
        "compare",
        "best",
        "note",
        "tag",
        "info",
        "archive",
        "export",
        "mirror",
        "import",
      ])
      .describe("See above."),
    experiment: z.string().min(1).max(500).optional().describe("Its name."),
    runs: z.array(z.string().min(1).max(64)).min(1).max(10).optional().describe("Run ids."),
    filter: z.string().max(1000).optional().describe("metrics.roc_auc > 0.9 AND params.family = 'svm'"),
    order_by: z.string().max(200).optional().describe("metrics.roc_auc DESC"),
    store: rare(tracking("MLflow's: sqlite:///…, folder or URL.").optional()),
    metric: rare(z.string().max(200).optional().describe("best: by this one.")),
    minimize: rare(z.boolean().default(false).describe("best: less is better.")),
    text: rare(z.string().max(4000).optional().describe("The note; create: a description.")),
    tags: rare(z.record(z.string().max(100), z.string().max(500)).optional().describe("tag: names to values.")),
    format: rare(z.enum(["json", "csv"]).default("json").describe("export: as this.")),
    limit,
    cursor,
  }),
  output: ExperimentResult,
  op: { params: OpParams, result: OpResult },
  details: ({ action, experiment }, result) => ({
    evaluator: "experiment",
    scope: experiment ? `${action}:${experiment}` : action,
    count: result?.runs?.length ?? result?.experiments?.length ?? 0,
  }),
  summarize: words,
  run: async (params, ports) => ({ action: params.action, ...(await ACTIONS[params.action](params, ports)) }),
});
