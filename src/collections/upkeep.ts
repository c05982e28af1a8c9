import type { Table } from "@lancedb/lancedb";
import { z } from "zod";
import type { IndexState, VectorIndex } from "../kernel/collections.ts";
import { ToolError } from "../kernel/errors.ts";
import { Vector } from "./rows.ts";

/** Below so many rows exact search is quick enough, and misses nothing. */
export const INDEX_ROWS = 50_000;
const INDEX_SECONDS = 600;
/** Parts of an inverted-file index that a search looks into. */
export const PROBES = 60;
const WANTED_RECALL = 0.98;
/** IVF_RQ packs the bits of a vector into bytes, and takes none that leaves one of them unfilled. */
const WHOLE_BYTES = 8;
const [SAMPLE, SAMPLE_K] = [50, 10];
/** How far two ways to compute one distance may be apart. */
const ROUNDING = 1e-5;

const Sampled = z.object({ vector: Vector });
const Near = z.object({ _distance: z.number() });

/** Words of scripts without blanks are found by ICU's dictionaries; English among them is read as always. */
const OTHER_SCRIPTS = { language: "English", baseTokenizer: "icu" } as const;

/** What LanceDB says where a file of an index is damaged or missing; rows and vectors are searched without it. */
export const unreadable = (what: string, error: unknown) =>
  new ToolError(
    "failed",
    `collection: ${what} cannot be read: ${reasonOf(error)}`,
    'Make it anew: ml_rag_manage {action: "optimize"}.',
  );

/** What LanceDB says, without where in its sources it says it. */
export const reasonOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/,? ?\S+\.rs:\d+(?::\d+)?/g, "").slice(0, 200);

/** Columns that have an index; undefined where one of the indices cannot be read. */
export async function indexedColumns(table: Table): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await table.listIndices()).flatMap(({ columns }) => columns));
  } catch {
    return undefined;
  }
}

/** Makes the index of words, in place of one that is there. Nothing where there are no rows. */
export async function indexWords(table: Table, language: string): Promise<void> {
  if ((await table.countRows()) === 0) return;
  const { Index } = await import("@lancedb/lancedb");
  const config = Index.fts({
    ...(language === "other" ? OTHER_SCRIPTS : { language }),
    stem: true,
    removeStopWords: true,
    asciiFolding: true,
  });
  await table.createIndex("body", { config, replace: true, waitTimeoutSeconds: INDEX_SECONDS });
}

/** Each index of a table, and how many rows it does not know yet; those are searched one by one. */
export async function indicesOf(table: Table): Promise<IndexState[]> {
  const indices = await table.listIndices().catch((error: unknown) => {
    throw unreadable("an index", error);
  });
  return await Promise.all(
    indices.map(async ({ name, columns, indexType }) => {
      const stats = await table.indexStats(name);
      return {
        name,
        column: columns.join(", "),
        type: stats?.indexType ?? indexType,
        rows: stats?.numIndexedRows ?? 0,
        unindexed: stats?.numUnindexedRows ?? 0,
      };
    }),
  );
}

/**
 * Builds the first index of vectors that finds enough. IVF_RQ keeps one bit a dimension (RaBitQ, Gao & Long 2024) and compares
 * the nearest once more by their whole vectors. Nothing below INDEX_ROWS rows, unless asked for.
 */
export async function indexVectors(table: Table, dimensions: number, evenIfSmall: boolean): Promise<VectorIndex> {
  const rows = await table.countRows();
  if (rows === 0 || (rows < INDEX_ROWS && !evenIfSmall)) return { type: "none", rows, recall: 1 };
  const { Index } = await import("@lancedb/lancedb");
  // A third of the usual root of the rows: of 135,000 passages the root itself found 0.95 of the nearest, this 0.99.
  const parted = { distanceType: "cosine", numPartitions: Math.ceil(Math.sqrt(rows) / 3) } as const;
  const kinds = [
    ["IVF_RQ", () => Index.ivfRq(parted)],
    ["IVF_FLAT", () => Index.ivfFlat(parted)],
    // LanceDB's own number of parts, fewer and larger ones: a search compares several times as much.
    ["IVF_FLAT", () => Index.ivfFlat({ distanceType: "cosine" })],
    ["IVF_HNSW_SQ", () => Index.hnswSq({ distanceType: "cosine", m: 32, efConstruction: 400 })],
  ] as const;
  let best: VectorIndex = { type: "none", rows, recall: 0 };
  for (const [type, make] of kinds) {
    if (type === "IVF_RQ" && dimensions % WHOLE_BYTES !== 0) continue;
    await table.createIndex("vector", { config: make(), replace: true, waitTimeoutSeconds: INDEX_SECONDS });
    best = { type, rows, recall: await recallOf(table) };
    if (best.recall >= WANTED_RECALL) break;
  }
  return best;
}

/**
 * Of the ten nearest passages of some of the table's own, the share that a search by the index finds too. By distance, as
 * ann-benchmarks counts it (Aumüller et al. 2018): which of several equally near ones is found says nothing.
 */
export async function recallOf(table: Table): Promise<number> {
  const rows = await table.countRows();
  if (rows === 0) return 1;
  const sample = Math.min(SAMPLE, rows);
  const offsets = Array.from({ length: sample }, (_, at) => Math.floor((at * rows) / sample));
  const found: unknown[] = await table.takeOffsets(offsets).select(["vector"]).toArray();
  let shared = 0;
  let wanted = 0;
  for (const row of found) {
    const vector = Sampled.parse(row).vector.toArray();
    const [exact, quick] = await Promise.all([nearest(table, vector, true), nearest(table, vector, false)]);
    const farthest = Math.max(...exact) + ROUNDING;
    shared += quick.filter((distance) => distance <= farthest).length;
    wanted += exact.length;
  }
  return wanted === 0 ? 1 : shared / wanted;
}

async function nearest(table: Table, vector: Float32Array, exact: boolean): Promise<number[]> {
  const near = table.query().nearestTo(vector).distanceType("cosine");
  const asked = exact ? near.bypassVectorIndex() : near.nprobes(PROBES).refineFactor(refinement(SAMPLE_K));
  const rows: unknown[] = await asked.select(["_distance"]).limit(SAMPLE_K).toArray();
  return rows.map((row) => Near.parse(row)._distance);
}

const REFINED = 100;

/** How many times the number asked for is compared exactly, where an index only knows rounded vectors. */
export const refinement = (asked: number) => Math.max(1, Math.ceil(REFINED / asked));
