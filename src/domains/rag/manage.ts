import { z } from "zod";
import { confirm, newName, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, table, warned } from "../../kernel/words.ts";
import { collection } from "./fields.ts";
import { ACTIONS } from "./manage/actions.ts";

const NAMES = ["list", "describe", "documents", "read", "delete_documents", "optimize", "clone", "rename", "delete", "versions", "tag", "rollback"] as const;

const Params = z.strictObject({
  action: z.enum(NAMES).default("list").describe("See above."),
  collection: collection().optional(),
  filter: z.string().max(2000).optional().describe("delete_documents: as of ml_rag_query, over documents."),
  document: rare(z.string().max(1024).optional().describe("read: this one's text.")),
  to: rare(newName("clone, rename: the new name.").optional()),
  tag: rare(newName("tag, rollback: a name for a version.").optional()),
  version: rare(z.int().min(1).optional().describe("tag, rollback.")),
  start: rare(z.int().min(0).default(0).describe("read: from this character.")),
  confirm: confirm,
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
  action: z.enum(NAMES),
  collection: z.string().nullable(),
  collections: z.array(CollectionInfo),
  documents: z.array(
    z.strictObject({ document: z.string(), title: z.string(), media_type: z.string(), chunks: z.int(), tokens: z.int(), bytes: z.number(), ingested: z.string() }),
  ),
  indices: z.array(z.strictObject({ name: z.string(), type: z.string(), rows: z.int(), unindexed: z.int() })),
  versions: z.array(z.strictObject({ version: z.int(), time: z.string(), tags: z.array(z.string()) })),
  text: z.string().nullable().describe("read: at most 20,000 characters."),
  changed: z.int().describe("Documents deleted."),
  warnings: z.array(z.string()),
});
export type Managed = z.output<typeof Managed>;
