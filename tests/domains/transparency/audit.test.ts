import { readFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test as base } from "../../support/server.ts";

const AUDIT = "ml_transparency_audit";
const Events = z.array(z.looseObject({ seq: z.number(), tool: z.string(), outcome: z.string(), summary: z.string() }));
const File = z.looseObject({ path: z.string() });

/** A record to look at: one data set read, one call that failed. */
const test = base.extend("recorded", { scope: "file" }, async ({ client }) => {
  await client.call("ml_data_ingest", { source: "sample:iris", name: "iris" });
  await client.call("ml_data_profile", { dataset: "nothing" });
  return true;
});

/** What differs from run to run, replaced. */
const steady = (text: string) =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/^\d{4}-\d\d-\d\d/gm, "<day>")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "<hash>")
    .replaceAll(/\b[0-9a-f]{16}…/g, "<hash>…")
    .replaceAll(/\((?:[\w-]{8,})\)/g, "(<call>)")
    .replaceAll(/\/\S+\/archives/g, "…/archives");

describe("ml_transparency_audit", () => {
  test("verifies the record and says what was checked", async ({ client, events, recorded }) => {
    const result = await client.call(AUDIT, { action: "verify" });

    expect(recorded).toBe(true);
    expect(steady(result.text)).toMatchInlineSnapshot(
      `"The record is whole: 3 events checked, every hash, link and signature holds. Merkle root <hash>… over 3 events."`,
    );
    expect(result.structured).toMatchObject({
      ok: true,
      checked: 3,
      first_bad: null,
      problem: null,
      problem_kind: null,
    });
    expect((await events()).at(-1)).toMatchObject({ tool: AUDIT, type: "EvaluationRun", outcome: "ok" });
  });

  test("answers what was done and what failed", async ({ client, recorded }) => {
    const result = await client.call(AUDIT, { action: "query", outcome: "error", tool: "ml_data_profile" });
    const full = await client.call(AUDIT, { action: "query", text: "sample:iris", limit: 1, detail: "full" });

    expect(recorded).toBe(true);
    expect(steady(result.text)).toMatchInlineSnapshot(`
      "1 events.
      3 <time> ml_data_profile DataPipeline error (<call>) action profile, dataset nothing; not_found: dataset: there is no dataset \`nothing\`."
    `);
    expect(Events.parse(full.structured["events"])).toMatchObject([{ body: { params: { source: "sample:iris" } } }]);
  });

  test("gives pages, each event once", async ({ client, recorded }) => {
    expect(recorded).toBe(true);
    const first = await client.call(AUDIT, { action: "query", kind: "action", limit: 1 });
    const second = await client.call(AUDIT, { action: "query", limit: 1, cursor: first.structured["next_cursor"] });
    const [newer, older] = [first, second].map((page) => Events.parse(page.structured["events"])[0]?.seq ?? 0);
    expect(newer).toBe((older ?? 0) + 1);
  });

  test("counts by day and tool", async ({ client, recorded }) => {
    const result = await client.call(AUDIT, { action: "timeline", until: "2999-01-01", text: "iris" });

    expect(recorded).toBe(true);
    expect(steady(result.text).split("\n")).toContain("<day> ml_data_ingest: 1 ok, 0 not, 0 decisions");
    expect((await client.call(AUDIT, { action: "timeline", until: "2000-01-01" })).structured).toMatchObject({
      timeline: [],
      total: 0,
    });
  });

  test("proves that an event is in the record", async ({ client, recorded }) => {
    const result = await client.call(AUDIT, { action: "prove", seq: 1 });

    expect(recorded).toBe(true);
    expect(steady(result.text)).toMatch(
      /^Event 1 is leaf <hash> of the tree over \d+ events with root <hash>\. Audit path: <hash>/,
    );
    expect(result.structured).toMatchObject({ proof: { seq: 1 }, public_key: expect.stringContaining("PUBLIC KEY") });
  });

  test.for(["jsonl", "csv", "otlp", "bundle"] as const)("exports as %s", async (format, { client, recorded }) => {
    const result = await client.call(AUDIT, { action: "export", format, tool: "ml_data_ingest", outcome: "ok" });
    const text = readFileSync(File.parse(result.structured["file"]).path, "utf8");

    expect(recorded).toBe(true);
    expect(result.text).toContain("1 events exported.");
    const [first = ""] = text.split("\n");
    if (format === "csv") expect(first).toBe("seq,time,kind,type,tool,outcome,call_id,run_id,body,prev_hash,hash");
    else expect(JSON.parse(first)).toMatchObject(EXPORTED[format]);
  });

  test("refuses to archive without the user's word, then moves what is older", async ({ client, recorded }) => {
    expect(recorded).toBe(true);
    const until = "2999-01-01";
    const refused = await client.call(AUDIT, { action: "retain", until });
    expect(refused.isError).toBe(true);
    expect(refused.text).toMatchInlineSnapshot(`
      "refused: This action (\`retain\`) cannot be undone.
      Ask the person, then call again with \`confirm: true\`."
    `);

    const nothing = await client.call(AUDIT, { action: "retain", until: "2000-01-01", confirm: true });
    expect(nothing.text).toBe("No event is that old; nothing was moved.");
    const moved = await client.call(AUDIT, { action: "retain", until, confirm: true });
    expect(steady(moved.text)).toMatch(/^\d+ events moved to …\/archives\/events-1-\d+\.jsonl; the chain goes on/);
    expect((await client.call(AUDIT, { action: "verify" })).structured).toMatchObject({ ok: true, checked: 1 });
    expect((await client.call(AUDIT, { action: "prove", seq: 1 })).text).toContain("seq: there is no event 1.");
  });

  test.for([
    [{ action: "prove" }, "invalid_input: `prove` needs `seq`."],
    [{ action: "retain", confirm: true }, "invalid_input: `retain` needs `until`."],
    [{ action: "prove", seq: 100_000 }, "not_found: seq: there is no event 100000."],
    [{ action: "query", cursor: "here" }, "invalid_input: cursor: `here` is not one."],
    [{ action: "query", since: "yesterday" }, "expected a date or time, ISO 8601"],
    [{ action: "check" }, "action"],
  ] as const)("%o is answered with what is wrong", async ([params, message], { client }) => {
    const result = await client.call(AUDIT, params);
    expect(result.isError).toBe(true);
    expect(result.text).toContain(message);
  });

  // Last, since the record stays broken: each kind of tampering is on top of the one before.
  test("finds and places what was changed behind its back, and still answers", async ({
    client,
    workspace,
    recorded,
  }) => {
    expect(recorded).toBe(true);
    const intruder = new Sqlite(join(workspace, "engine.db"));
    const { last } = z.object({ last: z.int() }).parse(intruder.prepare("SELECT max(seq) AS last FROM events").get());
    const verified = async () => (await client.call(AUDIT, { action: "verify" })).structured;

    intruder.prepare("DELETE FROM events WHERE seq = ?").run(last);
    expect(await verified()).toMatchObject({ ok: false, first_bad: last, problem_kind: "cut_tail" });
    intruder.prepare("UPDATE events SET outcome = 'ok', body = '{' WHERE seq = ?").run(last - 1);
    expect(await verified()).toMatchObject({ ok: false, first_bad: last - 1, problem_kind: "edited" });
    intruder.exec("DELETE FROM head");
    const result = await client.call(AUDIT, { action: "verify" });
    intruder.close();

    expect(result.isError).toBe(false);
    expect(result.text).toContain(`The record is NOT whole (edited). First bad event: ${last - 1}.`);
  });
});

const EXPORTED = {
  jsonl: { seq: 2, tool: "ml_data_ingest", outcome: "ok" },
  otlp: { resourceSpans: [{ scopeSpans: [{ spans: [{ name: "execute_tool ml_data_ingest" }] }] }] },
  bundle: { head: { signature: expect.any(String) }, events: [{ seq: 2 }] },
};
