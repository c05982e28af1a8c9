import type { z } from "zod";
import { capped, table, warned } from "../fields.ts";
import type { ColumnSource } from "./columns.ts";
import type { LineageReport } from "./result.ts";
import type { Difference } from "./versions.ts";

/** The whole result as a person reads it. */
export const words = (report: LineageReport): string =>
  [
    `${report.asset} (${report.action}).`,
    ...(report.edges ? edgeLines(report) : []),
    ...(report.columns ? columnLines(report.columns) : []),
    ...(report.rows_from?.length
      ? ["Rows were decided by:", ...report.rows_from.map((from) => `  ${source(from)}`)]
      : []),
    ...(report.versions ? versionLines(report.versions) : []),
    ...(report.difference ? differenceLines(report.difference) : []),
    ...(report.file ? [`${report.file.title}: ${report.file.path}`] : []),
    ...(report.mermaid ? ["", "```mermaid", report.mermaid, "```"] : []),
    ...warned(report.warnings),
  ].join("\n");

function edgeLines({ nodes = [], edges = [] }: LineageReport): string[] {
  if (nodes.some(({ columns }) => columns))
    return nodes.map(({ ref, kind, columns = [] }) => `${kind} ${ref}: ${columns.join(", ")}`);
  if (edges.length === 0) return ["Nothing recorded leads here or from here."];
  return [
    ...capped(
      edges.map(({ from, to, tool, event }) => `${from} → ${to} (${tool}, event ${event})`),
      60,
    ),
  ];
}

const source = ({ dataset, column, type, subtype, description }: ColumnSource) =>
  `${dataset}.${column} (${type === "DIRECT" ? "" : "indirect, "}${subtype.toLowerCase().replace("_", " ")}${description ? `: ${description}` : ""})`;

const columnLines = (columns: NonNullable<LineageReport["columns"]>) =>
  capped(
    columns.map(({ column, from }) => `${column} ← ${from.map(source).join("; ") || "nothing recorded before"}`),
    100,
  );

const versionLines = (versions: NonNullable<LineageReport["versions"]>) =>
  table([
    ["version", "rows", "created", "made by", "SHA-256", "said of it"],
    ...versions.map(({ ref, rows, created, made_by, hash, tags, current, marks }) => [
      ref,
      rows === null ? "·" : String(rows),
      created,
      made_by,
      hash.slice(0, 12),
      [
        ...(current ? ["current"] : []),
        ...tags,
        ...Object.entries(marks).map(([key, value]) => `${key}: ${value}`),
      ].join(", "),
    ]),
  ]);

function differenceLines({
  before,
  after,
  ...found
}: z.infer<typeof Difference> & { before: string; after: string }): string[] {
  const named = (what: string, names: readonly string[]) => (names.length ? [`${what}: ${names.join(", ")}.`] : []);
  return [
    `${before} → ${after}: ${found.rows_before} → ${found.rows_after} rows; ${found.rows_removed} rows are gone, ${found.rows_added} are new.`,
    ...named("Columns added", found.columns_added),
    ...named("Columns removed", found.columns_removed),
    ...named("Types changed", found.types_changed),
    ...named("Columns whose values changed", found.columns_changed),
  ];
}
