import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady } from "../training/people.ts";

describe("ml_safety_fairness", () => {
  test("says whom the model selects less and records the verdict", async ({ client, write, events }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "linear", model_name: "leavers" });
    const held = write("held.csv", people(300, 400));

    const result = await client.call("ml_safety_fairness", {
      model: "leavers",
      dataset: held,
      sensitive: ["plan"],
      resamples: 200,
    });

    expect(steady(result.text).replace(/fairness.png|\/\S+/g, "…")).toMatchInlineSnapshot(`
      "FAIL: By \`plan\`, pro is selected (predicted \`yes\`) at 0.000 and plus at 0.520: a ratio of 0.000 [0.000, 0.049], below the 0.8 of the four-fifths rule. The rule is meant for a benefit: read it the other way round where being selected is a harm.
      leavers@1 on held.csv: 300 of 300 rows, target \`leaves\`; selected = predicted \`yes\`.
        plan = pro (n 105): base_rate 0, selection_rate 0 [0.00000196, 0.0275], accuracy 1, tpr –, fpr 0, fnr –, ppv –, ece 0.0184
        plan = plus (n 98): base_rate 0.541, selection_rate 0.52 [0.417, 0.603], accuracy 0.857, tpr 0.849, fpr 0.133, fnr 0.151, ppv 0.882, ece 0.067
        plan = basic (n 97): base_rate 0.485, selection_rate 0.464 [0.375, 0.571], accuracy 0.897, tpr 0.872, fpr 0.08, fnr 0.128, ppv 0.911, ece 0.0885
      Largest gaps between groups, 95 % intervals:
        plan, demographic parity (selection_rate): difference 0.52 [0.413, 0.602], ratio 0 [0.00000339, 0.0493]; lowest pro, highest plus; beyond tolerance
        plan, equal opportunity (tpr): difference 0.0233 [-0.106, 0.155], ratio 0.973 [0.826, 1.15]; lowest plus, highest basic; within tolerance
        plan, equalised odds (fpr): difference 0.133 [0.0467, 0.235], ratio 0 [7.58e-8, 0.181]; lowest pro, highest plus; beyond tolerance
        plan, predictive parity (ppv): difference 0.0288 [-0.0969, 0.147], ratio 0.968 [0.849, 1.12]; lowest plus, highest basic; within tolerance
        plan, accuracy parity (accuracy): difference 0.143 [0.0809, 0.214], ratio 0.857 [0.783, 0.918]; lowest plus, highest pro; beyond tolerance
        plan, calibration (calibration_gap): difference 0.021 [-0.0318, 0.0865], ratio –; lowest plus, highest pro; within tolerance
      Note: Base rates differ by \`plan\`: calibration, equalised odds and predictive parity cannot all hold at once (Kleinberg et al. 2016; Chouldechova 2017). Choose which matters here.
      Outcomes and errors by group, with 95 % intervals: …"
    `);
    expect(result.images).toBe(1);
    const judged = (await events()).filter(
      ({ tool, type }) => tool === "ml_safety_fairness" && type === "EvaluationJudgement",
    );
    expect(judged.map(({ body }) => body["details"])).toMatchObject([
      { evaluator: "four-fifths rule", subject: "leavers@1 on held.csv by plan", verdict: "fail" },
    ]);
  });

  test("tries mitigations and says what they cost, and registers nothing", async ({ client, write, events }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "linear", model_name: "leavers" });

    const result = await client.call("ml_safety_fairness", {
      action: "mitigate",
      model: "leavers",
      dataset: write("held.csv", people(300, 400)),
      sensitive: ["plan"],
      constraint: "demographic_parity",
      resamples: 100,
      wait_seconds: 45,
    });

    expect(result.text).toContain(
      "Mitigation for demographic_parity by plan; learnt on 97 rows, measured on 98 others (105 left out: their group is small or lacks one of the outcomes):",
    );
    expect(result.text).toContain("Thresholds that differ by group need the attribute at every prediction");
    expect(result.structured).toMatchObject({
      mitigation: {
        methods: [
          { method: "model as it is" },
          { method: "threshold optimiser" },
          { method: "reweighing" },
          { method: "exponentiated gradient" },
        ],
      },
    });
    const done = (await events()).filter(
      ({ tool, type, outcome }) => tool === "ml_safety_fairness" && type === "EvaluationRun" && outcome === "ok",
    );
    expect(done.map(({ body }) => body["outputs"])).toEqual([[]]);
  });

  test("refuses what cannot be compared", async ({ client, write }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "linear", model_name: "leavers" });
    const one = write("one.csv", people(400).replaceAll(/plus|pro/g, "basic"));
    const other = write("other.csv", "x,leaves\n1,yes\n2,no\n");

    const said = async (asked: Record<string, unknown>) =>
      (await client.call("ml_safety_fairness", { model: "leavers", dataset, sensitive: ["plan"], ...asked })).text;

    expect(await said({ sensitive: ["plann"] })).toMatchInlineSnapshot(`
      "not_found: sensitive: no column \`plann\`; did you mean \`plan\`?
      Columns: tenure, plan, spend, leaves."
    `);
    expect(await said({ dataset: one })).toMatchInlineSnapshot(`
      "invalid_input: sensitive: \`plan\` has one group only (basic 400 rows); there is nothing to compare.
      Name a column with at least two groups, or a dataset that has both."
    `);
    expect(await said({ dataset: other })).toMatchInlineSnapshot(`
      "not_found: dataset: no column \`tenure\`
      Columns: x, leaves."
    `);
    expect(await said({ positive: "yess" })).toMatchInlineSnapshot(`
      "invalid_input: positive: the model has no class \`yess\`; did you mean \`yes\`?
      Classes: no, yes."
    `);
    expect(await said({ model: "leaver" })).toMatchInlineSnapshot(`
      "not_found: model: there is no model \`leaver\`; did you mean \`leavers\`?
      There are: leavers."
    `);
    expect(await said({ sensitive: [] })).toMatchInlineSnapshot(`
      "invalid_input: \`sensitive\`: expected at least 1 items, got [].
      Fields: action, model, dataset, sensitive, positive, threshold, cuts, min_group, tolerance, constraint, resamples, seed, wait_seconds, job_id, cancel."
    `);
  });
});
