import type { Table } from "@lancedb/lancedb";
import { z } from "zod";
import type { ChunkRow } from "../kernel/documents.ts";
import type { Ranked } from "./fusion.ts";
import { CHUNK, chunkOf, Vector } from "./rows.ts";

/** Above so many rows, or so many characters of text, LanceDB's own search is about as fast, and memory matters more. */
const [MOST_ROWS, MOST_CHARACTERS] = [8192, 2 ** 24];

const Row = z.object({ _rowid: z.bigint(), vector: Vector });

/** The rows of a small table as they are at one version, for exact search without a way to the disk. */
export interface Resident {
  readonly rows: ReadonlyMap<string, ChunkRow>;
  /** The rows nearest to a vector of length one, best first, by their cosine; equal ones in the order of rows. */
  nearest(vector: Float32Array, most: number): Ranked[];
}

/** Keeps a table's rows in memory for as long as the table stays as it is. */
export function residentRows(table: Table): () => Promise<Resident | undefined> {
  let known: { version: number; loading: Promise<Resident | undefined> } | undefined;
  return async () => {
    const version = await table.version();
    if (known?.version !== version) {
      const loading = load(table);
      known = { version, loading };
      loading.catch(() => {
        if (known?.loading === loading) known = undefined;
      });
    }
    return await known.loading;
  };
}

/** Undefined where the table is too large. */
async function load(table: Table): Promise<Resident | undefined> {
  const count = await table.countRows();
  if (count > MOST_ROWS) return undefined;
  const rows = new Map<string, ChunkRow>();
  const vectors: Float32Array[] = [];
  let characters = 0;
  for await (const batch of table.query().withRowId().select([CHUNK, "vector"]))
    for (const found of batch) {
      const { _rowid, vector } = Row.parse(found);
      const row = chunkOf(found);
      characters += row.text.length;
      if (characters > MOST_CHARACTERS) return undefined;
      rows.set(String(_rowid), row);
      vectors.push(vector.toArray());
    }
  return residentOf(rows, vectors);
}

/** Vectors in the order of rows. */
function residentOf(rows: ReadonlyMap<string, ChunkRow>, vectors: readonly Float32Array[]): Resident {
  const ids = [...rows.keys()];
  const dimensions = vectors[0]?.length ?? 0;
  const all = new Float32Array(vectors.length * dimensions);
  for (const [place, vector] of vectors.entries()) {
    const length = Math.hypot(...vector) || 1;
    all.set(
      vector.map((value) => value / length),
      place * dimensions,
    );
  }
  return {
    rows,
    nearest: (vector, most) => {
      const scores = products(all, vector, ids.length);
      const least = scores.length > most ? (scores.toSorted()[scores.length - most] ?? -1) : -1;
      return ids
        .map((id, place) => ({ id, score: scores[place] ?? -1, place }))
        .filter(({ score }) => score >= least)
        .sort((one, other) => other.score - one.score || one.place - other.place)
        .slice(0, most)
        .map(({ id, score }) => ({ id, score }));
    },
  };
}

/** The dot product of each of `count` vectors, one behind the other, with a vector. Four sums at once: one alone waits for itself. */
function products(all: Float32Array, vector: Float32Array, count: number): Float32Array {
  const found = new Float32Array(count);
  const dimensions = vector.length;
  for (let row = 0; row < count; row += 1) {
    const from = row * dimensions;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let at = 0;
    for (; at + 3 < dimensions; at += 4) {
      a += (all[from + at] ?? 0) * (vector[at] ?? 0);
      b += (all[from + at + 1] ?? 0) * (vector[at + 1] ?? 0);
      c += (all[from + at + 2] ?? 0) * (vector[at + 2] ?? 0);
      d += (all[from + at + 3] ?? 0) * (vector[at + 3] ?? 0);
    }
    for (; at < dimensions; at += 1) a += (all[from + at] ?? 0) * (vector[at] ?? 0);
    found[row] = a + b + c + d;
  }
  return found;
}
