import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady } from "./people.ts";

describe("ml_training_train", () => {
  test("trains, registers, and says how well", async ({ client, write, events }) => {
    const result = await client.call("ml_training_train", {
      dataset: write("people.csv", people(300)),
      target: "leaves",
      family: "linear",
    });

    expect(steady(result.text)).toMatchInlineSnapshot(`
      "people-leaves-linear@1: linear (LogisticRegression) classification of \`leaves\`; 300 of 300 rows, 3 features; run <run>; <seconds> s.
      Positive class: yes.
      stratified, 5 of 5 folds, mean ± sd (baseline):
        accuracy 0.9433 ± 0.03249 (0.6367)
        balanced_accuracy 0.9339 ± 0.03772 (0.5)
        precision 0.9419 ± 0.03958 (0)
        recall 0.8991 ± 0.05913 (0)
        f1 0.9196 ± 0.04586 (0)
        f1_macro 0.9379 ± 0.03551 (0.389)
        mcc 0.877 ± 0.07051 (0)
        kappa 0.8759 ± 0.07097 (0)
        roc_auc 0.987 ± 0.01091 (0.5)
        average_precision 0.9786 ± 0.01637 (0.3633)
        log_loss 0.174 ± 0.04682 (0.6554)
        brier 0.04844 ± 0.01778 (0.2313)
        ece 0.09935 ± 0.01668 (0.006667)
      Note: task: read as classification, because \`leaves\` is String with 2 values.
      Next: ml_training_evaluate on rows it has not seen."
    `);
    expect(result.structured).toMatchObject({
      model: "people-leaves-linear@1",
      task: "classification",
      metrics: { accuracy: expect.any(Number) },
    });
    expect((await events()).at(-1)).toMatchObject({ tool: "ml_training_train", type: "ModelTraining", outcome: "ok" });
  });

  test("records what `auto` chose from", async ({ client, write, events }) => {
    await client.call("ml_training_train", {
      dataset: write("people.csv", people(300)),
      target: "leaves",
      folds: 2,
      time_budget_seconds: 10,
      wait_seconds: 45,
    });

    const decision = (await events()).find(({ kind }) => kind === "decision");
    expect(decision).toMatchObject({
      type: "ModelSelection",
      body: { details: { task: "classification", alternatives: { length: 7 } } },
    });
  });

  test("names the column that was meant", async ({ client, write, events }) => {
    const result = await client.call("ml_training_train", {
      dataset: write("people.csv", people(60)),
      target: "leavs",
    });

    expect(result).toMatchObject({ isError: true });
    expect(result.text).toMatchInlineSnapshot(`
      "not_found: target: no column \`leavs\`; did you mean \`leaves\`?
      Columns: tenure, plan, spend, leaves."
    `);
    expect((await events()).at(-1)).toMatchObject({ outcome: "error" });
  });

  test("refuses classes with one member", async ({ client, write }) => {
    const result = await client.call("ml_training_train", {
      dataset: write("one.csv", `${people(60)}\n1,basic,3,maybe`),
      target: "leaves",
    });

    expect(result.text).toMatchInlineSnapshot(`
      "invalid_input: target: 1 classes have a single row (\`maybe\`): nothing could check them.
      Group or drop rare classes with ml_data_transform."
    `);
  });
});
