import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady, takings } from "./people.ts";

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
      Report of people-leaves-linear: <path>
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
      body: {
        details: {
          task: "classification",
          alternatives: expect.arrayContaining([{ name: "linear", score: expect.any(Number) }]),
        },
      },
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

  test("forecasts series and judges the forecasts by what came", async ({ client, write }) => {
    const result = await client.call("ml_training_train", {
      dataset: write("takings.csv", takings(120)),
      task: "forecasting",
      target: "amount",
      time: "day",
      family: "linear",
      model_name: "takings",
      more: { group: "shop", horizon: 7, folds: 3 },
    });
    expect(steady(result.text)).toMatchInlineSnapshot(`
      "takings@1: linear (LaggedRidge) forecasting of \`amount\`; 240 of 240 rows, 2 features; run <run>; <seconds> s.
      rolling origin, 7 steps ahead, 3 of 3 folds, mean ± sd (baseline):
        mase 0.7286 ± 0.1301 (0.9791)
        smape 0.007254 ± 0.001172 (0.009083)
        rmse 1.332 ± 0.25 (1.79)
        mae 1.093 ± 0.1859 (1.464)
        pinball 0.3404 ± 0.04443 (0.454)
        coverage 0.881 ± 0.1091 (0.8095)
      Next (80 % interval): north 2024-04-30 115 [113, 117.2]; north 2024-05-01 113.3 [111.4, 115.5]; north 2024-05-02 115.2 [113.3, 117.4]; north 2024-05-03 114.4 [112.7, 116.6]; north 2024-05-04 145.2 [143.7, 147.4]; north 2024-05-05 145.2 [143.6, 147.5]; north 2024-05-06 115.7 [114.1, 117.9]; south 2024-04-30 214.4 [212.4, 216.5]; south 2024-05-01 214.3 [212.6, 216.5]; south 2024-05-02 215.8 [213.9, 217.9]; south 2024-05-03 215.5 [213.8, 217.6]; south 2024-05-04 244.2 [242.6, 246.3]; …
      The forecast of every series: <path>
      Note: Season of 7 steps of D; the baseline repeats the last season. Other columns are not used: what they will be is not known.
      Next: ml_training_evaluate on rows it has not seen."
    `);

    const judged = await client.call("ml_training_evaluate", {
      model: "takings",
      dataset: write("later.csv", takings(141)),
      resamples: 100,
    });
    expect(judged.structured).toMatchObject({ task: "forecasting", rows: { scored: 42 } });
    expect(judged.text).toContain("3 origins, up to 7 steps ahead");
  });

  test("clusters without a target, and other tools say what they take", async ({ client, write }) => {
    const dataset = write("people.csv", people(200));
    const result = await client.call("ml_training_train", {
      dataset,
      task: "clustering",
      family: "kmeans",
      exclude: ["leaves"],
      model_name: "groups",
    });
    expect(steady(result.text)).toMatchInlineSnapshot(`
      "groups@1: kmeans (KMeans) clustering; 200 of 200 rows, 3 features; run <run>; <seconds> s.
      all rows; stability over subsamples of 80 %, 5 of 5 folds, mean ± sd (baseline):
        clusters 10 (10)
        noise 0 (0)
        silhouette 0.3492 (-0.1119)
        davies_bouldin 1.009 (10.84)
        calinski_harabasz 74.08 (1.06)
        stability 0.7557 ± 0.07205
      Rows: 0 11, 1 19, 2 20, 3 25, 4 24, 5 19, 6 24, 7 15, 8 18, 9 25.
      The cluster of each row: <path>
      Left out: leaves (excluded).
      Note: The number of clusters was chosen by silhouette (2: 0.261; 3: 0.261; 4: 0.264; 5: 0.273; 6: 0.275; 7: 0.306; 8: 0.323; 9: 0.347; 10: 0.349).
      Note: The baseline is the same clusters dealt out at random.
      Next: ml_training_evaluate on rows it has not seen."
    `);

    const refused = await client.call("ml_interpretability_importance", { model: "groups", dataset });
    expect(refused.text).toMatchInlineSnapshot(`
      "invalid_input: model: \`groups\` is a model for clustering; this takes classification and regression.
      ml_training_evaluate takes every model."
    `);
    const card = await client.call("ml_zoo_card", { model: "groups" });
    expect(card.isError).toBeFalsy();
  });

  test("names what a task does not take", async ({ client, write }) => {
    const result = await client.call("ml_training_train", {
      dataset: write("people.csv", people(60)),
      task: "anomaly_detection",
      family: "isolation",
    });
    expect(result.text).toMatchInlineSnapshot(`
      "invalid_input: family: no family \`isolation\` for anomaly detection; did you mean \`isolation_forest\`?
      Families: auto, isolation_forest, local_outlier_factor, one_class_svm, elliptic_envelope."
    `);
  });
});
