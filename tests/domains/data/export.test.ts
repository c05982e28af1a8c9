import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { steady } from "./steady.ts";

const PEOPLE = "id,name,email,note\n1,Ada,ada@example.org,=1+1\n2,Bo,bo@example.org,fine\n3,Cy,cy@example.org,ok\n";
const EXPORT = "ml_data_export";

const told = (text: string) => steady(text).replaceAll(/[0-9a-f]{64}/g, "<sha>");

describe("ml_data_export", () => {
  test("writes a file whole, with its datasheet and checksums beside it", async ({
    client,
    workspace,
    events,
    write,
  }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", PEOPLE), name: "people" });
    const answer = await client.call(EXPORT, {
      dataset: "people",
      path: "clean.csv",
      filter: "id > 0",
      mask: { "*": "mask" },
    });

    expect(told(answer.text)).toMatchInlineSnapshot(`
      "…/clean.csv: 3 of 3 rows, 4 columns (csv, 1 files, 84 bytes).
      SHA-256 <sha> …/clean.csv
      Datasheet …/clean.csv.croissant.json, checksums …/clean.csv.manifest.json.
      \`name\` (name): masked.
      \`email\` (email): masked.
      1 texts that a spreadsheet would run as formulas begin with ' now."
    `);
    const folder = join(workspace, "exports");
    expect(readdirSync(folder).sort()).toEqual(["clean.csv", "clean.csv.croissant.json", "clean.csv.manifest.json"]);
    expect(readFileSync(join(folder, "clean.csv"), "utf8")).toContain("[email]");
    const [event] = (await events()).slice(-1);
    expect(event).toMatchObject({ tool: EXPORT, type: "DataPipeline", body: { details: { contains_pii: false } } });

    const again = await client.call(EXPORT, { dataset: "people", path: "clean.csv" });
    expect(again.text).toContain("conflict: path: there is a `clean.csv` already");
    const unasked = await client.call(EXPORT, { dataset: "people", path: "clean.csv", overwrite: true });
    expect(unasked.text).toContain("refused: This call cannot be undone.");
    const asked = await client.call(EXPORT, { dataset: "people", path: "clean.csv", overwrite: true, confirm: true });
    expect(asked.structured).toMatchObject({ rows: 3, guarded: 1 });
  });

  test.for([
    ["../people.csv", "refused: path: `../people.csv` lies among what the server keeps in its workspace."],
    ["/nowhere/people.csv", "refused: path: `/nowhere/people.csv` lies outside the allowed folders."],
    ["people.parket", "did you mean `.parquet`?"],
    ["s3://bucket/people.csv", "is a URL, not a path."],
    ["postgresql://ada:hunter2@127.0.0.1:5999/x", "refused: path: 127.0.0.1 is an address of a private network."],
    ["postgresql://ada:hunter2@127.0.0.1/x?passfile=/etc/passwd", "takes `sslmode` alone, not `passfile`"],
    ["postgresql://ada:hun@ter2@127.0.0.1/x", "this is no PostgreSQL address"],
  ] as const)("refuses to write to %s", async ([path, words], { client, workspace, write, events }) => {
    const answer = await client.call(EXPORT, { dataset: write("people.csv", PEOPLE), path });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(words);
    expect(answer.text).not.toMatch(/hunter2|hun@ter2/);
    expect(JSON.stringify(await events())).not.toMatch(/hunter2|ter2/);
    expect(existsSync(join(workspace, "people.csv"))).toBe(false);
  });

  test("keeps out of what the server keeps", async ({ client, workspace, write }) => {
    mkdirSync(join(workspace, "datasets"), { recursive: true });
    writeFileSync(join(workspace, "datasets", "mine.csv"), "x\n");
    for (const path of [join(workspace, "engine.db"), join(workspace, "datasets/mine.csv"), workspace]) {
      const answer = await client.call(EXPORT, {
        dataset: write("people.csv", PEOPLE),
        path,
        format: "csv",
        overwrite: true,
        confirm: true,
      });
      expect(answer.text).toMatch(/^refused: path: /);
    }
  });
});
