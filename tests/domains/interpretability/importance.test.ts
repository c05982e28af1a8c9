import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady } from "../training/people.ts";

describe("ml_interpretability_importance", () => {
  test("ranks the features by two methods, on rows the model has not seen", async ({ client, write, events }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "lightgbm", model_name: "leavers" });

    const result = await client.call("ml_interpretability_importance", {
      model: "leavers",
      dataset: write("held.csv", people(300, 400)),
      repeats: 5,
    });

    expect(
      steady(result.text)
        .replace(/\/\S+/g, "…")
        .replace(/residual \S+/, "residual <tiny>."),
    ).toMatchInlineSnapshot(`
      "leavers@1 on held.csv: 300 of 300 rows; roc_auc 0.966 with nothing shuffled.
      Feature: loss of the metric when shuffled [95 % interval]; mean |SHAP|:
        tenure: 0.293 [0.237, 0.349]; 4.09
        plan: 0.236 [0.191, 0.281]; 3.66
        spend: -0.00194 [-0.00636, 0.00248]; 0.954
      SHAP: LightGBM's TreeSHAP, path-dependent, exact, of log-odds of \`yes\`; 300 rows; largest additivity residual <tiny>.
      Stability: rank correlation 1 between repeats.
      The methods agree with Kendall's tau 1; 1 of the top 2 are the same.
      tenure (partial dependence of probability of \`yes\`): falls from 0.649 at 0 to 0.00333 at 59.
      tenure (ALE of probability of \`yes\`): falls from 0.339 at 0 to -0.379 at 59.
      plan (partial dependence of probability of \`yes\`): lowest 0.00155 at pro, highest 0.515 at plus.
      spend (partial dependence of probability of \`yes\`): not monotonic, lowest 0.239 at 29.89, highest 0.434 at 20.05.
      spend (ALE of probability of \`yes\`): not monotonic, lowest -0.134 at 29.89, highest 0.0631 at 20.05.
      Note: Not shown to matter for roc_auc (interval reaches 0): spend.
      Note: Importance says what the model uses, not what causes the target.
      Importance by feature: …
      probability of \`yes\` as one feature changes: …"
    `);
    expect(result.images).toBe(1);
    expect(await events()).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ tool: "ml_interpretability_importance", type: "EvaluationRun", outcome: "ok" }),
      ]),
    );
  });

  test("warns about training data and refuses a metric of the other task", async ({ client, write }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "linear", model_name: "leavers" });

    const seen = await client.call("ml_interpretability_importance", {
      model: "leavers",
      dataset,
      methods: ["shap"],
      curves: 0,
    });
    const wrong = await client.call("ml_interpretability_importance", { model: "leavers", dataset, metric: "r2" });
    const apart = await client.call("ml_interpretability_importance", {
      model: "leavers",
      dataset: write("less.csv", "plan,leaves\npro,yes\npro,no\n"),
    });

    expect(seen.text).toContain("Warning: 100% of these rows were trained on");
    expect(wrong.text).toMatchInlineSnapshot(`
      "invalid_input: metric: r2 is not a metric of classification.
      Use one of roc_auc, accuracy, balanced_accuracy, log_loss."
    `);
    expect(apart.text).toMatchInlineSnapshot(`
      "not_found: dataset: no column \`tenure\`
      Columns: plan, leaves."
    `);
  });
});
