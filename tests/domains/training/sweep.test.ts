import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady } from "./people.ts";

describe("ml_training_sweep", () => {
  test("searches, registers the best, and says what mattered", async ({ client, write, events }) => {
    const space = {
      C: { type: "float", low: 0.001, high: 100, log: true },
      fit_intercept: { type: "categorical", choices: [true, false] },
    };
    const result = await client.call("ml_training_sweep", {
      dataset: write("people.csv", people(300)),
      target: "leaves",
      family: "linear",
      space,
      trials: 8,
      pruner: "none",
      model_name: "tuned",
    });

    expect(steady(result.text)).toMatchInlineSnapshot(`
      "tuned@1: linear (LogisticRegression) classification of \`leaves\`; run <run>; <seconds> s.
      Best of 8 complete trials (0 pruned, 0 failed, 8 planned), maximize roc_auc: 0.9887; default settings 0.9879; baseline 0.5.
      Settings: C=9.904 fit_intercept=false
      Top: #7 0.9887 ± 0.008154 (C=9.904 fit_intercept=false); #6 0.9884 ± 0.008641 (C=7.776 fit_intercept=false); #4 0.9871 ± 0.00979 (C=0.6922 fit_intercept=true); #0 0.9866 ± 0.009952 (C=0.5547 fit_intercept=true); #1 0.9863 ± 0.01045 (C=0.5302 fit_intercept=false)
      Importance (fANOVA): C=0.9358 fit_intercept=0.0642
      Note: task: read as classification, because \`leaves\` is String with 2 values.
      Plot: <path>
      Report of tuned: <path>
      Next: ml_training_evaluate on rows it has not seen; the score here chose the settings and is too kind."
    `);
    expect(result.structured).toMatchObject({
      model: "tuned@1",
      trials: { planned: 8, complete: 8, pruned: 0, failed: 0 },
    });
    expect(result.images).toBe(1);
    const done = (await events()).filter(({ outcome }) => outcome === "ok");
    expect(done.map(({ type }) => type).toSorted()).toEqual(["ModelSelection", "ModelTraining"]);
  });

  test("names the setting that was meant", async ({ client, write }) => {
    const space = { num_leafs: { type: "int", low: 2, high: 8 } };
    const result = await client.call("ml_training_sweep", {
      dataset: write("people.csv", people(60)),
      target: "leaves",
      family: "lightgbm",
      space,
    });

    expect(result.text).toMatchInlineSnapshot(`
      "invalid_input: space: lightgbm has no setting \`num_leafs\`; did you mean \`num_leaves\`?
      Settings: boosting_type, colsample_bytree, learning_rate, max_depth, min_child_samples, min_child_weight, min_split_gain, n_estimators, num_leaves, reg_alpha, reg_lambda, subsample, subsample_for_bin, subsample_freq."
    `);
  });

  test("refuses an unknown kind of dimension", async ({ client, write }) => {
    const result = await client.call("ml_training_sweep", {
      dataset: write("people.csv", people(60)),
      target: "leaves",
      space: { C: { type: "real" } },
    });

    expect(result).toMatchObject({ isError: true, text: expect.stringContaining("space") });
  });
});
