import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@lancedb/lancedb";
import { expect, test } from "vitest";
import { indexVectors } from "../../src/collections/upkeep.ts";
import { mulberry } from "../../src/kernel/statistics.ts";

/** Points around a few centres, as passages on a few subjects. */
function rowsOf(count: number, dimensions: number) {
  const chance = mulberry(7);
  const spread = () => chance() - 0.5;
  const centres = Array.from({ length: 20 }, () => Array.from({ length: dimensions }, spread));
  return Array.from({ length: count }, (_, at) => ({
    id: at,
    vector: (centres[at % centres.length] ?? []).map((value) => value + spread()),
  }));
}

test.each([
  [384, "IVF_RQ"],
  [20, "IVF_FLAT"],
])("vectors of %i dimensions have an index of kind %s, which finds the nearest", async (dimensions, kind) => {
  const folder = mkdtempSync(join(tmpdir(), "ml-engine-index-"));
  try {
    const table = await (await connect(folder)).createTable("chunks", rowsOf(2000, dimensions));
    const { type, rows, recall } = await indexVectors(table, dimensions, true);
    expect({ type, rows }).toEqual({ type: kind, rows: 2000 });
    expect(recall).toBeGreaterThanOrEqual(0.98);
    await table.add(rowsOf(500, dimensions).map(({ id, vector }) => ({ id: id + 2000, vector })));
    await table.optimize();
    const [index] = await table.listIndices();
    expect((await table.indexStats(index?.name ?? ""))?.numUnindexedRows).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
