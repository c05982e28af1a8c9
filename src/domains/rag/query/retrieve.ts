import type { Collection, Embedder, Hit } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { opened } from "../fields.ts";
import type { Answer, QueryParams } from "../query.ts";
import { contextOf } from "./context.ts";
import { grounded } from "./grounding.ts";
import { decisionOf, strategyOf } from "./strategy.ts";

/** Candidates of each way to search: LanceDB's hybrid search takes as many. */
const CANDIDATES = 100;

/** Below this share of supported claims an answer is not one of these documents. */
const ENOUGH_SUPPORTED = 0.5;
/** Cosine under which the nearest passage says nothing of the question. */
const NEAR = 0.3;

export async function retrieve(params: QueryParams, ports: Ports): Promise<Answer> {
  const collection = await opened(params.collection, ports.collections);
  const strategy = strategyOf(params);
  ports.decide(decisionOf(strategy));
  const embedder = await ports.collections.embedder(collection.settings.embedding.model);
  const clock = stopwatch();
  const [vector] =
    strategy.mode === "fulltext" ? [undefined] : await embedder.embed([params.query], "query", ports.signal);
  clock.lap("embedding");
  const hits = await collection.search({
    query: params.query,
    vector,
    mode: strategy.mode,
    k: params.k,
    filter: params.filter,
    fusion: params.fusion,
    vector_weight: strategy.vector_weight,
    diversity_lambda: params.diversity_lambda,
    candidates: Math.max(CANDIDATES, params.k),
  });
  clock.lap("search");
  const passages = await Promise.all(
    hits.map(async (hit) => ({
      ...hit,
      passage: params.expand === "parent" ? await parentOf(hit, collection) : hit.text,
    })),
  );
  const context = contextOf(passages, params.token_budget, embedder.count);
  clock.lap("context");
  const answer =
    params.answer_text === undefined ? null : await checked(params.answer_text, hits, embedder, ports.signal);
  if (answer) clock.lap("grounding");
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
      stages: hit.stages,
    })),
    context: context.text,
    context_tokens: context.tokens,
    token_budget: params.token_budget,
    answer,
    dropped: context.dropped,
    decision: { strategy: strategy.mode, rationale: strategy.rationale },
    milliseconds: clock.laps,
    files: [],
    warnings: hits.length === 0 ? await whyNothing(collection, params) : farAway(hits),
  };
  if (!params.view) return told;
  const page = ports.artifacts.page("trace", "search.html", "How it was found", { query: params.query, result: told });
  return { ...told, files: [page] };
}

async function checked(text: string, hits: readonly Hit[], embedder: Embedder, signal: AbortSignal) {
  const claims = await grounded(text, hits, embedder, signal);
  const share =
    claims.length === 0 ? 0 : claims.filter(({ verdict }) => verdict === "supported").length / claims.length;
  return { text, claims, grounded: share, abstained: share < ENOUGH_SUPPORTED };
}

/** Says that the collection may not answer this at all. */
function farAway(hits: readonly Hit[]): string[] {
  const cosines = hits.flatMap(({ stages }) => stages.similarity ?? []);
  const nearest = Math.max(...cosines);
  const inWords = hits.some(({ stages }) => stages.fulltext_rank === 1);
  return cosines.length > 0 && nearest < NEAR && !(inWords && nearest >= NEAR / 2)
    ? [
        `Nothing comes near (the nearest passage has cosine ${nearest.toFixed(2)}): the documents may not answer this. Say so rather than guess.`,
      ]
    : [];
}

async function parentOf({ document, parent_start, parent_end, text }: Hit, collection: Collection): Promise<string> {
  const row = await collection.document(document);
  return row ? [...row.text].slice(parent_start, parent_end).join("") : text;
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
