import { join } from "node:path";
import { connect } from "@lancedb/lancedb";
import { Field, Schema, Utf8 } from "apache-arrow";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test as base } from "../../support/server.ts";
import { rowsOf } from "./rows.ts";

const MANAGE = "ml_rag_manage";
const Files = z.looseObject({ files: z.array(z.object({ path: z.string() })) });
const Warned = z.looseObject({ warnings: z.array(z.string()) });
const TEXTS = {
  "leave.md": "# Leave\n\nParental leave lasts twenty weeks. Holidays are thirty days a year.",
  "travel.md": "# Travel\n\nTrains are booked in second class. Flights need a manager's word.",
  "draft.md": "# Draft\n\nThis text is not ready: the canteen may move to the roof.",
};

/** Three short documents, one of them labelled a draft. */
const test = base.extend("made", { scope: "file" }, async ({ client, workspace }) => {
  const { mkdirSync, writeFileSync } = await import("node:fs");
  const folder = join(workspace, "files/guide");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(TEXTS)) writeFileSync(join(folder, name), text);
  const common = { collection: "guide", embedding: "all-MiniLM-L6-v2-int8", wait_seconds: 45 };
  await client.call("ml_rag_ingest", { ...common, source: [join(folder, "leave.md"), join(folder, "travel.md")] });
  const { text, isError } = await client.call("ml_rag_ingest", {
    ...common,
    source: join(folder, "draft.md"),
    labels: ["state=draft"],
  });
  expect(isError, text).toBe(false);
  return join(workspace, "lancedb");
});

const steady = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");

