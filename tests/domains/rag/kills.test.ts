import { randomInt } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../support/client.ts";
import { fromSource, scratch } from "../../support/server.ts";
import { handbook } from "./handbook.ts";
import { ingested } from "./ingested.ts";
import { openAi, scripted } from "./model-server.ts";
import { rowsOf } from "./rows.ts";

/** How many random moments to kill at; `ML_ENGINE_KILLS=50 npx vitest run tests/domains/rag/kills.test.ts` is the long way. */
const KILLS = Number(process.env["ML_ENGINE_KILLS"] ?? 4);
const DOCUMENTS = 40;

/** The model answers at once, so that a kill falls into reading and writing as often as not. */
const serve = (folder: string, url: string) =>
  connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: folder, ML_ENGINE_OPENAI_URL: url } });
const lance = (folder: string) => join(folder, "lancedb");

/** A folder of documents in a workspace of its own. */
function workspace() {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  const source = handbook(join(folder, "files"));
  for (let at = 0; at < DOCUMENTS; at += 1)
    writeFileSync(
      join(source, `rule-${at}.md`),
      `# Rule ${at}\n\n${`Rule ${at} says one thing. `.repeat(20 + 15 * (at % 7))}`,
    );
  return { folder, source };
}

const ingest = (source: string, collection = "c") => ({
  collection,
  source,
  chunking: { size_tokens: 60, overlap_tokens: 10 },
  embedding: "openai:scripted",
  wait_seconds: 45,
});

describe("ml_rag_ingest", () => {
  test(`killed at random moments ends with the same rows (${KILLS} kills)`, {
    timeout: 60_000 + KILLS * 30_000,
  }, async () => {
    const { folder, source } = workspace();
    const { url } = await scripted(openAi);
    const first = await serve(folder, url);
    const began = Date.now();
    const { structured, text } = await ingested(first, ingest(source, "whole"));
    expect(structured, text).toMatchObject({ documents: { added: DOCUMENTS + 13 } });
    const unbroken = Date.now() - began;
    const whole = await rowsOf(lance(folder), "whole");
    await first.close();

    for (let at = 1; at <= KILLS; at += 1) {
      const name = `broken${at}`;
      writeFileSync(join(source, "changing.md"), "# Old\n\nWhat was said before.");
      const client = await serve(folder, url);
      const broken = ingested(client, ingest(source, name)).catch((error: unknown) => error);
      await sleep(randomInt(Math.round(unbroken * 1.2)));
      process.kill(client.pid, "SIGKILL");
      await Promise.race([broken, sleep(5000)]);
      await client.close().catch(() => {});

      // What may have been written halfway is deleted, too.
      rmSync(join(source, "changing.md"));
      const next = await serve(folder, url);
      const again = await ingested(next, ingest(source, name));
      expect(again.structured, again.text).toHaveProperty("documents");
      expect(await rowsOf(lance(folder), name), again.text).toEqual(whole);
      expect((await next.call("ml_transparency_audit", { action: "verify" })).structured).toMatchObject({ ok: true });
      await next.close();
    }
  });

  test("four servers and two calls each at once leave each row once", async () => {
    const { folder, source } = workspace();
    const { url } = await scripted(openAi);
    const clients = await Promise.all([1, 2, 3, 4].map(() => serve(folder, url)));
    const calls = clients.flatMap((client) => [ingested(client, ingest(source)), ingested(client, ingest(source))]);
    for (const { isError, text } of await Promise.all(calls)) expect(isError, text).toBe(false);
    const [one] = clients;
    expect((await one?.call("ml_rag_ingest", ingest(source, "alone")))?.isError).toBe(false);
    await Promise.all(clients.map((client) => client.close()));
    expect(await rowsOf(lance(folder), "c")).toEqual(await rowsOf(lance(folder), "alone"));
  });
});
