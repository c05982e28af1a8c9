import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { z } from "zod";
import { openStore } from "../../../src/store/store.ts";
import { test } from "../../support/server.ts";

const Job = z.object({ job: z.object({ job_id: z.string() }) });
const search = { dataset: "bc", target: "target", family: "random_forest", trials: 6, seed: 3 };

describe("ml_training_checkpoint", () => {
  test("goes on with a sweep whose process was killed, to what the unbroken one found", async ({
    client,
    workspace,
  }) => {
    await client.call("ml_data_ingest", { source: "sample:breast_cancer", name: "bc" });
    const unbroken = await client.call("ml_training_sweep", { ...search, wait_seconds: 45, model_name: "unbroken" });
    expect(unbroken.isError, unbroken.text).toBe(false);
    const started = await client.call("ml_training_sweep", { ...search, wait_seconds: 0, model_name: "resumed" });
    const id = Job.parse(started.structured).job.job_id;
    const store = await openStore(workspace);
    const kept = async () =>
      z
        .object({ runs: z.array(z.object({ run: z.string(), steps: z.number(), state: z.string() })) })
        .parse((await client.call("ml_training_checkpoint", {})).structured)
        .runs.find(({ run }) => run === id);
    while (((await kept())?.steps ?? 0) < 2) await sleep(100);
    process.kill(-(store.jobs.get(id)?.pid ?? Number.NaN), "SIGKILL");
    store.close();
    const died = await client.call("ml_training_sweep", { job_id: id, wait_seconds: 20 });
    expect(died.isError).toBe(true);
    expect(await kept()).toMatchObject({ state: "broken off" });

    const resumed = await client.call("ml_training_checkpoint", { action: "resume", run: id, wait_seconds: 45 });
    expect(resumed.isError, resumed.text).toBe(false);
    expect(resumed.structured).toMatchObject({
      model: "resumed@1",
      family: "random_forest",
      metrics: unbroken.structured["metrics"],
    });
    expect(await kept()).toBeUndefined();
  });

  test("answers mistakes with the way out", async ({ client }) => {
    const texts: string[] = [];
    for (const args of [
      { action: "resume" },
      { action: "resume", run: "nothing" },
      { action: "prune", run: "nothing" },
      { action: "save", name: "x" },
    ]) {
      const { text, isError } = await client.call("ml_training_checkpoint", args);
      expect(isError, text).toBe(true);
      texts.push(text);
    }
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "invalid_input: run: \`resume\` needs it
      One of none.
      not_found: run: \`nothing\` has no checkpoints
      There are: none.
      refused: This action (\`prune\`) cannot be undone.
      Ask the person, then call again with \`confirm: true\`.
      invalid_input: model: \`save\` needs it, and a \`name\`
      {action: 'save', model: …, name: …}."
    `);
    expect((await client.call("ml_training_checkpoint", { action: "list" })).text).toMatchInlineSnapshot(
      `"0 calls have checkpoints."`,
    );
  });
});
