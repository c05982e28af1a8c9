import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@lancedb/lancedb";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test } from "../../support/server.ts";
import { handbook } from "./handbook.ts";
import { ingested } from "./ingested.ts";

const Found = z.object({
  results: z.array(
    z.object({ document: z.string(), text: z.string(), page: z.int().nullable(), section: z.string().nullable() }),
  ),
});

describe("ml_rag_ingest", () => {
  test("indexes files of many kinds; what cannot be read is named and the rest goes on", async ({
    client,
    workspace,
  }) => {
    const folder = handbook(join(workspace, "files/handbook"));
    const { text, isError } = await ingested(client, {
      collection: "handbook",
      source: folder,
    });
    expect(isError, text).toBe(false);
    expect(text).toMatchInlineSnapshot(`
      "handbook: 13 added, 2 failed; 14 chunks written (216 tokens, recursive, up to 200 tokens, all-MiniLM-L6-v2).
      Holds 13 documents in 14 chunks.
      Failed: empty.txt: It is empty.
      Failed: broken.pdf: It is a damaged PDF: save it anew."
    `);
    const best = async (query: string) =>
      Found.parse((await client.call("ml_rag_query", { collection: "handbook", query, k: 1 })).structured).results[0];
    const places = {
      "How long is parental leave?": { document: "leave.pdf", page: 1 },
      "When do I report that I am sick?": { document: "leave.pdf", page: 2 },
      "Which class are trains booked in?": { document: "travel.docx" },
      "Where do we expand next spring?": { document: "strategy.pptx", section: "1" },
      "Monthly pay of a senior": { document: "salaries.xlsx", section: "Bands" },
      "When does the building close?": { document: "office.html" },
      "May dogs come to the office?": { document: "handbook.md" },
      "Why do customers leave?": { document: "notes/churn.ipynb" },
      "How many seats has room Oslo?": { document: "notes/rooms.csv" },
      "backup hour": { document: "notes/config.json" },
      "Where is my badge?": { document: "mail/welcome.eml" },
      "printer toner": { document: "old.zip" },
      "tax of an invoice": { document: "code/billing.py" },
      "vegetarian lunch": { document: "lunch.txt" },
    };
    for (const [query, place] of Object.entries(places)) expect(await best(query), query).toMatchObject(place);
  });

  test("says unchanged, updated, added and removed, and leaves no orphan", async ({ client, workspace }) => {
    const folder = handbook(join(workspace, "files/changing"));
    const ingest = async () => (await ingested(client, { collection: "changing", source: folder })).structured;
    expect(await ingest()).toMatchObject({ documents: { added: 13, updated: 0, unchanged: 0, removed: 0, failed: 2 } });
    expect(await ingest()).toMatchObject({
      documents: { added: 0, updated: 0, unchanged: 13, removed: 0 },
      chunks: 0,
    });
    writeFileSync(join(folder, "lunch.txt"), "Lunch is served from one o'clock.");
    writeFileSync(join(folder, "new.md"), "# New\n\nParking is free.");
    rmSync(join(folder, "old.zip"));
    rmSync(join(folder, "notes"), { recursive: true });
    expect(await ingest()).toMatchObject({
      documents: { added: 1, updated: 1, unchanged: 8, removed: 4 },
      total: { documents: 10 },
    });
    const lance = await connect(join(workspace, "lancedb"), { readConsistencyInterval: 0 });
    const rows = async (table: string, column: string) =>
      new Set(
        (await (await lance.openTable(table)).query().select([column]).toArray()).map((row) => String(row[column])),
      );
    const documents = await rows("changing.documents", "id");
    expect([...documents].sort()).toEqual([
      "code/billing.py",
      "handbook.md",
      "leave.pdf",
      "lunch.txt",
      "mail/welcome.eml",
      "new.md",
      "office.html",
      "salaries.xlsx",
      "strategy.pptx",
      "travel.docx",
    ]);
    expect(await rows("changing", "document")).toEqual(documents);
    lance.close();
  });

  test("makes a collection of another one's texts, cut and embedded anew", async ({ client, workspace }) => {
    const folder = handbook(join(workspace, "files/again"));
    await ingested(client, { collection: "first", source: folder, labels: ["team=hr"] });
    const second = await ingested(client, {
      collection: "second",
      source: "collection:first",
      embedding: "all-MiniLM-L6-v2-int8",
      chunking: { size_tokens: 32 },
    });
    expect(second.text).toMatchInlineSnapshot(`
      "second: 13 added; 15 chunks written (216 tokens, recursive, up to 32 tokens, all-MiniLM-L6-v2-int8).
      Holds 13 documents in 15 chunks."
    `);
    const asked = { query: "When do I report that I am sick?", filter: "label = 'team=hr'" };
    const answer = await client.call("ml_rag_query", { collection: "second", ...asked, k: 1 });
    expect(Found.parse(answer.structured).results[0]).toMatchObject({ document: "leave.pdf", page: 2 });
    const again = await ingested(client, { collection: "second", source: "collection:first" });
    expect(again.structured).toMatchObject({ documents: { added: 0, updated: 0, unchanged: 13, removed: 0 } });

    for (const source of ["collection:third", "collection:../x", ["collection:first", folder]])
      expect((await client.call("ml_rag_ingest", { collection: "more", source })).isError).toBe(true);
    const itself = await client.call("ml_rag_ingest", { collection: "first", source: "collection:first" });
    expect(itself.text).toMatchInlineSnapshot(`
      "conflict: source: \`first\` is the collection that is written.
      Give another name as \`collection\`: both stay, and ml_rag_evaluate tells which is better."
    `);
    const data = await client.call("ml_data_ingest", { source: "collection:first", name: "rows" });
    expect(data.text).toMatchInlineSnapshot(`
      "not_found: source: there is no file \`collection:first\`
      Check the path, or use \`sample:iris\` to try something out."
    `);
  });
});
