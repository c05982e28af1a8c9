import type { Table } from "@lancedb/lancedb";
import { z } from "zod";
import { ChunkRow, type Hit, type Search } from "../kernel/collections.ts";
import { filterSql } from "./filter.ts";
import { convexCombination, diverse, type Ranked, reciprocalRanks } from "./fusion.ts";
import { CHUNK_COLUMNS } from "./rows.ts";

const Vector = z.custom<{ toArray(): Float32Array }>(
  (value) => typeof value === "object" && value !== null && "toArray" in value,
);
const Found = ChunkRow.extend({
  _distance: z.number().optional(),
  _score: z.number().optional(),
  vector: Vector.optional(),
});
type Found = z.infer<typeof Found>;

/** Searches one table in the ways asked for, and puts their results together. */
export async function search(table: Table, asked: Search): Promise<Hit[]> {
  const wantsWords = asked.mode !== "vector" && asked.query.trim() !== "";
  const wantsMeaning = asked.mode !== "fulltext" && asked.vector !== undefined;
  const [near, matching] = await Promise.all([
    wantsMeaning && asked.vector ? byMeaning(table, asked, asked.vector) : [],
    wantsWords ? byWords(table, asked) : [],
  ]);
  const rows = new Map<string, Found>();
  for (const row of [...matching, ...near]) rows.set(row.id, { ...rows.get(row.id), ...row });
  const meaning: Ranked[] = near.map(({ id, _distance }) => ({ id, score: 1 - (_distance ?? 1) }));
  const words: Ranked[] = matching.map(({ id, _score }) => ({ id, score: _score ?? 0 }));
  const fused = fuse(meaning, words, asked);
  const chosen = asked.diversity_lambda < 1 ? apart(fused, rows, asked) : fused.slice(0, asked.k);
  const places = (list: readonly Ranked[]) => new Map(list.map(({ id }, place) => [id, place + 1]));
  const [ofMeaning, ofWords, ofFused] = [places(meaning), places(words), places(fused)];
  return chosen.flatMap(({ id, score }) => {
    const row = rows.get(id);
    if (!row) return [];
    const stages = {
      vector_rank: ofMeaning.get(id) ?? null,
      similarity: row._distance === undefined ? null : 1 - row._distance,
      fulltext_rank: ofWords.get(id) ?? null,
      bm25: row._score ?? null,
      fused_rank: ofFused.get(id) ?? 0,
    };
    return [{ ...ChunkRow.parse(row), score, stages }];
  });
}

function fuse(meaning: readonly Ranked[], words: readonly Ranked[], { mode, fusion, vector_weight }: Search): Ranked[] {
  if (mode === "vector") return [...meaning];
  if (mode === "fulltext") return [...words];
  const weights = [vector_weight, 1 - vector_weight];
  return fusion === "rrf"
    ? reciprocalRanks([meaning, words], weights)
    : convexCombination([meaning, words], weights, [0, 0]);
}

async function byMeaning(table: Table, asked: Search, vector: Float32Array): Promise<Found[]> {
  const columns = [...CHUNK_COLUMNS, "_distance", ...(asked.diversity_lambda < 1 ? ["vector"] : [])];
  let query = table
    .query()
    .nearestTo(vector)
    .distanceType("cosine")
    .refineFactor(10)
    .select(columns)
    .limit(asked.candidates);
  if (asked.filter !== undefined) query = query.where(filterSql(asked.filter));
  return parsed(await query.toArray());
}

async function byWords(table: Table, asked: Search): Promise<Found[]> {
  const { MatchQuery } = await import("@lancedb/lancedb");
  const columns = [...CHUNK_COLUMNS, "_score", ...(asked.diversity_lambda < 1 ? ["vector"] : [])];
  let query = table.query().fullTextSearch(new MatchQuery(asked.query, "body")).select(columns).limit(asked.candidates);
  if (asked.filter !== undefined) query = query.where(filterSql(asked.filter));
  return parsed(await query.toArray());
}

const parsed = (rows: readonly unknown[]): Found[] =>
  rows.map((row) => Found.parse(row)).sort((one, other) => rank(one) - rank(other) || (one.id < other.id ? -1 : 1));

const rank = ({ _distance, _score }: Found) => _distance ?? -(_score ?? 0);

function apart(fused: readonly Ranked[], rows: ReadonlyMap<string, Found>, { k, diversity_lambda }: Search): Ranked[] {
  const vectors = new Map([...rows].map(([id, { vector }]) => [id, vector?.toArray()]));
  const most = fused[0]?.score ?? 1;
  const scaled = fused.map(({ id, score }) => ({ id, score: most > 0 ? score / most : score }));
  const alike = (one: string, other: string) => dot(vectors.get(one), vectors.get(other));
  const scores = new Map(fused.map(({ id, score }) => [id, score]));
  return diverse(scaled, k, diversity_lambda, alike).map(({ id }) => ({ id, score: scores.get(id) ?? 0 }));
}

function dot(one: Float32Array | undefined, other: Float32Array | undefined): number {
  return one && other ? one.reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0) : 0;
}
