import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { connect } from "../support/client.ts";
import { fromSource, test } from "../support/server.ts";

/** Under these ONNX Runtime takes itself to be tested, and reports nothing anyhow. */
const TESTED = { CI: "", GITHUB_ACTIONS: "", TF_BUILD: "" };

test("reports to nobody, and leaves nothing for that in the home folder", async ({ workspace, write }) => {
  const own = { HOME: join(workspace, "home"), TMPDIR: join(workspace, "tmp") };
  for (const folder of Object.values(own)) mkdirSync(folder);
  const client = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: workspace, ...own, ...TESTED } });
  onTestFinished(() => client.close());
  const source = write("leave.md", "# Leave\n\nParental leave lasts 26 weeks.\n");
  const ingested = await client.call("ml_rag_ingest", { collection: "handbook", source });
  expect(ingested.isError, ingested.text).toBe(false);
  const found = await client.call("ml_rag_query", { collection: "handbook", query: "How long is parental leave?" });
  expect(found.text).toContain("26 weeks");
  const named = (folder: string, what: RegExp) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => what.test(name));
  expect(named(own.HOME, /microsoft|onnx|deviceid/i)).toEqual([]);
  expect(named(own.TMPDIR, /debug/)).toEqual([]);
});
