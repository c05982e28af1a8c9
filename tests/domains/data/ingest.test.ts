import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { steady } from "./steady.ts";

const LOANS =
  "id;income;amount;defaulted;email\n1;low;1.200,50;no;ann@example.org\n2;high;900,00;yes;bob@example.org\n3;;750,25;no;cyd@example.org\n4;low\n";

describe("ml_data_ingest", () => {
  test("registers a table and tells what it found", async ({ client, events, write }) => {
    const answer = await client.call("ml_data_ingest", { source: write("loans.csv", LOANS), name: "loans" });

    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "loans@1: 3 rows, 5 columns (csv). SHA-256 5cf5fc44acab.
      4 rows in = 3 kept + 1 quarantined (…/quarantine.csv).
      loans.csv line 5: too few fields (2): 4;low

      column | type | role | missing
      id | Int64 | identifier | 0 %
      income | String | target_candidate | 33.3 %
      amount | Float64 | numeric | 0 %
      defaulted | String | categorical | 0 %
      email | String | personal (personal: email) | 0 %

      id | income | amount | defaulted | email
      1 | low | 1200.5 | no | ann@example.org
      2 | high | 900 | yes | bob@example.org
      3 | · | 750.25 | no | cyd@example.org"
    `);
    expect(answer.structured).toMatchObject({
      dataset: "loans@1",
      rows: 3,
      columns: 5,
      rows_in: 4,
      quarantined: 1,
      contains_pii: true,
      dialect: { delimiter: ";", decimal: "," },
    });
    expect((await events()).at(-1)).toMatchObject({
      tool: "ml_data_ingest",
      type: "DataPipeline",
      outcome: "ok",
      body: {
        details: { action: "ingest", dataset: "loans@1", contains_pii: true },
        outputs: [{ kind: "dataset", name: "loans", version: 1 }],
      },
    });
  });

  test("gives the same bytes the same version, and other bytes the next", async ({ client, write }) => {
    const source = write("twice.csv", "a,b\n1,x\n2,y\n");
    expect((await client.call("ml_data_ingest", { source, name: "twice" })).structured).toMatchObject({
      dataset: "twice@1",
    });
    expect((await client.call("ml_data_ingest", { source, name: "twice" })).structured).toMatchObject({
      dataset: "twice@1",
    });
    write("twice.csv", "a,b\n1,x\n2,z\n");
    expect((await client.call("ml_data_ingest", { source, name: "twice" })).structured).toMatchObject({
      dataset: "twice@2",
    });
  });

  test.for([
    ["empty.csv", "", "`empty.csv` is empty"],
    ["header.csv", "a,b\n", "`header.csv` has a header and no rows"],
    ["nul.csv", "a,b\n1,\u0000\n", "NUL byte in line 2"],
    ["ragged.csv", "a,b\n1,2,3\n", "no row of `ragged.csv` fits its header"],
    ["pickle.csv", new Uint8Array([0x80, 0x04, 0x4b, 0x01]), "is a pickle, not a table"],
  ] as const)("refuses %s in words", async ([name, content, words], { client, events, write }) => {
    const answer = await client.call("ml_data_ingest", { source: write(name, content), name: "bad" });

    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(words);
    expect((await events()).at(-1)).toMatchObject({ tool: "ml_data_ingest", outcome: "error" });
    expect(await client.complete({ template: "ml://datasets/{name}" }, "name", "bad").catch(() => [])).toEqual([]);
  });

  test("names the nearest setting, type and sample", async ({ client, write }) => {
    const source = write("small.csv", "a,b\n1,2\n");
    const text = async (changes: object) =>
      (await client.call("ml_data_ingest", { source, name: "small", ...changes })).text;

    expect(await text({ dialect: { delimter: ";" } })).toContain("did you mean `delimiter`?");
    expect(await text({ types: { a: "integer" } })).toContain("did you mean `int`?");
    expect(await text({ source: "sample:irsi" })).toContain("did you mean `iris`?");
  });

  test("adds rows to a dataset, by key where one is given, and keeps where they came from", async ({
    client,
    events,
    write,
  }) => {
    await client.call("ml_data_ingest", { source: write("stock.csv", "id,n\n1,5\n2,6\n"), name: "stock" });
    const answer = await client.call("ml_data_ingest", {
      source: write("more.csv", "id,n\n2,60\n3,7\n"),
      name: "stock",
      onto: "stock",
      key: ["id"],
    });

    expect(steady(answer.text).split("\n").slice(0, 2)).toMatchInlineSnapshot(`
      [
        "stock@2: 3 rows, 2 columns (csv). SHA-256 698d6520213b.",
        "2 rows before, 1 added, 1 replaced by their key.",
      ]
    `);
    expect(answer.structured).toMatchObject({ dataset: "stock@2", grown: { before: 2, added: 1, replaced: 1 } });
    expect((await events()).at(-1)).toMatchObject({
      body: { inputs: [{ kind: "file" }, { kind: "dataset", name: "stock", version: 1 }] },
    });
  });

  test("reads a query of an SQLite file, and refuses one that writes", async ({ client, workspace }) => {
    const path = join(workspace, "files", "shop.db");
    mkdirSync(join(path, ".."), { recursive: true });
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE sales (id INTEGER, city TEXT); INSERT INTO sales VALUES (1, 'Oslo'), (2, 'Bergen')");
    database.close();

    const answer = await client.call("ml_data_ingest", {
      source: path,
      name: "sales",
      query: "SELECT * FROM sales WHERE id > 1",
    });
    expect(answer.structured).toMatchObject({ dataset: "sales@1", rows: 1, format: "sqlite" });
    const refused = await client.call("ml_data_ingest", { source: path, name: "sales", query: "DELETE FROM sales" });
    expect(refused.text).toContain("DELETE is not reading, and only reading is done here");
  });

  test("records no password, and asks no private host", async ({ client, events }) => {
    const source = "postgresql://ada:s3cret-word@127.0.0.1:1/shop";
    const answer = await client.call("ml_data_ingest", { source, name: "shop", query: "sales" });

    expect(answer.text).toContain("127.0.0.1 is an address of a private network");
    expect(JSON.stringify(await events())).not.toContain("s3cret-word");
  });
});
