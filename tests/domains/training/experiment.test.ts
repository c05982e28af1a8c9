import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test as base } from "../../support/server.ts";
import { people } from "./people.ts";

const EXPERIMENT = "ml_training_experiment";
const Runs = z.array(
  z.looseObject({ run_id: z.string(), name: z.string(), params: z.record(z.string(), z.unknown()) }),
);
const File = z.looseObject({ path: z.string() });

/** Two runs on the same folds: a linear model and nearest neighbours. */
const test = base.extend("trained", { scope: "file" }, async ({ client, workspace }) => {
  const dataset = `${workspace}/people.csv`;
  writeFileSync(dataset, people(120));
  const ids: string[] = [];
  for (const family of ["linear", "knn"]) {
    const { structured } = await client.call("ml_training_train", {
      dataset,
      target: "leaves",
      family,
      wait_seconds: 45,
    });
    ids.push(z.string().parse(structured["run_id"]));
  }
  return z.tuple([z.string(), z.string()]).parse(ids);
});

/** What differs from run to run, replaced. */
const steady = (text: string, runs: readonly string[]) =>
  runs
    .reduce((masked, id, at) => masked.replaceAll(id, `<run ${at + 1}>`), text)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/(?<=[ =])\/\S+\//g, "…/");

describe("ml_training_experiment", () => {
  test("finds runs by their metrics and parameters, best first", async ({ client, trained, events }) => {
    const order_by = "metrics.roc_auc DESC";
    const result = await client.call(EXPERIMENT, { action: "search", filter: "metrics.roc_auc > 0.5", order_by });
    const none = await client.call(EXPERIMENT, { action: "search", filter: "metrics.roc_auc > 2" });

    expect(steady(result.text, trained)).toMatchInlineSnapshot(`
      "2 runs.
      <run 1> train people.csv, finished, <time>
        accuracy 0.9417, average_precision 0.9756, balanced_accuracy 0.9232, brier 0.05544, ece 0.1245, f1 0.9025, f1_macro 0.9304, kappa 0.8614, log_loss 0.2033, mcc 0.8649, precision 0.9417, recall 0.8714, roc_auc 0.9844
        balanced=false, calibration=none, dataset=…/people.csv, family=linear, features=3, folds=5, metric=auto, onnx=false, param/max_iter=1000, rows=120, seed=0, target=leaves, task=classification
      <run 2> train people.csv, finished, <time>
        accuracy 0.925, average_precision 0.9428, balanced_accuracy 0.9093, brier 0.04967, ece 0.055, f1 0.8806, f1_macro 0.9128, kappa 0.8259, log_loss 0.1503, mcc 0.8301, precision 0.902, recall 0.8679, roc_auc 0.9789
        balanced=false, calibration=none, dataset=…/people.csv, family=knn, features=3, folds=5, metric=auto, onnx=false, rows=120, seed=0, target=leaves, task=classification"
    `);
    expect(result.structured).toMatchObject({ total: 2 });
    expect(none.structured).toMatchObject({ total: 0, runs: [] });
    expect((await events()).at(-1)).toMatchObject({ tool: EXPERIMENT, type: "EvaluationRun", outcome: "ok" });
  });

  test("names the best run of a metric, of either direction", async ({ client, trained }) => {
    const best = async (minimize: boolean) => {
      const { structured } = await client.call(EXPERIMENT, { action: "best", metric: "log_loss", minimize, limit: 1 });
      return Runs.parse(structured["runs"]).map(({ run_id }) => run_id);
    };
    expect([...(await best(true)), ...(await best(false))].toSorted()).toEqual([...trained].toSorted());
  });

  test("compares two runs over their folds", async ({ client, trained }) => {
    const result = await client.call(EXPERIMENT, { action: "compare", runs: trained });

    expect(steady(result.text, trained)).toMatchInlineSnapshot(`
      "2 runs.
      <run 1> train people.csv, finished, <time>
        accuracy 0.9417, average_precision 0.9756, balanced_accuracy 0.9232, brier 0.05544, ece 0.1245, f1 0.9025, f1_macro 0.9304, kappa 0.8614, log_loss 0.2033, mcc 0.8649, precision 0.9417, recall 0.8714, roc_auc 0.9844
        family=linear, param/max_iter=1000
      <run 2> train people.csv, finished, <time>
        accuracy 0.925, average_precision 0.9428, balanced_accuracy 0.9093, brier 0.04967, ece 0.055, f1 0.8806, f1_macro 0.9128, kappa 0.8259, log_loss 0.1503, mcc 0.8301, precision 0.902, recall 0.8679, roc_auc 0.9789
        family=knn
      accuracy: difference 0.0167 over 5 folds, p = 0.541: no more than chance can explain
      average_precision: difference 0.0328 over 5 folds, p = 0.348: no more than chance can explain
      balanced_accuracy: difference 0.0139 over 5 folds, p = 0.698: no more than chance can explain
      brier: difference 0.00577 over 5 folds, p = 0.452: no more than chance can explain
      ece: difference 0.0695 over 5 folds, p = 0.0211: more than chance
      f1: difference 0.0219 over 5 folds, p = 0.652: no more than chance can explain
      f1_macro: difference 0.0176 over 5 folds, p = 0.602: no more than chance can explain
      kappa: difference 0.0355 over 5 folds, p = 0.594: no more than chance can explain
      log_loss: difference 0.053 over 5 folds, p = 0.0579: no more than chance can explain
      mcc: difference 0.0349 over 5 folds, p = 0.577: no more than chance can explain
      precision: difference 0.0397 over 5 folds, p = 0.425: no more than chance can explain
      recall: difference 0.00357 over 5 folds, p = 0.958: no more than chance can explain
      roc_auc: difference 0.00547 over 5 folds, p = 0.468: no more than chance can explain"
    `);
    expect(result.structured).toMatchObject({ tests: expect.arrayContaining([expect.objectContaining({ folds: 5 })]) });
  });

  test("pages through runs", async ({ client, trained }) => {
    const first = await client.call(EXPERIMENT, { action: "search", limit: 1 });
    const second = await client.call(EXPERIMENT, {
      action: "search",
      limit: 1,
      cursor: first.structured["next_cursor"],
    });
    const ids = [first, second].flatMap(({ structured }) => Runs.parse(structured["runs"]).map(({ run_id }) => run_id));
    expect(ids).toEqual([...trained].reverse());
    expect(second.structured).not.toHaveProperty("next_cursor");
  });

  test("shows one run, what it was run with, and what a rerun needs", async ({ client, trained }) => {
    const shown = await client.call(EXPERIMENT, { action: "show", runs: [trained[0]] });
    const info = await client.call(EXPERIMENT, { action: "info", runs: [trained[0]] });

    expect(Runs.parse(shown.structured["runs"])).toMatchObject([{ run_id: trained[0], params: { family: "linear" } }]);
    expect(shown.structured["curves"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ steps: [1, 2, 3, 4, 5] })]),
    );
    expect(info.structured["info"]).toMatchObject({
      environment_lock_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      hardware: { cores: expect.any(Number) },
      duration_seconds: expect.any(Number),
      energy_wh: expect.any(Number),
    });
  });

  test("keeps an experiment, notes and tags", async ({ client, trained }) => {
    const made = await client.call(EXPERIMENT, { action: "create", experiment: "churn", text: "Who leaves?" });
    const noted = await client.call(EXPERIMENT, { action: "note", runs: [trained[0]], text: "the simple one" });
    const tagged = await client.call(EXPERIMENT, { action: "tag", runs: [trained[0]], tags: { stage: "candidate" } });
    const found = await client.call(EXPERIMENT, { action: "search", filter: "tags.stage LIKE 'cand%'" });
    const listed = await client.call(EXPERIMENT, { action: "list" });

    expect(made.text).toBe("churn: 0 runs. Who leaves?");
    expect(noted.text).toContain("Note: the simple one");
    expect(tagged.text).toContain("stage:candidate");
    expect(Runs.parse(found.structured["runs"]).map(({ run_id }) => run_id)).toEqual([trained[0]]);
    expect(listed.text).toContain("churn: 0 runs. Who leaves?");
  });

  test.for(["json", "csv"] as const)("exports as %s", async (format, { client, trained }) => {
    const result = await client.call(EXPERIMENT, { action: "export", format });
    const text = readFileSync(File.parse(result.structured["file"]).path, "utf8");

    expect(result.text).toContain("2 runs exported.");
    for (const id of trained) expect(text).toContain(id);
    if (format === "json") expect(Runs.parse(JSON.parse(text))).toHaveLength(2);
    else
      expect(text.split("\n")[0]).toMatch(
        /^"run_id","name","experiment","status".*"params\.family".*"metrics\.accuracy"/,
      );
  });

  test.for([
    [
      { action: "search", filter: "metrics.auc >> 1" },
      "invalid_input: filter: expected a number or a text in quotes at character 14",
    ],
    [{ action: "search", filter: "colour = 'red'" }, "filter: expected metrics., params., tags., or an attribute"],
    [{ action: "search", order_by: "best first" }, "invalid_input: order_by: `best first` is not an order."],
    [{ action: "best" }, "invalid_input: `best` needs `metric`."],
    [{ action: "best", metric: "beauty" }, "not_found: metric: no run has a metric `beauty`."],
    [{ action: "compare" }, "invalid_input: `compare` needs `runs`."],
    [{ action: "create" }, "invalid_input: `create` needs `experiment`."],
    [{ action: "show" }, "invalid_input: `show` needs `runs`."],
    [{ action: "compare", runs: [] }, "runs"],
  ] as const)("%o is answered with what is wrong", async ([params, message], { client, trained }) => {
    expect(trained).toHaveLength(2);
    const result = await client.call(EXPERIMENT, params);
    expect(result.isError).toBe(true);
    expect(result.text).toContain(message);
  });

  test("says which field an action still needs, and which runs there are", async ({ client, trained }) => {
    const [first, second] = trained;
    const unknown = await client.call(EXPERIMENT, { action: "show", runs: ["run-of-nobody"] });
    const alone = await client.call(EXPERIMENT, { action: "compare", runs: [first] });
    const silent = await client.call(EXPERIMENT, { action: "note", runs: [first] });
    const bare = await client.call(EXPERIMENT, { action: "tag", runs: [first] });

    expect(unknown.text).toBe(
      `not_found: runs: there is no run \`run-of-nobody\`.\nThe newest are ${second}, ${first}.`,
    );
    expect(alone.text).toBe("invalid_input: runs: `compare` needs at least two run ids.");
    expect(silent.text).toBe("invalid_input: `note` needs `text`.");
    expect(bare.text).toBe("invalid_input: `tag` needs `tags`.");
  });

  test("puts a run away", async ({ client, trained }) => {
    await client.call(EXPERIMENT, { action: "archive", runs: [trained[1]] });
    const left = await client.call(EXPERIMENT, { action: "search" });
    expect(Runs.parse(left.structured["runs"]).map(({ run_id }) => run_id)).toEqual([trained[0]]);
  });
});
