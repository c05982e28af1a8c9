import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { tools } from "../../src/domains/all.ts";
import { connect, ERAS, type TestClient } from "../support/client.ts";
import { fromSource, scratch } from "../support/server.ts";

const Hint = z.object({
  tools: z.array(z.object({ name: z.string(), score: z.number(), why: z.string() })),
  domain: z.string().nullable(),
  workflow: z.string().nullable(),
});
const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

describe.each(ERAS)("a %s client", (era) => {
  const { folder, remove } = scratch();
  let client: TestClient;

  beforeAll(async () => {
    client = await connect(era, { ...fromSource, env: { ML_ENGINE_WORKSPACE: folder } });
    await client.call("ml_data_ingest", { source: "sample:iris", name: "iris", wait_seconds: 45 });
  });

  afterAll(async () => {
    await client.close();
    remove();
  });

  test("lists every tool, with four explicit hints and an output schema each", async () => {
    const listed = await client.tools();
    expect(listed.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
    for (const { annotations, outputSchema } of listed) {
      expect(annotations).toMatchObject({
        readOnlyHint: expect.any(Boolean),
        destructiveHint: expect.any(Boolean),
        idempotentHint: expect.any(Boolean),
        openWorldHint: expect.any(Boolean),
      });
      expect(outputSchema).toMatchObject({ type: "object" });
    }
  });

  test("is told how to work, in 2,048 characters", () => {
    expect(client.instructions()?.length).toBeLessThanOrEqual(2048);
    expect(client.instructions()).toContain("ml://route/{request}");
  });

  test("finds 24 prompts and can fill one in", async () => {
    expect(await client.prompts()).toHaveLength(24);
    expect(await client.prompt("ml_training", { source: "loans.csv", target: "default" })).toContain(
      'ml_data_ingest with {"source":"loans.csv"',
    );
    await expect(client.prompt("ml_training", { source: "loans.csv" })).rejects.toThrow(/target/);
  });

  test("is offered names while it types", async () => {
    expect(await client.complete({ prompt: "eval" }, "dataset", "ir")).toEqual(["iris"]);
    expect(await client.complete({ prompt: "rag" }, "collection", "")).toEqual([]);
    expect((await client.complete({ template: "ml://jobs/{id}" }, "id", "")).length).toBeGreaterThan(0);
  });

  test("reads the resources", async () => {
    expect(await client.templates()).toEqual([
      "ml://route/{request}",
      "ml://runs/{id}",
      "ml://artifacts/{+path}",
      "ml://jobs/{id}",
    ]);
    expect(
      Hint.parse(await client.read(`ml://route/${encodeURIComponent("train a random forest on loans.csv")}`)).tools[0]
        ?.name,
    ).toBe("ml_training_train");
    expect(await client.read(`ml://route/${encodeURIComponent("what's the weather?")}`)).toEqual({
      tools: [],
      domain: null,
      workflow: null,
    });
    expect(await client.read("ml://datasets")).toMatchObject({ datasets: [{ dataset: "iris@1", rows: 150 }] });
    expect(await client.read("ml://events")).toMatchObject({ events: expect.any(Array) });
    for (const uri of [
      "ml://runs/none",
      "ml://jobs/none",
      "ml://artifacts/../../engine.db",
      "ml://artifacts/%2e%2e%2f%2e%2e%2fengine.db",
      "ml://route/%E0%A4%A",
      "ml://nothing",
    ]) {
      await expect(client.read(uri), uri).rejects.toThrow();
    }
  });

  test("is told the nearest name of a tool it misspells", async () => {
    expect(await client.call("ml_data_proflie").catch(message)).toContain("Did you mean ml_data_profile?");
  });
});

describe("what a server was started to serve", () => {
  const started = async (...flags: string[]) => {
    const { folder, remove } = scratch();
    const client = await connect("v2", { ...fromSource, args: [...fromSource.args, "--workspace", folder, ...flags] });
    return {
      client,
      [Symbol.asyncDispose]: async () => {
        await client.close();
        remove();
      },
    };
  };

  test("is narrowed to domains and tools", async () => {
    await using data = await started("--domains", "data,transparency");
    expect((await data.client.tools()).map(({ name }) => name)).toEqual([
      "ml_data_ingest",
      "ml_data_validate",
      "ml_data_profile",
      "ml_data_transform",
      "ml_data_lineage",
      "ml_data_export",
      "ml_transparency_explain",
      "ml_transparency_audit",
    ]);
    await using one = await started("--tools", "ml_data_profile");
    expect((await one.client.tools()).map(({ name }) => name)).toEqual(["ml_data_profile"]);
  });

  test("is only what reads, and what else a reading tool could do is refused", async () => {
    await using reading = await started("--read-only");
    const names = (await reading.client.tools()).map(({ name }) => name);
    expect(names).not.toContain("ml_training_train");
    expect(names).not.toContain("ml_data_ingest");
    expect(
      (await reading.client.call("ml_transparency_audit", { action: "retain", until: "2020-01-01", confirm: true }))
        .text,
    ).toMatch(/^refused: This server only reads\./);
  });

  test("fetches nothing offline, and nothing of a private network at all", async () => {
    await using offline = await started("--offline");
    expect(
      (await offline.client.call("ml_data_ingest", { source: "https://example.org/a.csv", name: "a" })).text,
    ).toMatch(/^unavailable: source: this server is offline/);
    await using online = await started();
    for (const source of [
      "http://127.0.0.1:9/a.csv",
      "http://169.254.169.254/latest",
      "http://[::1]/a.csv",
      "http://localhost:9/a.csv",
    ]) {
      expect((await online.client.call("ml_data_ingest", { source, name: "a" })).text, source).toMatch(
        /^refused: source: /,
      );
    }
  });

  test.each([
    [["--domains", "dta"], "did you mean `data`?"],
    [["--log-level", "loud"], "log_level"],
    [["--no-such-flag"], "no-such-flag"],
  ])("is said plainly where %s is wrong", (flags, said) => {
    try {
      execFileSync(fromSource.command, [...fromSource.args.slice(0, 1), ...flags], {
        input: "",
        stdio: ["pipe", "pipe", "pipe"],
      });
      expect.unreachable("it should not have started");
    } catch (error) {
      expect(String(Reflect.get(Object(error), "stderr"))).toContain(said);
      expect(String(Reflect.get(Object(error), "stdout"))).toBe("");
    }
  });
});
