import { z } from "zod";
import { MODES } from "../../kernel/collections.ts";
import { Chunking } from "../../kernel/documents.ts";
import { job, rare, speaker } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, table, warned } from "../../kernel/words.ts";
import { evaluate } from "./evaluate/evaluate.ts";
import { collection, RESULT_CHARACTERS } from "./fields.ts";

const Query = z
  .strictObject({
    id: z.string().max(200),
    text: z.string().min(1).max(10_000),
    relevant: z.record(z.string(), z.number()).describe("Document to grade."),
    answer: z.string().min(1).max(20_000).optional().describe("A system's answer."),
    reference: z.string().min(1).max(20_000).optional().describe("The right answer."),
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
  rerank: rare(z.string().min(1).max(1024).default("none").describe("As of ml_rag_query.")),
  grid: rare(
    z
      .strictObject({
        chunking: z.array(Chunking.partial()).max(12).default([]),
        strategy: z
          .array(z.enum(["auto", ...MODES]))
          .max(4)
          .default([]),
        rerank: z.array(z.string().min(1).max(1024)).max(4).default([]),
      })
      .optional()
      .describe("Ways to cut, search and rerank: tries each combination, with a test."),
  ),
  answer: rare(speaker(z.string().min(1).max(200).optional().describe("Model that answers, as of ml_rag_query."))),
  judge: rare(
    speaker(z.string().min(1).max(200).optional().describe("Model that judges answers by RAGAS's measures.")),
  ),
  ...job,
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
  grid: z
    .array(
      z.strictObject({
        chunking: Chunking,
        strategy: z.string(),
        rerank: z.string(),
        chunks: z.int(),
        metrics: Scores,
        milliseconds: z.number().describe("A query, at the median."),
        difference: z.number().describe("Of ndcg, from what is there."),
        p: z.number().describe("Holm-corrected."),
      }),
    )
    .describe("Best first."),
  recommendation: z.string().nullable(),
  answers: z
    .strictObject({
      judge: z.string().nullable(),
      answered: z.int(),
      metrics: Scores.describe("Means of what could be scored."),
      unscored: z.record(z.string(), z.int()).describe("Answers without a claim, or a judge's reply that is none."),
      each: z.array(
        z.strictObject({
          id: z.string(),
          answer: z.string(),
          scores: z.record(z.string(), z.number().nullable()),
        }),
      ),
    })
    .nullable(),
  milliseconds: z.strictObject({ p50: z.number(), p95: z.number() }),
  warnings: z.array(z.string()),
});
export type Evaluated = z.output<typeof Evaluated>;

function answered(answers: Evaluated["answers"]): string[] {
  if (!answers) return [];
  const { judge, answered: count, metrics, unscored } = answers;
  return [
    `${count} answers${judge === null ? "" : `, judged by ${judge}`}:`,
    ...table([
      ["measure", "mean", "not scored"],
      ...Object.entries(unscored).map(([name, missing]) => [
        name,
        metrics[name] === undefined ? "–" : digits(metrics[name]),
        String(missing),
      ]),
    ]),
  ];
}

export default nativeTool({
  name: "ml_rag_evaluate",
  title: "Evaluate retrieval",
  description:
    "Score a collection's retrieval on questions with judged documents: nDCG, MRR, MAP, recall as trec_eval has them, with intervals and the worst questions; test strategies, find the best of a grid, judge answers (RAGAS).",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "how good is retrieval on these questions?",
    "measure nDCG and MRR of my collection",
    "compare vector and hybrid search on my test questions",
    "which questions does retrieval fail on?",
    "find the best chunk size for my collection on these questions",
    "are the answers faithful to the retrieved passages?",
  ],
  input: Params,
  output: Evaluated,
  characters: RESULT_CHARACTERS,
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
      ...answered(result.answers),
      ...table(
        result.grid.length === 0
          ? []
          : [
              [
                "chunking",
                "strategy",
                "rerank",
                "chunks",
                ...Object.keys(result.grid[0]?.metrics ?? {}),
                "difference",
                "p",
              ],
              ...result.grid.map(({ chunking, strategy, rerank, chunks, metrics, difference, p }) => [
                `${chunking.strategy}/${chunking.size_tokens}/${chunking.overlap_tokens}`,
                strategy,
                rerank,
                String(chunks),
                ...Object.values(metrics).map(digits),
                digits(difference),
                digits(p),
              ]),
            ],
      ),
      ...(result.recommendation === null ? [] : [result.recommendation]),
      ...capped(
        result.worst.map(
          ({ id, text, ndcg, missed }) => `${id} (${digits(ndcg)}): ${text} Missed: ${missed.join(", ") || "none"}.`,
        ),
        10,
      ),
    ].join("\n"),
  run: evaluate,
});
