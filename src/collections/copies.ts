import type { Connection, Table } from "@lancedb/lancedb";
import { z } from "zod";
import { Settings } from "../kernel/documents.ts";
import { ToolError } from "../kernel/errors.ts";
import { chunkSchema, documentSchema, Vector } from "./rows.ts";

const ROWS_AT_ONCE = 1024;
const NEW_LINE = 10;

type Row = Record<string, unknown>;

/** Both tables' rows, one after the other. */
export interface Rows {
  readonly chunks: AsyncIterable<Row> | Iterable<Row>;
  readonly documents: AsyncIterable<Row> | Iterable<Row>;
}

const Texts = z.custom<Iterable<unknown>>((value) => typeof value === "object" && value !== null);
const ChunkOf = z.looseObject({ labels: Texts, vector: Vector });

export const rowsOf = ({ chunks, documents }: { chunks: Table; documents: Table }): Rows => ({
  chunks: chunkRows(chunks),
  documents: plainRows(documents),
});

async function* plainRows(table: Table): AsyncGenerator<Row> {
  for await (const batch of table.query()) for (const row of batch) yield { ...row.toJSON() };
}

async function* chunkRows(table: Table): AsyncGenerator<Row> {
  for await (const row of plainRows(table)) {
    const { labels, vector, ...rest } = ChunkOf.parse(row);
    yield { ...rest, labels: [...labels].map(String), vector: vector.toArray() };
  }
}

/**
 * Writes both tables anew: chunks a few at a time, then all documents at once. A collection is there when its documents are,
 * so a kill leaves none.
 */
export async function writeWhole(
  lance: Connection,
  names: { chunks: string; documents: string },
  settings: Settings,
  rows: Rows,
): Promise<void> {
  const there = await lance.tableNames({ limit: 100_000 });
  for (const name of [names.chunks, names.documents]) if (there.includes(name)) await lance.dropTable(name);
  const chunks = await lance.createEmptyTable(names.chunks, chunkSchema(settings));
  await chunks.setUnenforcedPrimaryKey("id");
  let waiting: Row[] = [];
  for await (const row of rows.chunks) {
    waiting.push(row);
    if (waiting.length < ROWS_AT_ONCE) continue;
    await chunks.add(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await chunks.add(waiting);
  const all: Row[] = [];
  for await (const row of rows.documents) all.push(row);
  const documents =
    all.length > 0
      ? await lance.createTable(names.documents, all, { schema: documentSchema() })
      : await lance.createEmptyTable(names.documents, documentSchema());
  await documents.setUnenforcedPrimaryKey("id");
}

const Float32Base64 = z.base64().transform((text) => {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
});
const Line = z.union([
  z.strictObject({ settings: Settings }),
  z.strictObject({ document: z.looseObject({ id: z.string() }) }),
  z.strictObject({ chunk: z.looseObject({ id: z.string(), vector: Float32Base64 }) }),
]);

/** A collection as JSON Lines: its settings, its documents, then its chunks with their vectors (float32, base64). */
export async function exported(tables: { chunks: Table; documents: Table }, settings: Settings): Promise<Uint8Array> {
  const lines: Buffer[] = [];
  const add = (line: object) => lines.push(Buffer.from(`${JSON.stringify(line)}\n`));
  add({ settings });
  for await (const document of plainRows(tables.documents)) add({ document });
  for await (const { vector, ...chunk } of chunkRows(tables.chunks)) {
    if (!(vector instanceof Float32Array)) continue;
    add({
      chunk: { ...chunk, vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64") },
    });
  }
  return Buffer.concat(lines);
}

/** Reads what `exported` wrote. */
export function imported(file: Uint8Array): { settings: Settings; rows: Rows } {
  let settings: Settings | undefined;
  const [documents, chunks]: [Row[], Row[]] = [[], []];
  for (const text of linesOf(file)) {
    const line = Line.safeParse(parsed(text));
    if (!line.success) throw notExported();
    if ("settings" in line.data) settings = line.data.settings;
    else if ("document" in line.data) documents.push(line.data.document);
    else chunks.push(line.data.chunk);
  }
  if (!settings) throw notExported();
  return { settings, rows: { chunks, documents } };
}

function* linesOf(file: Uint8Array): Generator<string> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEW_LINE, from);
    const to = end < 0 ? bytes.length : end;
    yield bytes.toString("utf8", from, to);
    from = to + 1;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const notExported = () =>
  new ToolError("invalid_input", "source: it is no export of a collection.", "Name the file that `export` wrote.");
