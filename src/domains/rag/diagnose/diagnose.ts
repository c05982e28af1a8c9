import type { Collection, Embedder, Hit, Search } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { DiagnoseParams, Diagnosis } from "../diagnose.ts";
import { opened } from "../fields.ts";
import { contextOf } from "../query/context.ts";
import { strategyOf } from "../query/strategy.ts";
import { healthOf } from "./health.ts";

/** How far down is looked for the document's best chunk. */
const DEPTH = 1000;

type Found = Pick<Diagnosis, "lost_at" | "evidence" | "fix" | "ranks">;
const NOWHERE = { vector: null, fulltext: null, fused: null };

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
  const found = await trace({ ...params, query }, collection, embedder, ports.signal);
  return { collection: collection.name, ...found, health: [], warnings: [] };
}

/** Follows the document from the files to the context, until it is lost. */
async function trace(
  params: DiagnoseParams & { readonly query: string },
  collection: Collection,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Found> {
  const { document, query, k } = params;
  if (document === undefined) return await withoutDocument(params, collection, embedder, signal);
  const id = await nameOf(document, collection);
  if (id === undefined) return notIngested(document, collection);
  const split = params.passage === undefined ? undefined : await splitBadly(id, params.passage, collection);
  if (split) return split;

  const [vector] = await embedder.embed([query], "query", signal);
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
  const best = bestOf(all, id, params.passage);
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
  if (ranks.fused === null || ranks.fused > k) return belowTheCut(params, { ranks, evidence, first: all[0], best });

  const asked = await collection.search({ ...base, k, filter: params.filter, candidates: Math.max(100, k) });
  const passages = asked.map((hit) => ({ ...hit, passage: hit.text }));
  const { dropped } = contextOf(passages, params.token_budget, embedder.count);
  const citation = asked.findIndex((hit) => hit.id === best?.id) + 1;
  const why = dropped.find((one) => one.citation === citation);
  if (why)
    return {
      lost_at: "budget",
      evidence: [...evidence, `It was result ${citation}, but not in the context: ${why.reason}.`],
      fix: [
        `Raise token_budget from ${params.token_budget}, or lower k so that fewer come before it.`,
        "Ingest with a smaller chunking.size_tokens.",
      ],
      ranks,
    };
  return {
    lost_at: "none",
    evidence: [...evidence, `It is result ${citation}, in the context.`],
    fix: [
      "Where the answer is still wrong, the model left it unread: check the answer's claims, or ask with a smaller k.",
    ],
    ranks,
  };
}

function belowTheCut(
  { query, k }: DiagnoseParams,
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
  const shared = best ? sharedWords(query ?? "", best.text) : [];
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

async function withoutDocument(
  { query, k, strategy }: DiagnoseParams & { readonly query: string },
  collection: Collection,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Found> {
  const [vector] = await embedder.embed([query], "query", signal);
  const chosen = strategyOf({ strategy, query, vector_weight: undefined });
  const hits = await collection.search({
    query,
    vector,
    mode: chosen.mode,
    k,
    filter: undefined,
    fusion: "weighted",
    vector_weight: chosen.vector_weight,
    diversity_lambda: 1,
    candidates: Math.max(100, k),
  });
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

/** The id of a document named whole, by its file name, or by a part that is one's alone. */
async function nameOf(document: string, collection: Collection): Promise<string | undefined> {
  const ids = (await collection.documents()).map(({ id }) => id);
  if (ids.includes(document)) return document;
  const ending = ids.filter((id) => id.endsWith(`/${document}`) || document.endsWith(`/${id}`));
  return ending.length === 1 ? ending[0] : undefined;
}

async function notIngested(document: string, collection: Collection): Promise<Found> {
  const ids = (await collection.documents()).map(({ id }) => id);
  const name = document.split("/").at(-1)?.toLowerCase() ?? "";
  const stem = name.replace(/\.[^.]+$/, "");
  const near = ids.filter((id) => id.toLowerCase().includes(stem)).slice(0, 5);
  return {
    lost_at: "ingest",
    evidence: [
      `${collection.name} holds no document \`${document}\` among its ${ids.length}.`,
      ...(near.length > 0 ? [`Like it: ${near.join(", ")}.`] : []),
    ],
    fix: [
      `Call ml_rag_ingest with collection "${collection.name}" and the file as source; its failures say what cannot be read.`,
    ],
    ranks: NOWHERE,
  };
}

/** Whether the words that answer lie in no chunk as a whole. */
async function splitBadly(id: string, passage: string, collection: Collection): Promise<Found | undefined> {
  const plain = (text: string) => text.replaceAll(/\s+/g, " ").trim().toLowerCase();
  const wanted = plain(passage);
  const row = await collection.document(id);
  if (!plain(row?.text ?? "").includes(wanted))
    return {
      lost_at: "ingest",
      evidence: [
        `The stored text of ${id} does not hold these words: its reader left them out or wrote them otherwise.`,
      ],
      fix: [`ml_rag_manage with action "read" shows the stored text; a scan needs its text recognised first.`],
      ranks: NOWHERE,
    };
  const chunks = await collection.chunksOf(id);
  if (chunks.some(({ text }) => plain(text).includes(wanted))) return undefined;
  const head = wanted.slice(0, 40);
  const cut = chunks.find(({ text }) => plain(text).includes(head.slice(0, 15)));
  return {
    lost_at: "chunking",
    evidence: [
      `No chunk of ${id} holds these words whole: they are cut${cut ? ` after chunk ${cut.ordinal}, which ends at character ${cut.end}` : ""}.`,
    ],
    fix: [
      `Ingest with overlap_tokens (now ${collection.settings.chunking.overlap_tokens}), a larger size_tokens (now ${collection.settings.chunking.size_tokens}) or strategy parent_child.`,
    ],
    ranks: NOWHERE,
  };
}

const holds = (hit: Hit, id: string, passage: string | undefined) =>
  hit.document === id &&
  (passage === undefined || hit.text.replaceAll(/\s+/g, " ").includes(passage.replaceAll(/\s+/g, " ").trim()));

const bestOf = (hits: readonly Hit[], id: string, passage: string | undefined) =>
  hits.find((hit) => holds(hit, id, passage)) ?? hits.find((hit) => hit.document === id);

function rankOf(hits: readonly Hit[], id: string, passage: string | undefined): number | null {
  const best = bestOf(hits, id, passage);
  return best ? hits.indexOf(best) + 1 : null;
}

const place = (rank: number | null) => (rank === null ? "not found" : `#${rank}`);

function sharedWords(query: string, text: string): string[] {
  const words = (one: string) => new Set(one.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? []);
  const there = words(text);
  return [...words(query)].filter((word) => there.has(word)).slice(0, 10);
}
