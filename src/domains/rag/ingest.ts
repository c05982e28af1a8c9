import { z } from "zod";
import { Chunking, STRATEGIES } from "../../kernel/documents.ts";
import { job, rare, source } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, warned } from "../../kernel/words.ts";
import { collection } from "./fields.ts";
import { bringIn } from "./ingest/bring-in.ts";
import { OpParams, OpResult } from "./ingest/op.ts";

const Params = z.strictObject({
  collection: collection(),
  source: z
    .union([source("File or folder."), z.array(source("File or folder.")).min(1).max(1000)])
    .describe("File or folder, or a list; or `collection:NAME`, whose texts are cut and embedded anew."),
  chunking: Chunking.partial()
    .optional()
    .describe(`strategy (${STRATEGIES.join(", ")}), size_tokens, overlap_tokens.`),
  labels: rare(
    z.array(z.string().max(200)).max(20).default([]).describe("Of each document, as `team=hr`, to filter by."),
  ),
  embedding: rare(
    z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe("Of a new collection: all-MiniLM-L6-v2 or its -int8, ollama:MODEL, openai:MODEL, folder:PATH."),
  ),
  language: rare(z.string().max(20).optional().describe("Of a new collection: English …, or `other`.")),
  sync: rare(z.boolean().default(true).describe("Documents gone from a folder go from the collection.")),
  ...job,
});
export type IngestParams = z.output<typeof Params>;

const Ingested = z.strictObject({
  collection: z.string(),
  documents: z.strictObject({
    added: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    removed: z.int(),
    failed: z.int(),
  }),
  chunks: z.int().describe("Written now."),
  tokens: z.int(),
  embedding: z.string(),
  chunking: Chunking,
  total: z.strictObject({ documents: z.int(), chunks: z.int() }),
  failures: z.array(z.strictObject({ document: z.string(), error: z.string() })).describe("First 50."),
  warnings: z.array(z.string()),
});

export type Ingested = z.output<typeof Ingested>;

export default nativeTool({
  name: "ml_rag_ingest",
  title: "Index documents",
  description:
    "Index files or a folder (PDF, Word, slides, HTML, Markdown, code …) as a collection to search: parsed, cut, embedded here. Unchanged files are skipped. Next: ml_rag_query.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "index our handbook so I can ask questions about it",
    "add these PDFs to the collection policies",
    "index this folder of documents for retrieval",
    "the docs changed, update the index",
    "chunk and embed these markdown files",
  ],
  input: Params,
  output: Ingested,
  op: { params: OpParams, result: OpResult },
  details: (params) => ({ action: "rag:ingest", dataset: params.collection, contains_pii: null }),
  summarize: (result) => {
    const { documents, total } = result;
    const counts = Object.entries(documents).flatMap(([what, number]) => (number > 0 ? [`${number} ${what}`] : []));
    return [
      `${result.collection}: ${counts.join(", ") || "nothing new"}; ${result.chunks} chunks written (${result.tokens} tokens, ${result.chunking.strategy}, up to ${result.chunking.size_tokens} tokens, ${result.embedding}).`,
      `Holds ${total.documents} documents in ${total.chunks} chunks.`,
      ...capped(
        result.failures.map(({ document, error }) => `Failed: ${document}: ${error}`),
        20,
      ),
      ...capped(warned(result.warnings), 20),
    ].join("\n");
  },
  run: bringIn,
});
