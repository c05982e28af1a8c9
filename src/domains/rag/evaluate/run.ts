import type { Collection, Embedder } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { mean } from "../../../kernel/statistics.ts";
import type { EvaluateParams } from "../evaluate.ts";
import { CANDIDATES, findOne } from "../query/find.ts";
import { RERANKED, reranked } from "../query/rerank.ts";
import { type Judged, measures, type Run } from "./metrics.ts";

/** Chunks looked through for each query: all that ml_rag_query has to choose from. */
const DEPTH = 2 * CANDIDATES;

/** How questions are asked. */
export interface Setup {
  readonly strategy: EvaluateParams["strategy"];
  /** As of ml_rag_query. */
  readonly rerank: string;
}

export interface Scored {
  readonly id: string;
  readonly text: string;
  readonly judged: Judged;
  readonly run: Run;
  readonly scores: Record<string, number>;
  readonly milliseconds: number;
}

/** Asks each query and scores what is found; `warnings` are of rerankers that failed. */
export async function run(
  { strategy, rerank }: Setup,
  { queries, k }: Pick<EvaluateParams, "queries" | "k">,
  collection: Collection,
  embedder: Embedder,
  ports: Ports,
): Promise<{ scored: Scored[]; warnings: string[] }> {
  const scored: Scored[] = [];
  const warnings = new Set<string>();
  for (const { id, text, relevant } of queries) {
    ports.signal.throwIfAborted();
    const began = performance.now();
    const asked = { strategy, k: DEPTH, candidates: CANDIDATES };
    const { hits: found } = await findOne(text, asked, collection, embedder, ports.signal);
    const read = rerank === "none" ? found : found.slice(0, RERANKED);
    const { hits, warnings: failed } = await reranked(
      { query: text, rerank, answer: undefined, k: DEPTH },
      read,
      ports,
    );
    for (const warning of failed) warnings.add(warning);
    // Where the order is another than the scores', the place is the score.
    const ranked = [...hits, ...found.slice(read.length)].map(({ document, score }, place) => ({
      document,
      score: rerank === "none" ? score : -place,
    }));
    scored.push({
      id,
      text,
      judged: relevant,
      run: ranked,
      scores: measures(ranked, relevant, k),
      milliseconds: performance.now() - began,
    });
    ports.progress(scored.length, queries.length, rerank === "none" ? strategy : `${strategy}, reranked`);
  }
  return { scored, warnings: [...warnings] };
}

export function meansOf(scored: readonly Scored[]): Record<string, number> {
  const names = Object.keys(scored[0]?.scores ?? {});
  return Object.fromEntries(names.map((name) => [name, mean(scored.map(({ scores }) => scores[name] ?? 0))]));
}

/** Milliseconds at the median and the 95th percentile. */
export function timesOf(scored: readonly Scored[]): { p50: number; p95: number } {
  const times = scored.map(({ milliseconds }) => milliseconds).sort((one, two) => one - two);
  return { p50: times[times.length >> 1] ?? 0, p95: times[Math.floor(times.length * 0.95)] ?? 0 };
}