describe("ml_rag_manage", () => {
  test("lists, describes and reads", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    const said = async (args: Record<string, unknown>) => steady((await client.call(MANAGE, args)).text);
    expect(await said({})).toMatchInlineSnapshot(
      `"guide: 3 documents, 3 chunks (recursive, up to 200 tokens, all-MiniLM-L6-v2-int8, English)."`,
    );
    expect(await said({ action: "describe", collection: "guide" })).toMatchInlineSnapshot(`
      "guide: 3 documents, 3 chunks (recursive, up to 200 tokens, all-MiniLM-L6-v2-int8, English).
      Index of body: FTS, 3 rows, 0 not in it yet.
      v2: <time>
      v1: <time>"
    `);
    expect(await said({ action: "documents", collection: "guide", limit: 2 })).toMatchInlineSnapshot(`
      "draft.md (text/markdown): 1 chunks, 16 tokens, state=draft
      leave.md (text/markdown): 1 chunks, 15 tokens
      More: cursor "leave.md"."
    `);
    expect(await said({ action: "documents", collection: "guide", filter: "label = 'state=draft'" })).toContain(
      "draft.md",
    );
    const read = await client.call(MANAGE, { action: "read", collection: "guide", document: "travel.md" });
    expect(read.structured).toMatchObject({ text: TEXTS["travel.md"], total_characters: TEXTS["travel.md"].length });
  });

  test("deletes by filter once it is confirmed, and goes back to the version before", async ({ client, made }) => {
    const before = await rowsOf(made, "guide");
    const asked = { action: "delete_documents", collection: "guide", filter: "label = 'state=draft'" };
    const unconfirmed = await client.call(MANAGE, asked);
    expect(unconfirmed.isError).toBe(true);
    expect(unconfirmed.text).toContain("confirm");
    await client.call(MANAGE, { action: "tag", collection: "guide", version: "whole" });
    const deleted = await client.call(MANAGE, { ...asked, confirm: true });
    expect(deleted.structured).toMatchObject({ changed: 1, collections: [{ documents: 2 }] });
    expect((await rowsOf(made, "guide")).chunks.map(({ document }) => document)).not.toContain("draft.md");
    const back = await client.call(MANAGE, {
      action: "rollback",
      collection: "guide",
      version: "whole",
      confirm: true,
    });
    expect(back.isError, back.text).toBe(false);
    expect(await rowsOf(made, "guide")).toEqual(before);
  });

  test("copies, renames, exports and imports the same rows, found by the same questions", async ({
    client,
    made,
    workspace,
  }) => {
    const before = await rowsOf(made, "guide");
    const done = async (args: Record<string, unknown>) => {
      const answer = await client.call(MANAGE, args);
      expect(answer.isError, answer.text).toBe(false);
      return answer;
    };
    await done({ action: "clone", collection: "guide", to: "copy" });
    await done({ action: "rename", collection: "copy", to: "renamed", confirm: true });
    const { files } = Files.parse((await done({ action: "export", collection: "guide" })).structured);
    await done({ action: "import", source: files[0]?.path, to: "imported" });
    for (const name of ["renamed", "imported"]) {
      expect(await rowsOf(made, name)).toEqual(before);
      const found = await client.call("ml_rag_query", { collection: name, query: "How long is parental leave?", k: 1 });
      expect(found.structured).toMatchObject({ results: [{ document: "leave.md" }] });
    }
    await done({ action: "delete", collection: "renamed", confirm: true });
    const names = (await client.call(MANAGE)).text;
    expect(names).not.toContain("renamed");
    expect(names).not.toContain("copy:");
    expect(workspace).not.toBe("");
  });

  test("lists what another version made as that, and deletes it", async ({ client, made }) => {
    const lance = await connect(made);
    const schema = new Schema([new Field("id", new Utf8())], new Map([["ml_engine", '{"format":1}']]));
    for (const name of ["older", "older.documents"]) await lance.createEmptyTable(name, schema);
    lance.close();
    const listed = await client.call(MANAGE);
    expect(listed.text).toContain("guide: 3 documents");
    expect(Warned.parse(listed.structured).warnings).toMatchInlineSnapshot(`
      [
        "collection: the table \`older\` was not made by this version of ML Engine. Ingest its files anew after ml_rag_manage {action: "delete"}, or use another name.",
      ]
    `);
    const asked = await client.call("ml_rag_query", { collection: "older", query: "leave" });
    expect(asked.text).toContain("was not made by this version");
    const deleted = await client.call(MANAGE, { action: "delete", collection: "older", confirm: true });
    expect(deleted.isError, deleted.text).toBe(false);
    expect((await client.call(MANAGE)).text).not.toContain("older");
    const gone = await client.call(MANAGE, { action: "delete", collection: "older", confirm: true });
    expect(gone.text).toContain("not_found: collection: there is no collection `older`.");
  });

  test("builds an index where it is wanted, and measures it", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    const small = await client.call(MANAGE, { action: "index", collection: "guide" });
    expect(small.text).toMatchInlineSnapshot(`
      "Index of body: FTS, 3 rows, 0 not in it yet.
      No index of vectors: 3 chunks are searched exactly, which misses nothing."
    `);
    const packed = await client.call(MANAGE, { action: "optimize", collection: "guide" });
    expect(packed.structured).toMatchObject({ warnings: [], indices: [{ column: "body", unindexed: 0 }] });
  });

  test("searches by an index of vectors as it does without one", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    await client.call(MANAGE, { action: "clone", collection: "guide", to: "indexed" });
    const forced = await client.call(MANAGE, { action: "index", collection: "indexed", force: true });
    expect(forced.text).toMatchInlineSnapshot(`
      "Index of body: FTS, 3 rows, 0 not in it yet.
      Index of vector: IVF_RQ, 3 rows, 0 not in it yet.
      Recall@10 against exact search: 1.
      IVF_RQ over 3 chunks."
    `);
    const ask = (collection: string) =>
      client.call("ml_rag_query", { collection, query: "How long is parental leave?", filter: "ordinal >= 0" });
    const [before, after] = [await ask("guide"), await ask("indexed")];
    expect(after.structured?.["results"]).toEqual(before.structured?.["results"]);
  });

  test("a damaged index of words is told, done without, and made anew", async ({ client, made }) => {
    const { readdirSync, truncateSync } = await import("node:fs");
    await client.call(MANAGE, { action: "clone", collection: "guide", to: "damaged" });
    const indices = join(made, "damaged.lance/_indices");
    for (const file of readdirSync(indices, { recursive: true, encoding: "utf8" }))
      if (file.endsWith(".lance")) truncateSync(join(indices, file), 8);
    const asked = { collection: "damaged", query: "How long is parental leave?", k: 1 };
    const found = await client.call("ml_rag_query", asked);
    expect(found.structured).toMatchObject({
      results: [{ document: "leave.md" }],
      warnings: [expect.stringMatching(/^Found by meaning alone: .*index of words cannot be read.*optimize/s)],
    });
    const words = await client.call("ml_rag_query", { ...asked, strategy: "fulltext" });
    expect(words.isError).toBe(true);
    expect(words.text).toMatch(/cannot be read.*ml_rag_manage \{action: "optimize"\}/s);
    expect((await client.call(MANAGE, { action: "describe", collection: "damaged" })).text).toMatch(/optimize/);
    const mended = await client.call(MANAGE, { action: "optimize", collection: "damaged" });
    expect(mended.structured).toMatchObject({
      warnings: ["An index could not be read, and is made anew."],
      indices: [{ column: "body", unindexed: 0 }],
    });
    const again = await client.call("ml_rag_query", { ...asked, strategy: "fulltext" });
    expect(again.structured).toMatchObject({ results: [{ document: "leave.md" }], warnings: [] });
    await client.call(MANAGE, { action: "delete", collection: "damaged", confirm: true });
  });

  test("says what is wrong and the way out", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    const wrong: readonly [Record<string, unknown>, RegExp][] = [
      [{ action: "describe" }, /collection: this action needs it.*list/s],
      [{ action: "describe", collection: "nothing" }, /no collection `nothing`.*guide/s],
      [{ action: "read", collection: "guide", document: "travle.md" }, /no document `travle.md`/],
      [{ action: "documents", collection: "guide", filter: "pages > 3" }, /filter: a field .*page/s],
      [{ action: "rollback", collection: "guide", version: "v99", confirm: true }, /no version `v99`.*v1/s],
      [{ action: "clone", collection: "guide", to: "guide" }, /already/],
      [{ action: "clone", collection: "guide" }, /to: this action needs it/],
    ];
    for (const [args, message] of wrong) {
      const answer = await client.call(MANAGE, args);
      expect(answer.isError).toBe(true);
      expect(answer.text).toMatch(message);
    }
  });
});
