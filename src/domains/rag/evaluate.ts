import { z } from "zod";
import { MODES } from "../../kernel/collections.ts";
import { rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, table, warned } from "../../kernel/words.ts";
import { evaluate } from "./evaluate/evaluate.ts";
import { collection } from "./fields.ts";

const Query = z
  .strictObject({
    id: z.string().max(200),
    text: z.string().min(1).max(10_000),
    relevant: z.record(z.string(), z.number()).describe("Document to grade."),
  })
  .meta({ id: "JudgedQuery" });

const Params = z.strictObject({
  collection: collection(),
  queries: z.array(Query).min(1).max(10_000).describe("Questions with the documents that answer them."),
  k: z.int().min(1).max(100).default(10).describe("Cut-off of the measures."),
  strategy: z
    .enum(["auto", ...MODES])
    .default("auto")
    .describe("As of ml_rag_query."),
  against: rare(
    z
      .enum(["auto", ...MODES])
      .optional()
      .describe("Compared with this one, by a paired test."),
  ),
});
export type EvaluateParams = z.output<typeof Params>;

const Scores = z.record(z.string(), z.number());

const Evaluated = z.strictObject({
  collection: z.string(),
  strategy: z.string(),
  queries: z.int(),
  metrics: Scores.describe("Means over queries, as trec_eval takes them."),
  intervals: z.record(z.string(), z.tuple([z.number(), z.number()])).describe("95 %, bootstrap over queries."),
  comparison: z
    .strictObject({
      against: z.string(),
      metrics: Scores,
      differences: z.record(z.string(), z.strictObject({ difference: z.number(), p: z.number() })),
    })
    .nullable(),
  worst: z.array(
    z.strictObject({
      id: z.string(),
      text: z.string(),
      ndcg: z.number(),
      found: z.array(z.string()),
      missed: z.array(z.string()),
    }),
  ),
  milliseconds: z.strictObject({ p50: z.number(), p95: z.number() }),
  warnings: z.array(z.string()),
});
export type Evaluated = z.output<typeof Evaluated>;

export default nativeTool({
  name: "ml_rag_evaluate",
  title: "Evaluate retrieval",
  description:
    "Score a collection's retrieval on questions with judged documents: nDCG, MRR, MAP, precision, recall as trec_eval has them, with intervals, the worst questions, and a paired test between strategies.",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "how good is retrieval on these questions?",
    "measure nDCG and MRR of my collection",
    "compare vector and hybrid search on my test questions",
    "which questions does retrieval fail on?",
  ],
  input: Params,
  output: Evaluated,
  details: ({ collection: name, queries }, result) => ({
    evaluator: result?.strategy ?? "retrieval",
    scope: name,
    count: queries.length,
  }),
  summarize: (result) =>
    [
      `${result.collection}: ${result.queries} queries, ${result.strategy}; ${digits(result.milliseconds.p50)} ms at the median, ${digits(result.milliseconds.p95)} ms at the 95th percentile.`,
      ...warned(result.warnings),
      ...table([
        ["measure", "mean", "95 %", ...(result.comparison ? [result.comparison.against, "difference", "p"] : [])],
        ...Object.entries(result.metrics).map(([name, value]) => {
          const [low, high] = result.intervals[name] ?? [value, value];
          const other = result.comparison?.differences[name];
          return [
            name,
            digits(value),
            `${digits(low)} to ${digits(high)}`,
            ...(other
              ? [digits(result.comparison?.metrics[name] ?? 0), digits(other.difference), digits(other.p)]
              : []),
          ];
        }),
      ]),
      ...capped(
        result.worst.map(
          ({ id, text, ndcg, missed }) => `${id} (${digits(ndcg)}): ${text} Missed: ${missed.join(", ") || "none"}.`,
        ),
        10,
      ),
    ].join("\n"),
  run: evaluate,
});
