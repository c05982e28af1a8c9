import { z } from "zod";
import { MODES } from "../../kernel/collections.ts";
import { Artifact, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, percent, warned } from "../../kernel/words.ts";
import { collection, RESULT_CHARACTERS } from "./fields.ts";
import { TIERS, VERDICTS } from "./query/ground.ts";
import { retrieve } from "./query/retrieve.ts";

const Params = z.strictObject({
  collection: collection(),
  query: z.string().min(1).max(10_000).describe("Question."),
  k: z.int().min(1).max(1000).default(10).describe("Results."),
  strategy: z
    .enum(["auto", ...MODES])
    .default("auto")
    .describe("How."),
  filter: z.string().max(2000).optional().describe("page >= 3 and label = 'a=b'"),
  token_budget: rare(z.int().min(50).max(200_000).default(2000).describe("Of `context`.")),
  fusion: rare(z.enum(["weighted", "rrf"]).default("weighted").describe("How hybrid joins both.")),
  vector_weight: rare(z.number().min(0).max(1).optional().describe("Of meaning against words.")),
  diversity_lambda: rare(z.number().min(0).max(1).default(1).describe("MMR; 1: relevance alone.")),
  view: rare(z.boolean().default(false).describe("A page for a person: scores, spans, claims.")),
  expand: rare(z.enum(["none", "parent"]).default("none").describe("Context from the larger part around.")),
  queries: rare(z.array(z.string().min(1).max(10_000)).max(10).default([]).describe("Other wordings of it.")),
  rerank: rare(z.string().min(1).max(1024).default("none").describe("none, llm, or a cross-encoder's folder.")),
  answer: rare(z.string().min(1).max(200).optional().describe("Model that answers: client, ollama:…, openai:….")),
  answer_text: rare(z.string().min(1).max(20_000).optional().describe("Your answer, to check claim by claim.")),
});
export type QueryParams = z.output<typeof Params>;

const Result = z
  .strictObject({
    citation: z.int().describe("[n] in the context."),
    document: z.string(),
    title: z.string(),
    headings: z.string(),
    text: z.string(),
    score: z.number(),
    start: z.int().describe("Code points of the document's text."),
    end: z.int(),
    page: z.int().nullable(),
    section: z.string().nullable(),
    line: z.int(),
    stages: z.strictObject({
      vector_rank: z.int().nullable(),
      similarity: z.number().nullable(),
      fulltext_rank: z.int().nullable(),
      bm25: z.number().nullable(),
      fused_rank: z.int(),
      rerank_rank: z.int().nullable(),
      rerank_score: z.number().nullable(),
    }),
  })
  .meta({ id: "RetrievedChunk" });

const Grounded = z
  .strictObject({
    text: z.string(),
    model: z.string().nullable(),
    claims: z.array(
      z.strictObject({
        text: z.string(),
        verdict: z.enum(VERDICTS),
        citation: z.int().nullable(),
        start: z.int().nullable().describe("Code points of the cited document's text."),
        end: z.int().nullable(),
        evidence: z.string(),
        score: z.number(),
        tier: z.enum(TIERS).describe("What told it."),
        reason: z.string(),
        cited: z.array(z.int()),
      }),
    ),
    grounded: z.number().nullable().describe("Share of claims that the context supports."),
    abstained: z.boolean().describe("It says so, or less than half is supported."),
  })
  .meta({ id: "GroundedAnswer" });

const Answer = z.strictObject({
  collection: z.string(),
  query: z.string(),
  results: z.array(Result),
  context: z.string().describe("The best results within the budget, each under its [n] and where it stands."),
  context_tokens: z.int(),
  token_budget: z.int(),
  dropped: z.array(z.strictObject({ citation: z.int(), reason: z.string() })).describe("Results not in the context."),
  answer: Grounded.nullable(),
  decision: z.strictObject({ strategy: z.string(), rationale: z.string() }),
  milliseconds: z.record(z.string(), z.number()),
  files: z.array(Artifact),
  warnings: z.array(z.string()),
});
export type Answer = z.output<typeof Answer>;

/** An answer with each claim's verdict and where it stands. */
function answered(answer: Answer["answer"]): string[] {
  if (!answer) return [];
  const { text, claims, grounded, abstained } = answer;
  const share =
    grounded === null ? "nothing is claimed" : `${percent(grounded)} of ${claims.length} claims are supported`;
  return [
    `${abstained ? "The documents do not bear the answer out" : "The answer"}: ${share}.`,
    text,
    ...claims.map(
      (one) =>
        `- ${one.verdict}${one.citation === null ? "" : ` by [${one.citation}] ${one.start}–${one.end} (${one.tier})`}: ${one.text}${one.reason === "" ? "" : ` (${one.reason})`}`,
    ),
    "",
  ];
}

export default nativeTool({
  name: "ml_rag_query",
  title: "Search documents",
  description:
    "Search a collection by meaning and words: passages with file, page, span and why, a context with [n] citations. Checks answers.",
  effect: "reads",
  action: "RagQuery",
  examples: [
    "what does the handbook say about parental leave?",
    "search the policies collection for the refund rule",
    "find passages in my documents about data retention",
    "answer this from the indexed documents with citations",
    "ask my indexed PDFs a question",
  ],
  input: Params,
  output: Answer,
  characters: RESULT_CHARACTERS,
  view: "trace",
  details: ({ collection: name, strategy, k }, result) => ({
    query_type: result?.decision.strategy ?? strategy,
    collection: name,
    top_k: k,
  }),
  summarize: (result) =>
    [
      `${result.results.length} results of ${result.collection} (${result.decision.strategy}: ${result.decision.rationale}).`,
      ...warned(result.warnings),
      ...answered(result.answer),
      ...capped(
        result.results.map(
          ({ citation, document, page, line, score, stages }) =>
            `[${citation}] ${document}${page === null ? "" : ` p. ${page}`}:${line} ${digits(score)} (meaning #${stages.vector_rank ?? "–"}, words #${stages.fulltext_rank ?? "–"})`,
        ),
        20,
      ),
      "",
      result.context,
      ...(result.dropped.length > 0
        ? [
            "",
            `Not in the context: ${result.dropped.map(({ citation, reason }) => `[${citation}] ${reason}`).join("; ")}.`,
          ]
        : []),
    ].join("\n"),
  run: retrieve,
});
