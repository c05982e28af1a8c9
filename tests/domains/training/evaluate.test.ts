import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady } from "./people.ts";

describe("ml_training_evaluate", () => {
  test("measures a model on rows it has not seen and compares it with another", async ({ client, write, events }) => {
    const dataset = write("people.csv", people(300));
    await client.call("ml_training_train", {
      dataset,
      target: "leaves",
      family: "hist_gradient_boosting",
      model_name: "boosted",
    });
    await client.call("ml_training_train", {
      dataset,
      target: "leaves",
      family: "linear",
      include: ["spend"],
      model_name: "naive",
    });
    const held = write("held.csv", people(300, 300));
    const result = await client.call("ml_training_evaluate", {
      model: "boosted",
      dataset: held,
      compare_to: "naive",
      cost_fn: 5,
      resamples: 200,
    });

    expect(steady(result.text)).toMatchInlineSnapshot(`
      "boosted@1 on held.csv: classification of \`leaves\`, positive class yes; 300 of 300 rows. 95 % intervals from 200 resamples (baseline):
        accuracy 0.92 [0.8881, 0.9482] (0.67)
        balanced_accuracy 0.8993 [0.8513, 0.9312] (0.5)
        precision 0.9121 [0.8409, 0.9618] (0)
        recall 0.8384 [0.7527, 0.8961] (0)
        f1 0.8737 [0.8135, 0.9138] (0)
        f1_macro 0.9076 [0.8656, 0.9373] (0.4012)
        mcc 0.8168 [0.7403, 0.8761] (0)
        kappa 0.8153 [0.7331, 0.8748] (0)
        roc_auc 0.984 [0.9739, 0.9916] (0.5)
        average_precision 0.9704 [0.9445, 0.9832] (0.33)
        log_loss 0.1742 [0.1259, 0.2412] (0.6342)
        brier 0.0576 [0.03933, 0.07889] (0.2211)
        ece 0.05472 [0.03657, 0.06915] (0)
      Confusion (rows true, columns predicted): no: 193 8; yes: 16 83.
      Cheapest threshold at cost 1 a false positive, 5 a false negative: 0.03803 (cost 0.1 a row, precision 0.7967, recall 0.9899); at 0.5: 0.5 (cost 0.2933 a row, precision 0.9121, recall 0.8384).
      Worst slices (of 15 tried):
        33 <= tenure < 47 & plan = plus: 0.7 against 0.9444, 30 rows, p 0.01574
        33 <= tenure < 47: 0.825 against 0.9545, 80 rows, p 0.004166
        plan = plus: 0.8641 against 0.9492, 103 rows, p 0.02112
      Against naive@1: better (McNemar mid-p: 83 rows right here only, 8 there only, p < 1e-6); accuracy 0.25 [0.1967, 0.3071], balanced_accuracy 0.3993 [0.3513, 0.4312], precision 0.9121 [0.8409, 0.9618], recall 0.8384 [0.7527, 0.8961], f1 0.8737 [0.8135, 0.9138], f1_macro 0.5064 [0.461, 0.5374], mcc 0.8168 [0.7403, 0.8761], kappa 0.8153 [0.7331, 0.8748], roc_auc 0.4292 [0.3641, 0.4866], average_precision 0.5846 [0.5133, 0.6691], log_loss -0.4591 [-0.5063, -0.3872], brier -0.1633 [-0.1806, -0.1407], ece 0.01805 [-0.0288, 0.05533].
      Note: The baseline is the best constant for these rows.
      Plot: <path>"
    `);
    expect(result.images).toBe(1);
    const kinds = (await events())
      .filter(({ tool, outcome }) => tool === "ml_training_evaluate" && outcome === "ok")
      .map(({ type }) => type);
    expect(kinds.toSorted()).toEqual(["EvaluationJudgement", "EvaluationRun"]);
  });

  test("says which column the dataset lacks", async ({ client, write }) => {
    await client.call("ml_training_train", {
      dataset: write("people.csv", people(300)),
      target: "leaves",
      family: "linear",
      model_name: "plain",
    });
    const result = await client.call("ml_training_evaluate", {
      model: "plain",
      dataset: write("short.csv", people(60).replaceAll("tenure", "tenur")),
    });

    expect(result.text).toMatchInlineSnapshot(`
      "not_found: dataset: no column \`tenure\`; did you mean \`tenur\`?
      Columns: tenur, plan, spend, leaves."
    `);
  });

  test("says that there is no such model", async ({ client, write }) => {
    const result = await client.call("ml_training_evaluate", {
      model: "nobody",
      dataset: write("people.csv", people(60)),
    });

    expect(result).toMatchObject({ isError: true, text: expect.stringContaining("nobody") });
  });
});
