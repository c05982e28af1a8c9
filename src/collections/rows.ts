import { Field, FixedSizeList, Float32, Float64, Int32, List, Schema, Utf8 } from "apache-arrow";
import { z } from "zod";
import { ChunkRow, type Settings } from "../kernel/documents.ts";

/** A vector as Arrow gives it. */
export const Vector = z.custom<{ toArray(): Float32Array }>(
  (value) => typeof value === "object" && value !== null && "toArray" in value,
);

/** The column that holds a chunk as a result has it. */
export const CHUNK = "chunk";
const Stored = z.object({ [CHUNK]: z.string() });

/** The chunk that a row of the table holds. */
export const chunkOf = (row: unknown): ChunkRow => ChunkRow.parse(JSON.parse(Stored.parse(row)[CHUNK]));

/** Under which a table's schema keeps the collection's settings, so that they go wherever the table goes. */
export const SETTINGS_KEY = "ml_engine";

const text = (name: string, nullable = false) => new Field(name, new Utf8(), nullable);
const integer = (name: string, nullable = false) => new Field(name, new Int32(), nullable);

/**
 * What is searched has a column of its own. What a result is made of stands together in one, as JSON: each column that is read
 * of ten chosen rows takes a third of a millisecond, and this one has all that fifteen had.
 */
export function chunkSchema(settings: Settings): Schema {
  const { dimensions } = settings.embedding;
  return new Schema(
    [
      text("id"),
      text("document"),
      text("title"),
      text("media_type"),
      integer("page", true),
      text("section", true),
      integer("tokens"),
      new Field("labels", new List(new Field("item", new Utf8(), true)), true),
      // What words are looked for in, and what was embedded: the headings, then the text.
      text("body"),
      new Field("vector", new FixedSizeList(dimensions, new Field("item", new Float32(), true)), false),
      text(CHUNK),
    ],
    new Map([[SETTINGS_KEY, JSON.stringify(settings)]]),
  );
}

export const documentSchema = () =>
  new Schema([
    ...["id", "source", "root", "title", "media_type", "hash"].map((name) => text(name)),
    new Field("bytes", new Float64(), false),
    ...["text", "marks", "labels", "made"].map((name) => text(name)),
    integer("chunks"),
    integer("tokens"),
    text("warnings"),
    text("ingested"),
  ]);
