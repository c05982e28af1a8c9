import { z } from "zod";
import { Artifact, confirm, cursor, limit, newName, rare, source } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { digits, warned } from "../../kernel/words.ts";
import { collection, RESULT_CHARACTERS } from "./fields.ts";
import { manage } from "./manage/actions.ts";

const EFFECTS = {
  list: "reads",
  describe: "reads",
  documents: "reads",
  read: "reads",
  versions: "reads",
  export: "reads",
  clone: "creates",
  import: "creates",
  tag: "creates",
  optimize: "creates",
  index: "creates",
  rename: "overwrites",
  rollback: "overwrites",
  delete_documents: "overwrites",
  delete: "overwrites",
} as const;
const ACTIONS = z.enum([
  ...(["list", "describe", "documents", "read", "versions", "export", "clone", "import", "tag", "optimize"] as const),
  ...(["index", "rename", "rollback", "delete_documents", "delete"] as const),
]);

const Params = z.strictObject({
  action: ACTIONS.default("list").describe("See above."),
  collection: collection().optional(),
  filter: z.string().min(1).max(2000).optional().describe("documents, delete_documents: as of ml_rag_query."),
  document: rare(z.string().max(1024).optional().describe("read: this one.")),
  start: rare(z.int().min(0).default(0).describe("read: from this character.")),
  to: rare(newName("clone, rename, import: the new one.").optional()),
  source: rare(source("import: the file that export wrote.").optional()),
  version: rare(newName("tag, rollback: its name.").optional()),
  force: rare(z.boolean().default(false).describe("index: also below 50,000 chunks.")),
  limit,
  cursor,
  confirm: rare(confirm),
});
export type ManageParams = z.output<typeof Params>;

const CollectionInfo = z
  .strictObject({
    name: z.string(),
    documents: z.int(),
    chunks: z.int(),
    embedding: z.string(),
    dimensions: z.int(),
    chunking: z.string(),
    language: z.string(),
    created: z.string(),
  })
  .meta({ id: "CollectionInfo" });

const Managed = z.strictObject({
  action: ACTIONS,
  collections: z.array(CollectionInfo),
  documents: z.array(
    z
      .strictObject({
        document: z.string(),
        title: z.string(),
        media_type: z.string(),
        chunks: z.int(),
        tokens: z.int(),
        bytes: z.number(),
        labels: z.array(z.string()),
        ingested: z.string(),
        warnings: z.array(z.string()),
      })
      .meta({ id: "CollectionDocument" }),
  ),
  next_cursor: z.string().nullable(),
  indices: z.array(
    z.strictObject({ name: z.string(), column: z.string(), type: z.string(), rows: z.int(), unindexed: z.int() }),
  ),
  recall: z.number().nullable().describe("index: of the ten nearest, against exact search; 0..1."),
  versions: z.array(z.strictObject({ name: z.string(), version: z.int(), time: z.string() })),
  text: z.string().nullable().describe("read: at most 20,000 characters."),
  total_characters: z.int().nullable(),
  changed: z.int().describe("Documents deleted."),
  files: z.array(Artifact),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type Managed = z.output<typeof Managed>;

export default nativeTool({
  name: "ml_rag_manage",
  title: "Manage collections",
  description:
    "Collections of documents: `list`, `describe`, their `documents`, `read` a stored text; `delete_documents` by filter; `clone`, `rename`, `delete`, `export`, `import`; `versions`, `tag`, `rollback`; `optimize`, `index`.",
  effect: EFFECTS,
  action: "DataPipeline",
  examples: [
    "which collections of documents do I have?",
    "delete the drafts from the handbook collection",
    "show the stored text of that document",
    "roll the collection back to before the last update",
    "make a copy of the policies collection",
    "rename this collection of documents",
    "export the document collection to take it elsewhere",
  ],
  input: Params,
  output: Managed,
  characters: RESULT_CHARACTERS,
  details: ({ action, collection: name }) => ({ action: `rag:${action}`, dataset: name ?? "*", contains_pii: null }),
  summarize: (result) =>
    [
      ...(result.action === "list" && result.collections.length === 0
        ? ["There is no collection yet: make one with ml_rag_ingest."]
        : []),
      ...result.collections.map(
        ({ name, documents, chunks, embedding, chunking, language }) =>
          `${name}: ${documents} documents, ${chunks} chunks (${chunking}, ${embedding}, ${language}).`,
      ),
      ...result.documents.map(
        ({ document, chunks, tokens, media_type, labels, warnings }) =>
          `${document} (${media_type}): ${chunks} chunks, ${tokens} tokens${labels.length > 0 ? `, ${labels.join(", ")}` : ""}${warnings.length > 0 ? `; ${warnings.join(" ")}` : ""}`,
      ),
      ...(result.next_cursor === null ? [] : [`More: cursor "${result.next_cursor}".`]),
      ...result.indices.map(
        ({ column, type, rows, unindexed }) => `Index of ${column}: ${type}, ${rows} rows, ${unindexed} not in it yet.`,
      ),
      ...(result.recall === null ? [] : [`Recall@10 against exact search: ${digits(result.recall)}.`]),
      ...result.versions.map(({ name, time }) => `${name}: ${time}`),
      ...result.files.map(({ title, path }) => `${title}: ${path}`),
      ...result.notes,
      ...warned(result.warnings),
      ...(result.text === null ? [] : [result.text]),
    ].join("\n"),
  run: manage,
});
