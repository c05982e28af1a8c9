import type { Collection, Embedder, Search } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { DiagnoseParams, Diagnosis } from "../diagnose.ts";
import { opened } from "../fields.ts";
import { CANDIDATES, findOne } from "../query/find.ts";
import { strategyOf } from "../query/strategy.ts";
import { nameOf, notIngested, splitBadly } from "./documents.ts";
import { healthOf } from "./health.ts";
import { afterReranking, asAsked, belowTheCut, bestOf, fromContext, NOWHERE, rankOf } from "./stages.ts";

/** How far down is looked for the document's best chunk. */
const DEPTH = 1000;

export type Found = Pick<Diagnosis, "lost_at" | "evidence" | "fix" | "ranks">;

export async function diagnose(params: DiagnoseParams, ports: Ports): Promise<Diagnosis> {
  const collection = await opened(params.collection, ports.collections);
  const embedder = await ports.collections.embedder(collection.settings.embedding.model);
  const { query } = params;
  if (query === undefined)
    return {
      collection: collection.name,
      lost_at: null,
      evidence: [],
      fix: [],
      ranks: NOWHERE,
      health: await healthOf(collection, embedder, ports.signal),
      warnings: [],
    };
  const found = await trace({ ...params, query }, collection, embedder, ports);
  return { collection: collection.name, ...found, health: [], warnings: [] };
}

/** Follows the document from the files to the context, until it is lost. */
async function trace(
  params: DiagnoseParams & { readonly query: string },
  collection: Collection,
  embedder: Embedder,
  ports: Ports,
): Promise<Found> {
  const { document, query, k } = params;
  const { signal } = ports;
  if (document === undefined) return await withoutDocument(params, collection, embedder, signal);
  const id = await nameOf(document, collection);
  if (id === undefined) return notIngested(document, collection);
  const split = params.passage === undefined ? undefined : await splitBadly(id, params.passage, collection);
  if (split) return split;

  const vector = embedder.embed([query], "query", signal).then(([only]) => only);
  const chosen = strategyOf({ strategy: params.strategy, query, vector_weight: undefined });
  const base: Search = {
    query,
    vector,
    mode: chosen.mode,
    k: DEPTH,
    filter: undefined,
    fusion: "weighted",
    vector_weight: chosen.vector_weight,
    diversity_lambda: 1,
    candidates: DEPTH,
  };
  const all = await collection.search(base);
  const [near, matching] = await Promise.all([
    collection.search({ ...base, mode: "vector" }),
    collection.search({ ...base, mode: "fulltext" }),
  ]);
  const ranks = {
    vector: rankOf(near, id, params.passage),
    fulltext: rankOf(matching, id, params.passage),
    fused: rankOf(all, id, params.passage),
  };
  const evidence = [
    `Its best chunk is ${place(ranks.vector)} by meaning, ${place(ranks.fulltext)} by words, ${place(ranks.fused)} by ${chosen.mode}; ${k} were asked for.`,
  ];
  if (params.filter !== undefined && !(await collection.matching(params.filter)).includes(id))
    return {
      lost_at: "filter",
      evidence: [...evidence, `No chunk of ${id} passes the filter \`${params.filter}\`.`],
      fix: ["Change the filter; ml_rag_manage `documents` with it shows what passes."],
      ranks,
    };
  const asked = await asAsked(params, base, collection, embedder, ports);
  const best = bestOf(asked.hits, id, params.passage);
  if (best === undefined) {
    const within = bestOf(asked.before.slice(0, k), id, params.passage);
    return within
      ? afterReranking(params, asked.before, within, { ranks, evidence })
      : belowTheCut(params, { ranks, evidence, first: asked.hits[0], best: bestOf(all, id, params.passage) });
  }
  return await fromContext(params, asked.hits, best, { ranks, evidence }, embedder, signal);
}

async function withoutDocument(
  { query, k, strategy }: DiagnoseParams & { readonly query: string },
  collection: Collection,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Found> {
  const asked = { strategy, k, candidates: Math.max(CANDIDATES, k) };
  const { hits } = await findOne(query, asked, collection, embedder, signal);
  const shown = hits
    .slice(0, 5)
    .map(({ document, line, stages }) => `${document}:${line} (cosine ${(stages.similarity ?? 0).toFixed(2)})`);
  return {
    lost_at: hits.length === 0 ? "retrieval" : "none",
    evidence: [shown.length > 0 ? `Found: ${shown.join(", ")}.` : "Nothing was found."],
    fix: ["Name the `document` that answers it, and its `passage`: then the stage that lost it can be told."],
    ranks: NOWHERE,
  };
}

const place = (rank: number | null) => (rank === null ? "not found" : `#${rank}`);
