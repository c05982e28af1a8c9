import { z } from "zod";

/** What retrieval speaks of: collections of documents, cut into chunks that are searched by meaning and by words. */

export const STRATEGIES = ["recursive", "fixed", "sentence", "markdown", "code", "semantic", "parent_child"] as const;

/** How documents are cut. */
export const Chunking = z.strictObject({
  strategy: z.enum(STRATEGIES).default("recursive"),
  size_tokens: z.int().min(16).max(8192).default(200),
  overlap_tokens: z.int().min(0).max(4096).default(0),
});
export type Chunking = z.output<typeof Chunking>;

export const FORMAT = 1;

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

export const MODES = ["vector", "fulltext", "hybrid"] as const;
export type Mode = (typeof MODES)[number];

export interface Search {
  readonly query: string;
  /** Of the query, which may be on its way still; not needed for full text. */
  readonly vector: Promise<Float32Array | undefined> | undefined;
  readonly mode: Mode;
  readonly k: number;
  readonly filter: string | undefined;
  readonly fusion: "rrf" | "weighted";
  /** Share of meaning against words where both are asked, 0..1. */
  readonly vector_weight: number;
  /** 1 is by relevance alone; less avoids results that say the same. */
  readonly diversity_lambda: number;
  /** Candidates of each way to search. */
  readonly candidates: number;
  /** Hears that one way failed and the other found alone; without it, that is an error. */
  readonly warn?: (warning: string) => void;
}

/** A chunk that was found, and where it stood at each stage; ranks from 1, null where it was not there. */
export interface Hit extends ChunkRow {
  readonly score: number;
  readonly stages: Stages;
}

export interface Stages {
  readonly vector_rank: number | null;
  /** Cosine, −1..1. */
  readonly similarity: number | null;
  readonly fulltext_rank: number | null;
  readonly bm25: number | null;
  readonly fused_rank: number;
}

/** Turns texts into vectors of length one, so that their dot product is their cosine. */
export interface Embedder {
  readonly name: string;
  readonly dimensions: number;
  readonly query_prefix: string;
  readonly document_prefix: string;
  /** Tokens of a text that the model reads at once. */
  readonly max_tokens: number;
  /** Tokens of a text, without those the model adds. */
  count(text: string): number;
  /** One vector a text, in their order. Some models read questions and documents differently. */
  embed(texts: readonly string[], as: "query" | "document", signal?: AbortSignal): Promise<readonly Float32Array[]>;
}

export interface IndexState {
  readonly name: string;
  readonly column: string;
  readonly type: string;
  readonly rows: number;
  readonly unindexed: number;
}

export interface VectorIndex {
  readonly type: "none" | "IVF_FLAT" | "IVF_HNSW_SQ";
  readonly rows: number;
  /** Share of the ten nearest that it finds, measured against exact search. */
  readonly recall: number;
}

/** A state of a collection that can be gone back to. */
export interface CollectionVersion {
  readonly name: string;
  readonly version: number;
  /** ISO 8601. */
  readonly time: string;
}

/** What does not fit together, by how many and which. */
export interface Orphans {
  /** Documents that chunks name and that are not there. */
  readonly chunks_of: readonly string[];
  /** Documents that count other chunks than there are. */
  readonly documents: readonly string[];
}

export interface Collection {
  readonly name: string;
  readonly settings: Settings;
  size(): Promise<{ documents: number; chunks: number }>;
  /** What is there, without the texts. */
  documents(): Promise<readonly DocumentBrief[]>;
  document(id: string): Promise<DocumentRow | undefined>;
  /** Chunks in order, of one document. */
  chunksOf(document: string): Promise<readonly ChunkRow[]>;
  search(asked: Search): Promise<readonly Hit[]>;
  /** Replaces documents and their chunks. */
  write(prepared: readonly Prepared[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /**
   * Brings the indices up to date, packs what many writes left and marks a version; makes the index of words anew where that is
   * asked, or it cannot be read. Answers what went wrong.
   */
  tend(anew?: boolean): Promise<readonly string[]>;
  /** Documents with a chunk that passes the filter, as `filterSql` reads it. */
  matching(filter: string): Promise<readonly string[]>;
  indices(): Promise<readonly IndexState[]>;
  /** Builds the index of vectors; below 50,000 chunks only where `evenIfSmall`. */
  indexVectors(evenIfSmall: boolean): Promise<VectorIndex>;
  /** Share of the ten nearest of sampled chunks that a search finds, as exact search does. */
  recall(): Promise<number>;
  orphans(): Promise<Orphans>;
  /** Chunks spread evenly over the collection, with what was embedded and its vector. */
  sample(most: number): Promise<readonly Sampled[]>;
  versions(): Promise<readonly CollectionVersion[]>;
  tag(name: string): Promise<void>;
  rollback(name: string): Promise<void>;
  /** As JSON Lines that `Collections.import` reads. */
  export(): Promise<Uint8Array>;
}

export interface Sampled {
  readonly id: string;
  readonly document: string;
  readonly body: string;
  readonly vector: Float32Array;
}

export interface Collections {
  names(): Promise<readonly string[]>;
  open(name: string): Promise<Collection | undefined>;
  /** Makes it where it is not there. */
  create(name: string, settings: Settings): Promise<Collection>;
  drop(name: string): Promise<void>;
  /** Another one of the same rows; it must not be there yet. */
  clone(name: string, to: string): Promise<Collection>;
  /** One of the rows that `export` wrote; it must not be there yet. */
  import(to: string, file: Uint8Array): Promise<Collection>;
  embedder(model: string): Promise<Embedder>;
  /** The real path of a model's folder that a call named, and the folder that models made for use lie in. */
  modelFolder(path: string): { source: string; target: string };
  /** Cuts documents into chunks and embeds them. */
  prepare(
    parsed: readonly Parsed[],
    chunking: Chunking,
    embedder: Embedder,
    signal: AbortSignal,
  ): Promise<readonly Prepared[]>;
  /** A name for one that is made of another for a while: the same each time, so that what a kill left is found again. */
  temporary(name: string, chunking: Chunking): string;
  /** What a document was made into chunks by, as `DocumentRow.made` says it. */
  madeBy(chunking: Chunking, model: string): string;
}
