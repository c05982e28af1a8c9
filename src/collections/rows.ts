import { Field, FixedSizeList, Float32, Float64, Int32, List, Schema, Utf8 } from "apache-arrow";
import { ChunkRow, type Settings } from "../kernel/documents.ts";

export const CHUNK_COLUMNS = Object.keys(ChunkRow.shape);
/** Under which a table's schema keeps the collection's settings, so that they go wherever the table goes. */
export const SETTINGS_KEY = "ml_engine";

const text = (name: string, nullable = false) => new Field(name, new Utf8(), nullable);
const integer = (name: string, nullable = false) => new Field(name, new Int32(), nullable);

export function chunkSchema(settings: Settings): Schema {
  const { dimensions } = settings.embedding;
  return new Schema(
    [
      text("id"),
      text("document"),
      integer("ordinal"),
      text("title"),
      text("media_type"),
      text("headings"),
      text("text"),
      // What is searched and embedded: the headings, then the text.
      text("body"),
      ...["start", "end", "parent_start", "parent_end"].map((name) => integer(name)),
      integer("page", true),
      text("section", true),
      integer("line"),
      integer("tokens"),
      new Field("labels", new List(new Field("item", new Utf8(), true)), true),
      new Field("vector", new FixedSizeList(dimensions, new Field("item", new Float32(), true)), false),
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
