import type { Collection, Embedder, Hit, Search } from "../../../kernel/collections.ts";
import type { QueryParams } from "../query.ts";
import { type Strategy, strategyOf } from "./strategy.ts";

/** Of each way to search: LanceDB's hybrid search takes as many. */
export const CANDIDATES = 100;

/** Of reciprocal ranks: how little the first places stand out (Cormack et al. 2009). */
const RRF_K = 60;

/** Searches for a query and other wordings of it; what they find is joined by reciprocal ranks. `embedded` hears when they are vectors. */
export async function find(
  wordings: readonly string[],
  how: Omit<Search, "query" | "vector">,
  collection: Collection,
  embedder: Embedder,
  signal: AbortSignal,
  embedded: () => void = () => {},
): Promise<readonly Hit[]> {
  const vectors = how.mode === "fulltext" ? undefined : embedder.embed(wordings, "query", signal);
  const searches = wordings.map((query, place) =>
    collection.search({ ...how, query, vector: vectors?.then((all) => all[place]) }),
  );
  const [lists] = await Promise.all([Promise.all(searches), vectors?.then(embedded)]);
  const [only] = lists;
  return only && lists.length === 1 ? only : joined(lists).slice(0, how.k);
}

/** One question, asked as ml_rag_query asks where no more than the strategy is said. */
export async function findOne(
  query: string,
  asked: { readonly strategy: QueryParams["strategy"]; readonly k: number; readonly candidates: number },
  collection: Collection,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<{ readonly hits: readonly Hit[]; readonly chosen: Strategy }> {
  const chosen = strategyOf({ strategy: asked.strategy, query, vector_weight: undefined });
  const how = {
    mode: chosen.mode,
    k: asked.k,
    filter: undefined,
    fusion: "weighted",
    vector_weight: chosen.vector_weight,
    diversity_lambda: 1,
    candidates: asked.candidates,
  } as const;
  return { chosen, hits: await find([query], how, collection, embedder, signal) };
}

/** Each with the stages of the wording that found it best. */
function joined(lists: readonly (readonly Hit[])[]): Hit[] {
  const found = new Map<string, { hit: Hit; score: number; place: number }>();
  for (const list of lists)
    for (const [place, hit] of list.entries()) {
      const before = found.get(hit.id);
      const score = (before?.score ?? 0) + 1 / (RRF_K + place + 1);
      found.set(hit.id, before && before.place <= place ? { ...before, score } : { hit, score, place });
    }
  return [...found.values()]
    .sort((one, other) => other.score - one.score || one.place - other.place)
    .map(({ hit, score }, place) => ({ ...hit, score, stages: { ...hit.stages, fused_rank: place + 1 } }));
}
