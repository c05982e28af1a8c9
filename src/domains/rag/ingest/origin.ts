import { z } from "zod";
import type { Collection } from "../../../kernel/collections.ts";
import { type DocumentRow, Mark, type Parsed } from "../../../kernel/documents.ts";
import { ToolError } from "../../../kernel/errors.ts";
import { collectionIn } from "../../../kernel/fields.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { opened, strings } from "../fields.ts";
import type { IngestParams } from "../ingest.ts";
import { op, readings } from "./files.ts";
import type { Failure, FoundFile } from "./op.ts";

const DOCUMENTS_AT_ONCE = 32;
const Marks = z.array(Mark);

/** Where documents come from: files, or another collection, whose stored texts are cut and embedded anew. */
export interface Origin {
  /** Undefined for files. */
  readonly collection: Collection | undefined;
  readonly files: readonly FoundFile[];
  readonly failures: readonly Failure[];
  /** JSON of a document's labels, as a row keeps them. */
  labels(id: string): string;
  read(files: readonly FoundFile[]): AsyncGenerator<{ documents: readonly Parsed[]; failures: readonly Failure[] }>;
}

export async function originOf({ collection, source, labels }: IngestParams, ports: Ports): Promise<Origin> {
  const sources = [source].flat();
  const named = sources.flatMap((one) => collectionIn(one) ?? []);
  const [name] = named;
  if (name === undefined) {
    const { files, failures } = await op(ports, "list", { sources });
    return {
      collection: undefined,
      files,
      failures,
      labels: () => JSON.stringify(labels),
      read: (fresh) => readings(fresh, labels, ports),
    };
  }
  if (sources.length > 1)
    throw new ToolError(
      "invalid_input",
      "source: a collection stands alone, not in a list.",
      `Give "collection:${name}".`,
    );
  if (name === collection)
    throw new ToolError(
      "conflict",
      `source: \`${name}\` is the collection that is written.`,
      "Give another name as `collection`: both stay, and ml_rag_evaluate tells which is better.",
    );
  return await fromCollection(await opened(name, ports.collections), labels);
}

async function fromCollection(origin: Collection, asked: readonly string[]): Promise<Origin> {
  const rows = await origin.documents();
  const own = new Map(rows.map(({ id, labels }) => [id, labels]));
  const labels = (id: string) => (asked.length > 0 ? JSON.stringify(asked) : (own.get(id) ?? "[]"));
  return {
    collection: origin,
    files: rows.map(({ id, source, root, hash, bytes }) => ({ id, path: source, root, hash, bytes })),
    failures: [],
    labels,
    async *read(files) {
      for (let from = 0; from < files.length; from += DOCUMENTS_AT_ONCE) {
        const found = await Promise.all(
          files.slice(from, from + DOCUMENTS_AT_ONCE).map(({ id }) => origin.document(id)),
        );
        yield {
          documents: found.flatMap((row) => (row ? [parsedOf(row, strings(labels(row.id)))] : [])),
          failures: [],
        };
      }
    },
  };
}

const parsedOf = (row: DocumentRow, labels: readonly string[]): Parsed => ({
  id: row.id,
  source: row.source,
  root: row.root,
  title: row.title,
  media_type: row.media_type,
  hash: row.hash,
  bytes: row.bytes,
  text: row.text,
  marks: Marks.parse(JSON.parse(row.marks)),
  labels,
  warnings: strings(row.warnings),
});
