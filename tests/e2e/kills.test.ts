import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { connect, type TestClient } from "../support/client.ts";
import { fromSource, root, scratch } from "../support/server.ts";

/** How many random moments to kill at; `ML_ENGINE_KILLS=50 npx vitest run tests/e2e/kills.test.ts` is the long way. */
const KILLS = Number(process.env["ML_ENGINE_KILLS"] ?? 4);
const ROWS = 40_000;

const serve = (folder: string) => connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: folder } });

function table(folder: string, salt: number): string {
  const path = join(folder, `table-${salt}.csv`);
  const lines = Array.from(
    { length: ROWS },
    (_, row) => `${row},${(row * 7919 + salt) % 1009},${["Oslo", "Bergen", "Bodø"][(row + salt) % 3]},${row % 2}`,
  );
  writeFileSync(path, ["id,amount,city,late", ...lines].join("\n"));
  return path;
}

/** Kills the server, its job, or both, without a word. */
async function kill(client: TestClient, folder: string): Promise<void> {
  const store = await openStore(folder);
  const jobs = store.jobs.running().flatMap(({ pid }) => pid ?? []);
  store.close();
  const victims = [[client.pid], jobs.map((pid) => -pid), [client.pid, ...jobs.map((pid) => -pid)]][randomInt(3)] ?? [];
  for (const victim of victims)
    try {
      process.kill(victim, "SIGKILL");
    } catch {
      // It ended by itself in the meantime.
    }
}

/** Every registered dataset holds what its manifest says, by the hash of its schema and values. */
function whole(folder: string): string {
  const script = `
import json, sys
from pathlib import Path
from ml_engine.tables import read_table
from ml_engine.content import content_hash
for path in sorted(Path(sys.argv[1]).glob("datasets/*/*/dataset.json")):
    manifest = json.loads(path.read_text())
    frame = read_table(str(path.parent)).frame
    assert (frame.height, content_hash(frame)) == (manifest["rows"], manifest["hash"]), path
print("whole")`;
  return execFileSync(join(root, "python/.venv/bin/python"), ["-c", script, folder], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: join(root, "python") },
  }).trim();
}

/** Rows of a Parquet file; throws where it is not whole. */
function parquetRows(path: string): number {
  const script = "import sys, polars as pl; print(pl.read_parquet(sys.argv[1]).height)";
  return Number(execFileSync(join(root, "python/.venv/bin/python"), ["-c", script, path], { encoding: "utf8" }));
}

describe.each([
  {
    tool: "ml_data_ingest",
    args: (folder: string, at: number) => ({ source: table(join(folder, "files"), at), name: "broken" }),
  },
  {
    tool: "ml_data_transform",
    args: (_: string, at: number) => ({
      dataset: "whole",
      name: `parts${at}`,
      steps: [
        { op: "filter", expression: `amount > ${at}` },
        { op: "scale", columns: ["amount"] },
        { op: "encode", columns: ["city"] },
        { op: "split", method: "random" },
      ],
    }),
  },
  {
    tool: "ml_data_export",
    args: (_: string, at: number) => ({ dataset: "whole", path: `out-${at}.parquet`, overwrite: true, confirm: true }),
  },
])("$tool killed at random moments", ({ tool, args }) => {
  test(`leaves a workspace that opens and versions that are whole (${KILLS} kills)`, {
    timeout: 60_000 + KILLS * 30_000,
  }, async () => {
    const { folder, remove } = scratch();
    onTestFinished(remove);
    execFileSync("mkdir", ["-p", join(folder, "files")]);
    const first = await serve(folder);
    await first.call("ml_data_ingest", { source: table(join(folder, "files"), 0), name: "whole" });
    const began = Date.now();
    const uncut = await first.call(tool, args(folder, 0));
    expect(uncut.isError, uncut.text).toBe(false);
    const unbroken = Date.now() - began;
    await first.close();

    for (let at = 1; at <= KILLS; at += 1) {
      const client = await serve(folder);
      const given = args(folder, at);
      const broken = client.call(tool, given).catch((error: unknown) => error);
      await sleep(randomInt(Math.round(unbroken * 1.3)));
      await kill(client, folder);
      await Promise.race([broken, sleep(5000)]);
      await client.close().catch(() => {});
      const exported = join(folder, "exports", `out-${at}.parquet`);
      if (existsSync(exported)) expect(parquetRows(exported)).toBe(ROWS);

      const next = await serve(folder);
      expect((await next.call("ml_transparency_audit", { action: "verify" })).structured).toMatchObject({ ok: true });
      const again = await next.call(tool, given);
      expect(again.isError, again.text).toBe(false);
      await next.close();
    }
    expect(whole(folder)).toBe("whole");
  });
});
