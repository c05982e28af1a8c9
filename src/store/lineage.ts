import type { Database } from "better-sqlite3";
import { z } from "zod";
import type { LineageEdge } from "../kernel/ports.ts";
import { AssetRef, type EventBody } from "../kernel/record.ts";
import { rows } from "./database.ts";

/** Writes an event's edges, inputs to outputs, and what it touched. */
export function recordLineage(database: Database, seq: number, { inputs, outputs, outcome }: EventBody): void {
  if (inputs.length === 0 && outputs.length === 0) return;
  const touch = database.prepare("INSERT OR IGNORE INTO touched VALUES (?, ?, ?, ?)");
  for (const { kind, name, version } of [...inputs, ...outputs])
    if (version !== null) touch.run(kind, name, version, seq);
  if (outcome !== "ok") return;
  const edge = database.prepare("INSERT INTO lineage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const from of inputs)
    for (const to of outputs)
      edge.run(seq, from.kind, from.name, from.version, from.hash, to.kind, to.name, to.version, to.hash);
}

const Row = z.object({
  seq: z.int(),
  from_kind: AssetRef.shape.kind,
  from_name: z.string(),
  from_version: z.int().nullable(),
  from_hash: z.string().nullable(),
  to_kind: AssetRef.shape.kind,
  to_name: z.string(),
  to_version: z.int().nullable(),
  to_hash: z.string().nullable(),
  tool: z.string().nullable(),
  call_id: z.string().nullable(),
});

/** Everything `ref` was made from (`up`) or used for (`down`), nearest first; each edge once, however many ways lead to it. */
export function walkLineage(
  database: Database,
  ref: AssetRef,
  direction: "up" | "down",
  depth: number,
): readonly LineageEdge[] {
  const [near, far] = direction === "up" ? (["to", "from"] as const) : (["from", "to"] as const);
  const find = database.prepare(
    `SELECT lineage.*, events.tool, events.call_id FROM lineage LEFT JOIN events USING (seq) WHERE ${near}_kind = ? AND ${near}_name = ? AND ${near}_version IS ? ORDER BY seq`,
  );
  const seen = new Set<string>();
  const edges: LineageEdge[] = [];
  let front: AssetRef[] = [ref];
  for (let level = 0; level < depth && front.length > 0; level += 1) {
    const next: AssetRef[] = [];
    const found = front.flatMap((asset) => rows(Row, find.all(asset.kind, asset.name, asset.version)));
    for (const edge of found.map(toEdge)) {
      const key = JSON.stringify([edge.seq, edge.from, edge.to]);
      if (seen.has(key)) continue;
      seen.add(key);
      edges.push(edge);
      next.push(far === "from" ? edge.from : edge.to);
    }
    front = next;
  }
  return edges;
}

const toEdge = (row: z.infer<typeof Row>): LineageEdge => ({
  from: { kind: row.from_kind, name: row.from_name, version: row.from_version, hash: row.from_hash },
  to: { kind: row.to_kind, name: row.to_name, version: row.to_version, hash: row.to_hash },
  seq: row.seq,
  tool: row.tool ?? "archived",
  call_id: row.call_id ?? "archived",
});
