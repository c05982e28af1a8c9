import type { Table } from "@lancedb/lancedb";
import { z } from "zod";
import type {
  Collection,
  CollectionVersion,
  Hit,
  IndexState,
  Orphans,
  Sampled,
  Search,
  VectorIndex,
} from "../kernel/collections.ts";
import { type ChunkRow, type DocumentBrief, DocumentRow, type Prepared, type Settings } from "../kernel/documents.ts";
import { exported } from "./copies.ts";
import { filterSql, quoted } from "./filter.ts";
import { type Resident, residentRows } from "./resident.ts";
import { CHUNK, chunkOf, Vector } from "./rows.ts";
import { search } from "./search.ts";
import { indexedColumns, indexVectors, indexWords, indicesOf, reasonOf, recallOf } from "./upkeep.ts";
import { markVersion, restoreVersion, type Tables, versionsOf } from "./versions.ts";

const IDS_AT_ONCE = 500;

const SampledRow = z.object({ id: z.string(), document: z.string(), body: z.string(), vector: Vector });
const OfDocument = z.object({ document: z.string() });

/** One collection: a table of chunks and one of the documents they are parts of. */
export class LanceCollection implements Collection {
  readonly name: string;
  readonly settings: Settings;
  readonly #chunks: Table;
  readonly #documents: Table;
  readonly #resident: () => Promise<Resident | undefined>;
  readonly #exclusively: <T>(work: () => Promise<T>) => Promise<T>;

  constructor(
    name: string,
    settings: Settings,
    tables: { chunks: Table; documents: Table },
    exclusively: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.name = name;
    this.settings = settings;
    this.#chunks = tables.chunks;
    this.#documents = tables.documents;
    this.#resident = residentRows(tables.chunks);
    this.#exclusively = exclusively;
  }

