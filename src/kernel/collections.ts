import type { Chunking, ChunkRow, DocumentBrief, DocumentRow, Parsed, Prepared, Settings } from "./documents.ts";

/** What retrieval speaks of: collections of documents, cut into chunks that are searched by meaning and by words. */

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
  readonly type: "none" | "IVF_RQ" | "IVF_FLAT" | "IVF_HNSW_SQ";
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
