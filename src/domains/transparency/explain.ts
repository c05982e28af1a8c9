import { z } from "zod";
import { ToolError } from "../../kernel/errors.ts";
import { Artifact, columns, dataset, model, rare, seed } from "../../kernel/fields.ts";
import type { Ports } from "../../kernel/ports.ts";
import { nativeTool } from "../../kernel/tool.ts";

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const Contribution = z
  .strictObject({ column: z.string(), value: Cell, contribution: z.number() })
  .meta({ id: "Contribution" });

const Counterfactual = z
  .strictObject({
    changes: z.array(z.strictObject({ column: z.string(), from: Cell, to: Cell })),
    predicted: Cell,
    score: z.number().describe("Probability of the class wanted, or the predicted number."),
    distance: z.number().describe("Mean change over all features, each scaled to 0..1."),
    nearest_row_distance: z.number().describe("To the nearest real row, same scale."),
  })
  .meta({ id: "Counterfactual" });

const Neighbour = z
  .strictObject({ row: z.int(), distance: z.number(), truth: Cell, predicted: Cell })
  .meta({ id: "Neighbour" });

const Prediction = z
  .strictObject({
    model: z.string(),
    dataset: z.string(),
    row: z.int(),
    target: z.string(),
    predicted: Cell,
    probabilities: z.array(z.strictObject({ label: z.string(), probability: z.number() })),
    truth: Cell,
    explains: z.string().describe("The number the contributions add up to."),
    method: z.string(),
    exact: z.boolean(),
    base: z.number().describe("That number's average, before anything is known."),
    output: z.number().describe("That number for this row."),
    residual: z.number().describe("Output − base − sum of contributions."),
    error: z.number().nullable().describe("Standard error of a contribution where sampled."),
    contributions: z.array(Contribution).describe("Largest first."),
    counterfactuals: z.array(Counterfactual),
    wanted: z.string().nullable(),
    neighbours: z.array(Neighbour).describe("Most similar rows."),
    agreement: z.number().nullable().describe("Share of neighbours predicted alike."),
    unusual: z.number().describe("Share of rows that lie closer to their nearest row than this one does."),
    plot: Artifact,
    text: z.string(),
    warnings: z.array(z.string()),
  })
  .meta({ id: "Prediction" });

const Choice = z
  .strictObject({
    seq: z.int(),
    time: z.string(),
    tool: z.string(),
    type: z.string(),
    subject: z.string(),
    chosen: z.string(),
    alternatives: z.array(z.strictObject({ name: z.string(), score: z.number().nullable() })),
    rationale: z.string(),
    hash: z.string().describe("Of the record; ml_transparency_audit verifies it."),
  })
  .meta({ id: "Choice" });

const asked = {
  model: model(),
  dataset: dataset("Holds the row."),
  row: z.int().min(0).describe("From 0."),
  values: rare(z.record(z.string(), Cell).default({}).describe("Cells to replace in the row first.")),
  immutable: columns("Columns not to change.").default([]),
  want: rare(z.string().max(256).optional().describe("Class wanted; for regression `>200` or `<150`.")),
  counterfactuals: rare(z.int().min(0).max(8).default(3).describe("Most to find.")),
  seed,
};