  async size(): Promise<{ documents: number; chunks: number }> {
    const [documents, chunks] = await Promise.all([this.#documents.countRows(), this.#chunks.countRows()]);
    return { documents, chunks };
  }

  /** What is there, without the texts. */
  async documents(): Promise<DocumentBrief[]> {
    const Brief = DocumentRow.omit({ text: true, marks: true });
    const rows: unknown[] = await this.#documents.query().select(Object.keys(Brief.shape)).toArray();
    return rows.map((row) => Brief.parse(row));
  }

  async document(id: string): Promise<DocumentRow | undefined> {
    const [row]: unknown[] = await this.#documents
      .query()
      .where(`id = ${quoted(id)}`)
      .limit(1)
      .toArray();
    return row === undefined ? undefined : DocumentRow.parse(row);
  }

  async chunksOf(document: string): Promise<ChunkRow[]> {
    const rows: unknown[] = await this.#chunks
      .query()
      .where(`document = ${quoted(document)}`)
      .select([CHUNK])
      .toArray();
    return rows.map(chunkOf).sort((one, other) => one.ordinal - other.ordinal);
  }

  search(asked: Search): Promise<Hit[]> {
    return search(this.#chunks, asked, this.#resident);
  }

  /**
   * Replaces the chunks of some documents at once, then the documents. A kill between the two leaves documents whose next
   * ingest writes the same chunks again.
   */
  async write(prepared: readonly Prepared[]): Promise<void> {
    if (prepared.length === 0) return;
    const ids = prepared.map(({ document }) => quoted(document.id)).join(", ");
    const chunks = prepared.flatMap((one) => one.chunks);
    await this.#exclusively(async () => {
      const merge = this.#chunks.mergeInsert("id").whenMatchedUpdateAll().whenNotMatchedInsertAll();
      // To look for rows that go costs several times what a write costs, so it is done where there are some.
      const replaces = (await this.#chunks.countRows(`document IN (${ids})`)) > 0;
      if (chunks.length > 0)
        await (replaces ? merge.whenNotMatchedBySourceDelete({ where: `document IN (${ids})` }) : merge).execute(
          chunks,
        );
      else if (replaces) await this.#chunks.delete(`document IN (${ids})`);
      await this.#documents
        .mergeInsert("id")
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute(prepared.map(({ document }) => ({ ...document })));
    });
  }

  /** Takes documents and all their chunks away; the documents go last, so that a kill between leaves no orphan. */
  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#exclusively(async () => {
      for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
        const list = ids
          .slice(from, from + IDS_AT_ONCE)
          .map(quoted)
          .join(", ");
        await this.#chunks.delete(`document IN (${list})`);
        await this.#documents.delete(`id IN (${list})`);
      }
    });
  }

  /** Chunks that a kill left without their document; nobody writes meanwhile. */
  async #dropOrphans(): Promise<void> {
    const column = async (table: Table, name: string) => {
      const found = new Set<string>();
      for await (const batch of table.query().select([name]))
        for (const value of batch.getChild(name) ?? []) found.add(String(value));
      return found;
    };
    const documents = await column(this.#documents, "id");
    const orphans = [...(await column(this.#chunks, "document"))].filter((id) => !documents.has(id));
    for (let from = 0; from < orphans.length; from += IDS_AT_ONCE)
      await this.#chunks.delete(
        `document IN (${orphans
          .slice(from, from + IDS_AT_ONCE)
          .map(quoted)
          .join(", ")})`,
      );
  }

  /**
   * Brings the indices up to date with the rows, and packs what many small writes left; makes the index of words anew where
   * that is asked, or it cannot be read. Answers what went wrong.
   */
  async tend(anew = false): Promise<string[]> {
    const warnings: string[] = [];
    await this.#exclusively(async () => {
      await this.#dropOrphans();
      const attempt = async (what: string, work: () => Promise<unknown>) => {
        try {
          await work();
        } catch (error) {
          warnings.push(`${what} failed: ${reasonOf(error)}`);
        }
      };
      const there = await indexedColumns(this.#chunks);
      if (!there) warnings.push("An index could not be read, and is made anew.");
      if (anew || !there?.has("body"))
        await attempt("The full-text index", () => indexWords(this.#chunks, this.settings.language));
      if (!there?.has("vector")) await attempt("The vector index", () => this.#indexVectors());
      await attempt("Packing", () => this.#chunks.optimize());
      await attempt("Packing", () => this.#documents.optimize());
      await attempt("Marking a version", () => markVersion(this.tables));
    });
    return warnings;
  }

  async matching(filter: string): Promise<string[]> {
    const rows: unknown[] = await this.#chunks.query().where(filterSql(filter)).select(["document"]).toArray();
    return [...new Set(rows.map((row) => OfDocument.parse(row).document))].sort();
  }

  indices(): Promise<IndexState[]> {
    return indicesOf(this.#chunks);
  }

  indexVectors(evenIfSmall: boolean): Promise<VectorIndex> {
    return this.#exclusively(() => this.#indexVectors(evenIfSmall));
  }

  #indexVectors(evenIfSmall = false): Promise<VectorIndex> {
    return indexVectors(this.#chunks, this.settings.embedding.dimensions, evenIfSmall);
  }

  recall(): Promise<number> {
    return recallOf(this.#chunks);
  }

  async orphans(): Promise<Orphans> {
    const counts = new Map<string, number>();
    for await (const batch of this.#chunks.query().select(["document"]))
      for (const value of batch.getChild("document") ?? [])
        counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
    const documents = await this.documents();
    const known = new Set(documents.map(({ id }) => id));
    return {
      chunks_of: [...counts.keys()].filter((id) => !known.has(id)),
      documents: documents.filter(({ id, chunks }) => (counts.get(id) ?? 0) !== chunks).map(({ id }) => id),
    };
  }

  async sample(most: number): Promise<Sampled[]> {
    const rows = await this.#chunks.countRows();
    const count = Math.min(most, rows);
    if (count === 0) return [];
    const offsets = Array.from({ length: count }, (_, at) => Math.floor((at * rows) / count));
    const found: unknown[] = await this.#chunks
      .takeOffsets(offsets)
      .select(["id", "document", "body", "vector"])
      .toArray();
    return found.map((row) => {
      const { vector, ...rest } = SampledRow.parse(row);
      return { ...rest, vector: vector.toArray() };
    });
  }

  versions(): Promise<CollectionVersion[]> {
    return versionsOf(this.tables);
  }

  async tag(name: string): Promise<void> {
    await this.#exclusively(() => markVersion(this.tables, name));
  }

  rollback(name: string): Promise<void> {
    return this.#exclusively(() => restoreVersion(this.tables, name));
  }

  export(): Promise<Uint8Array> {
    return exported(this.tables, this.settings);
  }

  get tables(): Tables {
    return { chunks: this.#chunks, documents: this.#documents };
  }
}
