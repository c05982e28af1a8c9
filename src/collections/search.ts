import type { Table } from "@lancedb/lancedb";
import type { Table as ArrowTable } from "apache-arrow";
import { z } from "zod";
import type { Hit, Search } from "../kernel/collections.ts";
import { filterSql } from "./filter.ts";
import { convexCombination, diverse, type Ranked, reciprocalRanks } from "./fusion.ts";
import type { Resident } from "./resident.ts";
import { CHUNK, chunkOf, Vector } from "./rows.ts";
import { PROBES, refinement, unreadable } from "./upkeep.ts";

const Taken = z.object({ _rowid: z.bigint(), vector: Vector.optional() });

/**
 * Searches one table in the ways asked for, and puts their results together. Words are looked for while the question is still
 * being embedded. `resident` are the table's rows where they are in memory; what they lack is asked of the table.
 */
export async function search(
  table: Table,
  asked: Search,
  resident: () => Promise<Resident | undefined>,
): Promise<Hit[]> {
  const wantsWords = asked.mode !== "vector" && asked.query.trim() !== "";
  const holding = resident();
  const byItsMeaning = async (): Promise<Ranked[]> => {
    const vector = asked.mode === "fulltext" ? undefined : await asked.vector;
    const rows = asked.filter === undefined ? await holding : undefined;
    if (vector === undefined) return [];
    return rows ? rows.nearest(vector, asked.candidates) : await byMeaning(table, asked, vector);
  };
  const byItsWords = async (): Promise<Ranked[]> => {
    try {
      return await byWords(table, asked);
    } catch (error) {
      const broken = unreadable("the index of words", error);
      if (asked.mode === "fulltext" || !asked.warn) throw broken;
      asked.warn(`Found by meaning alone: ${broken.message} ${broken.hint}`);
      return [];
    }
  };
  const [meaning, words, held] = await Promise.all([byItsMeaning(), wantsWords ? byItsWords() : [], holding]);
  const fused = fuse(meaning, words, asked);
  const chosen = asked.diversity_lambda < 1 ? await apart(table, fused, asked) : fused.slice(0, asked.k);
  const there = (id: string) => held?.rows.get(id);
  const missing = chosen.filter(({ id }) => there(id) === undefined);
  const fetched = await taken(table, missing, CHUNK);
  const places = (list: readonly Ranked[]) => new Map(list.map((one, place) => [one.id, { ...one, rank: place + 1 }]));
  const [ofMeaning, ofWords, ofFused] = [places(meaning), places(words), places(fused)];
  return chosen.flatMap(({ id, score }) => {
    const stored = fetched.get(id);
    const row = there(id) ?? (stored === undefined ? undefined : chunkOf(stored));
    if (row === undefined) return [];
    const stages = {
      vector_rank: ofMeaning.get(id)?.rank ?? null,
      similarity: ofMeaning.get(id)?.score ?? null,
      fulltext_rank: ofWords.get(id)?.rank ?? null,
      bm25: ofWords.get(id)?.score ?? null,
      fused_rank: ofFused.get(id)?.rank ?? 0,
    };
    return [{ ...row, score, stages }];
  });
}

function fuse(meaning: readonly Ranked[], words: readonly Ranked[], { mode, fusion, vector_weight }: Search): Ranked[] {
  if (mode === "vector") return [...meaning];
  if (mode === "fulltext") return [...words];
  const weights = [vector_weight, 1 - vector_weight];
  return fusion === "rrf" ? reciprocalRanks([meaning, words], weights) : convexCombination([meaning, words], weights);
}

async function byMeaning(table: Table, asked: Search, vector: Float32Array): Promise<Ranked[]> {
  const near = table.query().nearestTo(vector).distanceType("cosine");
  let query = near.nprobes(PROBES).refineFactor(refinement(asked.candidates));
  if (asked.filter !== undefined) query = query.where(filterSql(asked.filter));
  const found = await query.withRowId().select(["_distance"]).limit(asked.candidates).toArrow();
  return candidates(found, "_distance", (distance) => 1 - distance);
}

async function byWords(table: Table, asked: Search): Promise<Ranked[]> {
  const { MatchQuery } = await import("@lancedb/lancedb");
  let query = table.query().fullTextSearch(new MatchQuery(asked.query, "body"));
  if (asked.filter !== undefined) query = query.where(filterSql(asked.filter));
  const found = await query.withRowId().select(["_score"]).limit(asked.candidates).toArrow();
  return candidates(found, "_score", (score) => score);
}

/**
 * Rows' addresses in the table's version at hand, with their scores; nothing else is fetched of what may not be chosen. Best
 * first; equal ones in the order of their rows, so that the same question has the same answer.
 */
function candidates(found: ArrowTable, column: string, scored: (value: number) => number): Ranked[] {
  const values = [...(found.getChild(column) ?? [])];
  return Array.from(found.getChild("_rowid") ?? [], (id, place) => ({
    row: BigInt(id),
    score: scored(Number(values[place])),
  }))
    .sort((one, other) => other.score - one.score || (one.row < other.row ? -1 : 1))
    .map(({ row, score }) => ({ id: String(row), score }));
}

/** A column of the chosen rows, by their address. */
async function taken(table: Table, chosen: readonly Ranked[], column: string): Promise<Map<string, unknown>> {
  if (chosen.length === 0) return new Map();
  const rows: unknown[] = await table
    .takeRowIds(chosen.map(({ id }) => BigInt(id)))
    .withRowId()
    .select([column])
    .toArray();
  return new Map(rows.map((row) => [String(Taken.parse(row)._rowid), row]));
}

async function apart(table: Table, fused: readonly Ranked[], { k, diversity_lambda }: Search): Promise<Ranked[]> {
  const rows = await taken(table, fused, "vector");
  const vectors = new Map([...rows].map(([id, row]) => [id, Taken.parse(row).vector?.toArray()]));
  const most = fused[0]?.score ?? 1;
  const scaled = fused.map(({ id, score }) => ({ id, score: most > 0 ? score / most : score }));
  const alike = (one: string, other: string) => dot(vectors.get(one), vectors.get(other));
  const scores = new Map(fused.map(({ id, score }) => [id, score]));
  return diverse(scaled, k, diversity_lambda, alike).map(({ id }) => ({ id, score: scores.get(id) ?? 0 }));
}

function dot(one: Float32Array | undefined, other: Float32Array | undefined): number {
  return one && other ? one.reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0) : 0;
}
