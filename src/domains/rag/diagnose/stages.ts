import type { Collection, Embedder, Hit, Search } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { DiagnoseParams } from "../diagnose.ts";
import { contextOf, sourcesOf } from "../query/context.ts";
import { CANDIDATES, find } from "../query/find.ts";
import { ground } from "../query/ground.ts";
import { RERANKED, type Reranked, reranked } from "../query/rerank.ts";
import type { Found } from "./diagnose.ts";

export const NOWHERE = { vector: null, fulltext: null, fused: null };

type Asked = DiagnoseParams & { readonly query: string };
type Known = Pick<Found, "ranks" | "evidence">;

/** What ml_rag_query answers, and what it had before reranking. */
export async function asAsked(
  { query, queries, rerank, k, filter }: Asked,
  base: Search,
  collection: Collection,
  embedder: Embedder,
  ports: Ports,
): Promise<{ readonly before: readonly Hit[]; readonly hits: readonly Reranked[] }> {
  const depth = rerank === "none" && queries.length === 0 ? k : Math.max(RERANKED, k);
  const how = { ...base, k: depth, filter, candidates: Math.max(CANDIDATES, k) };
  const before = await find([query, ...queries], how, collection, embedder, ports.signal);
  const { hits } = await reranked({ query, rerank, answer: undefined, k }, before, ports);
  return { before, hits };
}

/** Reranking put it below the cut. */
export function afterReranking({ rerank, k }: Asked, before: readonly Hit[], best: Hit, known: Known): Found {
  return {
    ...known,
    lost_at: "rerank",
    evidence: [
      ...known.evidence,
      `The search had it at #${before.indexOf(best) + 1}; ${rerank} put it below the first ${k}.`,
    ],
    fix: [
      "Ask without rerank or with another one; ml_rag_evaluate with `grid` tells which is better on many questions.",
    ],
  };
}

/** From the results into the context, and from there into the answer. */
export async function fromContext(
  { k, token_budget, answer_text, passage }: Asked,
  hits: readonly Hit[],
  best: Hit,
  known: Known,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Found> {
  const passages = hits.map((hit) => ({ ...hit, passage: hit.text, from: hit.start }));
  const context = contextOf(passages, token_budget, embedder.count);
  const citation = hits.findIndex(({ id }) => id === best.id) + 1;
  const why = context.dropped.find((one) => one.citation === citation);
  if (why)
    return {
      ...known,
      lost_at: "budget",
      evidence: [...known.evidence, `It was result ${citation}, but not in the context: ${why.reason}.`],
      fix: [
        `Raise token_budget from ${token_budget}, or lower k from ${k} so that fewer come before it.`,
        "Ingest with a smaller chunking.size_tokens.",
      ],
    };
  const there = [...known.evidence, `It is result ${citation}, in the context.`];
  if (answer_text === undefined)
    return {
      ...known,
      lost_at: "none",
      evidence: there,
      fix: ["Where the answer is still wrong, give it as `answer_text`: its claims are held against the passage."],
    };
  const { claims } = await ground(answer_text, sourcesOf(passages, context), embedder, signal);
  const ofIt = (cited: number | null) =>
    passage === undefined ? hits[(cited ?? 0) - 1]?.document === best.document : cited === citation;
  const own = claims.filter((claim) => ofIt(claim.citation));
  const against = own.find(({ verdict }) => verdict === "contradicted");
  if (against)
    return {
      ...known,
      lost_at: "answer",
      evidence: [...there, `The answer contradicts it: "${against.text}" (${against.reason}).`],
      fix: ["Have it answered again from the context alone (ml_rag_query `answer`), or by a stronger model."],
    };
  if (own.some(({ verdict }) => verdict === "supported"))
    return { ...known, lost_at: "none", evidence: [...there, "The answer says what it says."], fix: [] };
  return {
    ...known,
    lost_at: "answer",
    evidence: [...there, `None of the answer's ${claims.length} claims comes from it: it was ignored.`],
    fix: [
      `Lower k from ${k}, so that less stands beside it, or rerank, so that it comes first.`,
      "Have it answered by a stronger model.",
    ],
  };
}

export function belowTheCut(
  { query, k }: Asked,
  {
    ranks,
    evidence,
    first,
    best,
  }: Pick<Found, "ranks" | "evidence"> & { first: Hit | undefined; best: Hit | undefined },
): Found {
  const before = first
    ? [`First was ${first.document} (line ${first.line}): "${first.text.slice(0, 120).replaceAll("\n", " ")}".`]
    : [];
  const byWords = ranks.fulltext !== null && ranks.fulltext <= k;
  const byMeaning = ranks.vector !== null && ranks.vector <= k;
  if (byWords || byMeaning)
    return {
      lost_at: "fusion",
      evidence: [...evidence, ...before],
      fix: [
        byWords
          ? "Words find it: ask with strategy fulltext, or a lower vector_weight."
          : "Meaning finds it: ask with strategy vector, or a higher vector_weight.",
        ...(ranks.fused === null ? [] : [`Raise k to ${ranks.fused}.`]),
      ],
      ranks,
    };
  const shared = best ? sharedWords(query, best.text) : [];
  return {
    lost_at: "retrieval",
    evidence: [
      ...evidence,
      ...before,
      shared.length > 0
        ? `Question and chunk share the words ${shared.join(", ")}.`
        : "Question and chunk share no word that counts.",
    ],
    fix: [
      ...(ranks.fused === null ? [] : [`Raise k to ${ranks.fused}.`]),
      "Ask in the document's own words, or give other wordings.",
      "Ingest into another collection with another chunking or embedding and compare both by ml_rag_evaluate.",
    ],
    ranks,
  };
}

const holds = (hit: Hit, id: string, passage: string | undefined) =>
  hit.document === id &&
  (passage === undefined || hit.text.replaceAll(/\s+/g, " ").includes(passage.replaceAll(/\s+/g, " ").trim()));

export const bestOf = <T extends Hit>(hits: readonly T[], id: string, passage: string | undefined) =>
  hits.find((hit) => holds(hit, id, passage)) ?? hits.find((hit) => hit.document === id);

export function rankOf(hits: readonly Hit[], id: string, passage: string | undefined): number | null {
  const best = bestOf(hits, id, passage);
  return best ? hits.indexOf(best) + 1 : null;
}

function sharedWords(query: string, text: string): string[] {
  const words = (one: string) => new Set(one.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? []);
  const there = words(text);
  return [...words(query)].filter((word) => there.has(word)).slice(0, 10);
}
