export interface Prefixes {
  readonly query_prefix: string;
  readonly document_prefix: string;
}

const NONE: Prefixes = { query_prefix: "", document_prefix: "" };
const RETRIEVAL = "Represent this sentence for searching relevant passages: ";

/** What models were trained to be told, as their makers' model cards say; by a part of their names, the first that fits. */
const TRAINED: readonly (readonly [RegExp, Prefixes])[] = [
  [/nomic-embed-text/, { query_prefix: "search_query: ", document_prefix: "search_document: " }],
  [/e5-mistral|e5.*instruct/, NONE],
  [/(^|[^a-z])e5([^a-z0-9]|$)/, { query_prefix: "query: ", document_prefix: "passage: " }],
  [/bge-(small|base|large)-en|mxbai-embed/, { query_prefix: RETRIEVAL, document_prefix: "" }],
  [/arctic-embed2|arctic-embed-[ml]-v2/, { query_prefix: "query: ", document_prefix: "" }],
  [/arctic-embed/, { query_prefix: RETRIEVAL, document_prefix: "" }],
  [/embeddinggemma/, { query_prefix: "task: search result | query: ", document_prefix: "title: none | text: " }],
];

export const prefixesOf = (model: string): Prefixes =>
  TRAINED.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1] ?? NONE;
