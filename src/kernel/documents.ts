import { z } from "zod";

/** Documents as they are read, and the chunks they are cut into. */

export const STRATEGIES = ["recursive", "fixed", "sentence", "markdown", "code", "semantic", "parent_child"] as const;

/** How documents are cut. */
export const Chunking = z.strictObject({
  strategy: z.enum(STRATEGIES).default("recursive"),
  size_tokens: z.int().min(16).max(8192).default(200),
  overlap_tokens: z.int().min(0).max(4096).default(0),
});
export type Chunking = z.output<typeof Chunking>;

export const FORMAT = 2;

/** What a collection was made with. */
export const Settings = z.strictObject({
  format: z.literal(FORMAT),
  embedding: z.strictObject({
    model: z.string(),
    dimensions: z.int(),
    /** What the model is told before a question, and before a passage. */
    query_prefix: z.string().default(""),
    document_prefix: z.string().default(""),
  }),
  chunking: Chunking,
  /** Whose stems and stop words full-text search knows; `other` is for scripts without blanks between words. */
  language: z.string(),
  created: z.string(),
});
export type Settings = z.output<typeof Settings>;

/** What stands at a place in a document's text, as its parser found it; the end is exclusive. */
export const Mark = z.strictObject({
  kind: z.enum(["heading", "page", "slide", "sheet", "table", "code"]),
  start: z.int().min(0),
  end: z.int().min(0),
  /** Of a heading: 1 is the highest. */
  level: z.int(),
  /** A heading's words, a page's number, a slide's or sheet's name. */
  label: z.string(),
});
export type Mark = z.output<typeof Mark>;

/** A document as its parser left it. Offsets of marks are code points of `text`. */
export interface Parsed {
  /** Its name in the collection. */
  readonly id: string;
  readonly source: string;
  /** The folder it was found in, for seeing what is gone; empty for a file named alone. */
  readonly root: string;
  readonly title: string;
  readonly media_type: string;
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly bytes: number;
  readonly text: string;
  readonly marks: readonly Mark[];
  readonly labels: readonly string[];
  readonly warnings: readonly string[];
}

/** A part of a document. `start` and `end` are code points of the document's text, the end exclusive. */
export const ChunkRow = z.object({
  id: z.string(),
  document: z.string(),
  ordinal: z.int(),
  title: z.string(),
  media_type: z.string(),
  headings: z.string().describe("It stands under."),
  text: z.string(),
  start: z.int(),
  end: z.int(),
  parent_start: z.int(),
  parent_end: z.int(),
  page: z.int().nullable().describe("From 1."),
  section: z.string().nullable().describe("Slide or sheet."),
  line: z.int().describe("From 1."),
  tokens: z.int(),
});
export type ChunkRow = z.output<typeof ChunkRow>;

/** A document with its whole text. */
export const DocumentRow = z.object({
  id: z.string(),
  source: z.string(),
  root: z.string(),
  title: z.string(),
  media_type: z.string(),
  hash: z.string(),
  bytes: z.number(),
  text: z.string(),
  /** JSON of its marks. */
  marks: z.string(),
  /** JSON of `key=value` texts. */
  labels: z.string(),
  /** How it was chunked and embedded: another way of either makes it anew. */
  made: z.string(),
  chunks: z.int(),
  tokens: z.int(),
  /** JSON of texts. */
  warnings: z.string(),
  ingested: z.string(),
});
export type DocumentRow = z.output<typeof DocumentRow>;
export type DocumentBrief = Omit<DocumentRow, "text" | "marks">;

/** A document with its chunks and their vectors, ready to be written. */
export interface Prepared {
  readonly document: DocumentRow;
  readonly chunks: readonly Record<string, unknown>[];
}