export default nativeTool({
  name: "ml_transparency_explain",
  title: "Explain one decision",
  description:
    "Why a model answered so for a row (`prediction`: SHAP, smallest changes that flip it, similar rows), or why the system chose (`choice`: alternatives from the record).",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "why was this applicant rejected?",
    "explain the prediction for row 12",
    "what would have to change for the loan to be approved?",
    "give me a counterfactual explanation",
    "why did you choose lightgbm?",
    "explain the decision of that run",
    "which similar customers were predicted the same?",
  ],
  input: z.strictObject({
    action: z.enum(["prediction", "choice"]).default("prediction").describe("See above."),
    ...asked,
    model: asked.model.optional(),
    dataset: asked.dataset.optional(),
    row: asked.row.optional(),
    call_id: rare(z.string().max(64).optional().describe("For `choice`: the call, or")),
    run_id: rare(z.string().max(64).optional().describe("the run; default the model's run.")),
  }),
  output: z.strictObject({
    action: z.enum(["prediction", "choice"]),
    prediction: Prediction.nullable(),
    choices: z.array(Choice),
    text: z.string(),
  }),
  op: { params: z.strictObject(asked), result: Prediction },
  details: ({ action, model, call_id, run_id }, result) => ({
    evaluator: "ml_transparency_explain",
    scope: action === "prediction" ? (model ?? "unknown") : (call_id ?? run_id ?? model ?? "unknown"),
    count: result ? result.choices.length + (result.prediction ? 1 : 0) : 0,
  }),
  summarize: ({ text }) => text,
  run: async (params, ports) => {
    const { action, call_id, run_id, ...rest } = params;
    if (action === "choice") return choice(params, ports);
    for (const [field, value] of Object.entries({ call_id, run_id })) {
      if (value !== undefined)
        throw new ToolError(
          "invalid_input",
          `${field}: action \`prediction\` does not take it.`,
          "Use action `choice` to explain what the system chose.",
        );
    }
    const { model, dataset, row } = rest;
    if (model === undefined || dataset === undefined || row === undefined) {
      const missing = Object.entries({ model, dataset, row }).flatMap(([field, value]) =>
        value === undefined ? [field] : [],
      );
      throw new ToolError(
        "invalid_input",
        `${missing.join(", ")}: action \`prediction\` needs ${missing.length > 1 ? "them" : "it"}.`,
        "Name the model, a dataset, and the position of one of its rows.",
      );
    }
    const prediction = Prediction.parse(await ports.python({ ...rest, model, dataset, row }));
    return { action, prediction, choices: [], text: prediction.text };
  },
});

/** What the system chose and why, as it was recorded when it chose. */
async function choice(
  params: { call_id?: string | undefined; run_id?: string | undefined; model?: string | undefined },
  { catalog, events }: Ports,
) {
  const { call_id } = params;
  const run_id = params.run_id ?? (call_id === undefined ? runOf(params.model, catalog) : undefined);
  if (call_id === undefined && run_id === undefined) {
    throw new ToolError(
      "invalid_input",
      "call_id, run_id, model: action `choice` needs one of them.",
      "ml_transparency_audit lists the decisions on record.",
    );
  }
  const found = events.query({ kind: "decision", call_id, run_id, order: "oldest", limit: 20 });
  if (found.items.length === 0) {
    throw new ToolError(
      "not_found",
      `No decision is on record for ${call_id === undefined ? `run ${run_id}` : `call ${call_id}`}.`,
      "ml_transparency_audit with action `query` and kind `decision` lists those there are.",
    );
  }
  const choices = found.items.flatMap(({ seq, time, tool, hash, body }) => {
    const { details } = body;
    if (!("alternatives" in details)) return [];
    const { type, alternatives, rationale } = details;
    return [{ seq, time, tool, type, ...named(details), alternatives, rationale, hash }];
  });
  const left = found.total - choices.length;
  const lines = choices.flatMap((one) => [
    `${one.time}, ${one.tool} (event ${one.seq}, ${one.type}): ${one.subject}: ${one.chosen}.`,
    `  Why: ${one.rationale}`,
    `  Considered, best first: ${one.alternatives.map(({ name, score }) => (score === null ? name : `${name} ${Number(score.toPrecision(4))}`)).join(", ") || "nothing else"}.`,
  ]);
  const text = [
    ...lines,
    ...(left > 0 ? [`${left} later decisions are left out; ml_transparency_audit lists them.`] : []),
    "This is the record made when it was chosen, not a reconstruction.",
  ].join("\n");
  return { action: "choice" as const, prediction: null, choices, text };
}

/** The run that made the model in a registered model's folder. */
function runOf(folder: string | undefined, catalog: Ports["catalog"]): string | undefined {
  if (folder === undefined) return undefined;
  const [version, name] = folder.split("/").reverse();
  const run = catalog.find("model", `${name}@${version}`)?.manifest["run_id"];
  return typeof run === "string" ? run : undefined;
}

type Recorded = Extract<Parameters<Ports["decide"]>[0], { type: string }>;

/** What a decision was about and what came out, whatever its kind. */
function named(decision: Recorded): { subject: string; chosen: string } {
  switch (decision.type) {
    case "ModelSelection":
      return { subject: decision.task, chosen: decision.selected };
    case "RetrievalStrategy":
      return { subject: "retrieval strategy", chosen: decision.strategy };
    case "SafetyOverride":
      return { subject: `override of ${decision.rule} by ${decision.by}`, chosen: decision.reason };
    case "EvaluationJudgement":
      return { subject: decision.subject, chosen: decision.verdict };
  }
}
