import { z } from "zod";
import { MODES } from "../../kernel/collections.ts";
import { Artifact, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, warned } from "../../kernel/words.ts";
import { collection, RESULT_CHARACTERS } from "./fields.ts";
import { TIERS, VERDICTS } from "./query/grounding.ts";
import { retrieve } from "./query/retrieve.ts";

const Params = z.strictObject({
  collection: collection(),
  query: z.string().min(1).max(10_000).describe("A question, or words."),
  k: z.int().min(1).max(1000).default(10).describe("Results."),
  strategy: z
    .enum(["auto", ...MODES])
    .default("auto")
    .describe("`auto` chooses by the query."),
  filter: z.string().max(2000).optional().describe("As page >= 3 and document in ('a.pdf') and label = 'team=hr'."),
  token_budget: z.int().min(50).max(200_000).default(2000).describe("Of `context`."),
  fusion: rare(z.enum(["weighted", "rrf"]).default("weighted").describe("How hybrid joins both.")),
  vector_weight: rare(z.number().min(0).max(1).optional().describe("Of meaning against words.")),
  diversity_lambda: rare(z.number().min(0).max(1).default(1).describe("MMR; 1: relevance alone.")),
  answer_text: rare(z.string().min(1).max(20_000).optional().describe("An answer, to be checked claim by claim.")),
  view: rare(z.boolean().default(false).describe("A page for a person: scores, spans, claims.")),
  expand: rare(z.enum(["none", "parent"]).default("none").describe("Context from the larger part around.")),
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
    }),
  })
  .meta({ id: "RetrievedChunk" });

const Claim = z
  .strictObject({
    text: z.string(),
    verdict: z.enum(VERDICTS),
    citation: z.int().nullable(),
    start: z.int().nullable().describe("Code points of the cited document's text."),
    end: z.int().nullable(),
    evidence: z.string(),
    score: z.number(),
    tier: z.enum(TIERS).describe("What told it."),
    reason: z.string(),
  })
  .meta({ id: "CheckedClaim" });

const Answer = z.strictObject({
  collection: z.string(),
  query: z.string(),
  results: z.array(Result),
  context: z.string().describe("The best results within the budget, each under its [n] and where it stands."),
  context_tokens: z.int(),
  token_budget: z.int(),
  answer: z
    .strictObject({
      text: z.string(),
      claims: z.array(Claim),
      grounded: z.number().describe("Share of claims that are supported, 0..1."),
      abstained: z.boolean().describe("Too little is supported to give it."),
    })
    .nullable(),
  dropped: z.array(z.strictObject({ citation: z.int(), reason: z.string() })).describe("Results not in the context."),
  decision: z.strictObject({ strategy: z.string(), rationale: z.string() }),
  milliseconds: z.record(z.string(), z.number()),
  files: z.array(Artifact),
  warnings: z.array(z.string()),
});
export type Answer = z.output<typeof Answer>;

const checkedWords = ({ claims, grounded, abstained }: NonNullable<Answer["answer"]>) => [
  `${abstained ? "The documents do not bear the answer out" : "The answer"}: ${Math.round(grounded * 100)} % of ${claims.length} claims are supported.`,
  ...claims.map(
    ({ text, verdict, citation, reason }) =>
      `  ${verdict}${citation === null ? "" : ` [${citation}]`}: ${text}${reason === "" ? "" : ` (${reason})`}`,
  ),
];

export default nativeTool({
  name: "ml_rag_query",
  title: "Search documents",
  description:
    "Search a collection by meaning, words or both; answers passages with file, page and span, why each was found, and a context to answer from with [n] citations.",
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
      ...(result.answer ? checkedWords(result.answer) : []),
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
