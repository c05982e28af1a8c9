import type { Collection, Hit } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { opened } from "../fields.ts";
import type { Answer, QueryParams } from "../query.ts";
import { answerOf } from "./answer.ts";
import { contextOf, sourcesOf } from "./context.ts";
import { CANDIDATES, find } from "./find.ts";
import { relevanceOf } from "./relevance.ts";
import { RERANKED, reranked } from "./rerank.ts";
import { decisionOf, strategyOf } from "./strategy.ts";

export async function retrieve(params: QueryParams, ports: Ports): Promise<Answer> {
  const collection = await opened(params.collection, ports.collections);
  const strategy = strategyOf(params);
  ports.decide(decisionOf(strategy));
  const embedder = await ports.collections.embedder(collection.settings.embedding.model);
  const clock = stopwatch();
  const failures = new Set<string>();
  const found = await find(
    [params.query, ...params.queries],
    {
      mode: strategy.mode,
      k: params.rerank === "none" && params.queries.length === 0 ? params.k : Math.max(RERANKED, params.k),
      filter: params.filter,
      fusion: params.fusion,
      vector_weight: strategy.vector_weight,
      diversity_lambda: params.diversity_lambda,
      candidates: Math.max(CANDIDATES, params.k),
      warn: (warning) => failures.add(warning),
    },
    collection,
    embedder,
    ports.signal,
    () => clock.lap("embedding"),
  );
  clock.lap("search");
  const { hits, warnings: unranked } = await reranked(params, found, ports);
  if (params.rerank !== "none") clock.lap("reranking");
  const passages = await Promise.all(
    hits.map(async (hit) => ({
      ...hit,
      ...(params.expand === "parent" ? await parentOf(hit, collection) : { passage: hit.text, from: hit.start }),
    })),
  );
  const context = contextOf(passages, params.token_budget, embedder.count);
  clock.lap("context");
  const warnings = hits.length === 0 ? await whyNothing(collection, params) : relevanceOf(params.query, hits);
  const sources = sourcesOf(passages, context);
  const answer = await answerOf(params, { context: context.text, sources, warnings }, embedder, ports);
  if (answer) clock.lap("answer");
  const told: Answer = {
    collection: collection.name,
    query: params.query,
    results: hits.map((hit, place) => ({
      citation: place + 1,
      document: hit.document,
      title: hit.title,
      headings: hit.headings,
      text: hit.text,
      score: hit.score,
      start: hit.start,
      end: hit.end,
      page: hit.page,
      section: hit.section,
      line: hit.line,
      stages: { ...hit.stages, rerank_rank: hit.rerank_rank, rerank_score: hit.rerank_score },
    })),
    context: context.text,
    context_tokens: context.tokens,
    token_budget: params.token_budget,
    dropped: context.dropped,
    answer: answer?.answer ?? null,
    decision: { strategy: strategy.mode, rationale: strategy.rationale },
    milliseconds: clock.laps,
    files: [],
    warnings: [...failures, ...warnings, ...unranked, ...(answer?.warnings ?? [])],
  };
  if (!params.view) return told;
  const page = ports.artifacts.page("trace", "search.html", "How it was found", { query: params.query, result: told });
  return { ...told, files: [page] };
}

async function parentOf({ document, parent_start, parent_end, text, start }: Hit, collection: Collection) {
  const row = await collection.document(document);
  return row
    ? { passage: [...row.text].slice(parent_start, parent_end).join(""), from: parent_start }
    : { passage: text, from: start };
}

async function whyNothing(collection: Collection, { strategy, filter }: QueryParams): Promise<string[]> {
  const { chunks } = await collection.size();
  if (chunks === 0) return [`${collection.name} is empty: index documents with ml_rag_ingest.`];
  if (filter !== undefined) return ["No chunk passes the filter and matches."];
  return strategy === "fulltext" ? ["No chunk has one of these words; words such as `the` are not searched."] : [];
}

function stopwatch() {
  const laps: Record<string, number> = {};
  let last = performance.now();
  return {
    laps,
    lap: (name: string) => {
      const now = performance.now();
      laps[name] = Math.round((now - last) * 100) / 100;
      last = now;
    },
  };
}
