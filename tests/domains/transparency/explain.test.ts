import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { people, steady } from "../training/people.ts";

describe("ml_transparency_explain", () => {
  test("explains one prediction: contributions, counterfactuals, similar rows, doubts", async ({
    client,
    write,
    events,
  }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "linear", model_name: "leavers" });

    const result = await client.call("ml_transparency_explain", {
      model: "leavers",
      dataset: write("held.csv", people(300, 400)),
      row: 2,
      immutable: ["plan"],
    });

    expect(
      steady(result.text)
        .replace(/ \/\S+/g, " …")
        .replace(/output within \S+/, "output within <tiny>."),
    ).toMatchInlineSnapshot(`
      "leavers@1 predicts \`leaves\` = no with probability 0.965 for row 2 of held.csv; recorded: no.
      Log-odds of \`no\`: 2.013 on average, 3.326 here. What the row's values add, largest first:
        tenure = 52: +3.443
        plan = basic: -2.167
        spend = 86.34: +0.03646
      SHAP values by closed form of a linear model (exact); they add up to the output within <tiny>.
      Smallest changes found that lead to \`yes\`, each checked with the model:
        1. tenure 52 -> 31 (probability 0.534; distance 0.119, nearest real row 0.012)
      Most similar rows, with their prediction: 115 (no, recorded no), 30 (no, recorded no), 15 (no, recorded no), 86 (no, recorded no), 43 (no, recorded no).
      How sure: \`no\` is 0.931 more probable than \`yes\`; 100% of the 5 most similar rows are predicted alike; the model is right on 100% of them.
      This says how the model decides, not what causes the outcome; a change made in the world may not do what it does in the model.
      What each value adds to the prediction: …"
    `);
    expect(result.images).toBe(1);
    expect((await events()).at(-1)).toMatchObject({
      tool: "ml_transparency_explain",
      type: "EvaluationRun",
      outcome: "ok",
    });
  });

  test("tells why the system chose, from the record", async ({ client, write }) => {
    const dataset = write("people.csv", people(400));
    const trained = await client.call("ml_training_train", {
      dataset,
      target: "leaves",
      family: "auto",
      model_name: "chosen",
      time_budget_seconds: 3,
    });

    const byModel = await client.call("ml_transparency_explain", { action: "choice", model: "chosen" });
    const byRun = await client.call("ml_transparency_explain", {
      action: "choice",
      run_id: trained.structured["run_id"],
    });

    expect(byModel.text).toMatch(/ml_training_train \(event \d+, ModelSelection\)/);
    expect(byModel.text).toContain("Considered, best first: ");
    expect(byModel.text).toContain("not a reconstruction");
    expect(byRun.structured["choices"]).toEqual(byModel.structured["choices"]);
  });

  test("says what an action needs and what is wrong", async ({ client, write }) => {
    const dataset = write("people.csv", people(400));
    await client.call("ml_training_train", { dataset, target: "leaves", family: "linear", model_name: "leavers" });
    const said = async (asked: Record<string, unknown>) => (await client.call("ml_transparency_explain", asked)).text;

    expect(await said({ model: "leavers" })).toMatchInlineSnapshot(`
      "invalid_input: dataset, row: action \`prediction\` needs them.
      Name the model, a dataset, and the position of one of its rows."
    `);
    expect(await said({ action: "choice" })).toMatchInlineSnapshot(`
      "invalid_input: call_id, run_id, model: action \`choice\` needs one of them.
      ml_transparency_audit lists the decisions on record."
    `);
    expect(await said({ action: "choice", call_id: "none" })).toMatchInlineSnapshot(`
      "not_found: No decision is on record for call none.
      ml_transparency_audit with action \`query\` and kind \`decision\` lists those there are."
    `);
    expect(await said({ model: "leavers", dataset, row: 0, run_id: "x" })).toMatchInlineSnapshot(`
      "invalid_input: run_id: action \`prediction\` does not take it.
      Use action \`choice\` to explain what the system chose."
    `);
    expect(await said({ model: "leavers", dataset, row: 400 })).toMatchInlineSnapshot(`
      "invalid_input: row: 400 is past the end of people.csv, which has 400 rows.
      Rows are counted from 0; the last is 399."
    `);
    expect(await said({ model: "leavers", dataset, row: 0, immutable: ["tenur"] })).toMatchInlineSnapshot(`
      "not_found: immutable: no column \`tenur\`; did you mean \`tenure\`?
      Columns: tenure, plan, spend, leaves."
    `);
    expect(await said({ model: "leavers", dataset, row: 0, want: "maybe" })).toMatchInlineSnapshot(`
      "invalid_input: want: the model has no class \`maybe\`
      Classes: no, yes."
    `);
  });
});
