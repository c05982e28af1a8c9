import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { connect, ERAS } from "../support/client.ts";
import { root, scratch } from "../support/server.ts";

const adult = join(root, ".cache/data/adult/adult.csv");
const launch = { command: "node", args: ["bin/ml-engine.mjs"], cwd: root };

/** The journey of the first issue: can I trust a model on this CSV? Once with a client of each era. */
describe.each(ERAS)("a %s client", (era) => {
  test.skipIf(!existsSync(adult))("goes from a file to an audited, explained model", async () => {
    const { folder, remove } = scratch();
    const client = await connect(era, {
      ...launch,
      env: { ML_ENGINE_WORKSPACE: folder, ML_ENGINE_ALLOW_DIRS: join(root, ".cache/data") },
    });
    const ok = async (name: string, args: Record<string, unknown>) => {
      let answer = await client.call(name, args);
      for (let job = jobOf(answer.structured); job !== undefined; job = jobOf(answer.structured))
        answer = await client.call(name, { ...args, job_id: job, wait_seconds: 45 });
      expect(answer.isError, answer.text).toBe(false);
      expect(answer.text.length).toBeGreaterThan(20);
      return answer.structured;
    };
    try {
      const ingested = await ok("ml_data_ingest", { source: adult, name: "adult" });
      expect(ingested).toMatchObject({ dataset: "adult@1", rows: 48842 });
      await ok("ml_data_validate", { dataset: "adult", action: "check" });
      await ok("ml_data_profile", { dataset: "adult", target: "income" });
      await ok("ml_data_transform", {
        dataset: "adult",
        steps: [{ op: "split", method: "stratified", by: "income", shares: { train: 0.75, test: 0.25 } }],
      });
      const trained = await ok("ml_training_train", {
        dataset: "adult_train",
        target: "income",
        task: "classification",
        family: "lightgbm",
        model_name: "income",
      });
      expect(trained).toMatchObject({ model: "income@1" });
      const metrics = z.object({ metrics: z.record(z.string(), z.unknown()) });
      expect(
        Object.keys(
          metrics.parse(await ok("ml_training_evaluate", { model: "income", dataset: "adult_test" })).metrics,
        ),
      ).toContain("roc_auc");
      await ok("ml_safety_fairness", { model: "income", dataset: "adult_test", sensitive: ["sex"] });
      await ok("ml_interpretability_importance", { model: "income", dataset: "adult_test" });
      await ok("ml_transparency_explain", { model: "income", dataset: "adult_test", row: 0 });
      await ok("ml_zoo_card", { model: "income" });
      expect(await ok("ml_transparency_audit", { action: "verify" })).toMatchObject({ ok: true, first_bad: null });
    } finally {
      await client.close();
      remove();
    }
  });
});

const jobOf = (structured: Record<string, unknown>) =>
  z.object({ job: z.object({ job_id: z.string() }) }).safeParse(structured).data?.job.job_id;
