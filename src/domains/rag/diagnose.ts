import { z } from "zod";
import { MODES } from "../../kernel/collections.ts";
import { rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { warned } from "../../kernel/words.ts";
import { diagnose } from "./diagnose/diagnose.ts";
import { collection } from "./fields.ts";

/** Where on its way from file to answer a passage was lost, in the order of the way. */
const STAGES = ["ingest", "chunking", "filter", "retrieval", "fusion", "rerank", "budget", "answer", "none"] as const;

const Params = z.strictObject({
  collection: collection(),
  query: z
    .string()
    .min(1)
    .max(10_000)
    .optional()
    .describe("The question that fails; without it the collection's health."),
  document: z.string().max(1024).optional().describe("The document that answers it."),
  passage: rare(z.string().min(1).max(20_000).optional().describe("The words in it that answer.")),
  k: rare(z.int().min(1).max(1000).default(10).describe("As asked.")),
  strategy: rare(
    z
      .enum(["auto", ...MODES])
      .default("auto")
      .describe("As asked."),
  ),
  filter: rare(z.string().max(2000).optional().describe("As asked.")),
  token_budget: rare(z.int().min(50).max(200_000).default(2000).describe("As asked.")),
  queries: rare(z.array(z.string().min(1).max(10_000)).max(10).default([]).describe("As asked.")),
  rerank: rare(z.string().min(1).max(1024).default("none").describe("As asked.")),
  answer_text: rare(z.string().min(1).max(20_000).optional().describe("The answer that was given.")),
});
export type DiagnoseParams = z.output<typeof Params>;

const Diagnosis = z.strictObject({
  collection: z.string(),
  lost_at: z
    .enum(STAGES)
    .nullable()
    .describe("answer: it is in the context, but ignored or contradicted; none: in the context. Null: health only."),
  evidence: z.array(z.string()),
  fix: z.array(z.string()).describe("What to do, the likeliest first."),
  ranks: z
    .strictObject({ vector: z.int().nullable(), fulltext: z.int().nullable(), fused: z.int().nullable() })
    .describe("Of the document's best chunk."),
  health: z.array(
    z.strictObject({
      check: z.string(),
      ok: z.boolean(),
      found: z.string(),
      examples: z.array(z.string()),
      fix: z.string(),
    }),
  ),
  warnings: z.array(z.string()),
});
export type Diagnosis = z.output<typeof Diagnosis>;

export default nativeTool({
  name: "ml_rag_diagnose",
  title: "Why retrieval fails",
  description:
    "For a question that fails and the document that answers it: the stage that lost it, the evidence and the fix. Without a question: the collection's health (duplicates, over-long or orphaned chunks, drifted vectors, rows no index knows, recall).",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "why does retrieval not find the refund policy?",
    "the right document is never retrieved for this question",
    "is my document collection healthy?",
    "are there duplicate chunks in the index?",
    "why was this passage not in the context?",
  ],
  input: Params,
  output: Diagnosis,
  details: ({ collection: name, query }) => ({
    evaluator: query === undefined ? "collection health" : "retrieval trace",
    scope: name,
    count: 1,
  }),
  summarize: (result) =>
    [
      ...(result.lost_at === null
        ? []
        : [result.lost_at === "none" ? "It is found, and in the context." : `Lost at: ${result.lost_at}.`]),
      ...result.evidence,
      ...result.fix.map((one) => `Fix: ${one}`),
      ...result.health.map(
        ({ check, ok, found, examples, fix }) =>
          `${ok ? "ok" : "NOT OK"} ${check}: ${found}${examples.length > 0 ? ` (${examples.join(", ")})` : ""}${ok ? "" : ` Fix: ${fix}`}`,
      ),
      ...warned(result.warnings),
    ].join("\n"),
  run: diagnose,
});
