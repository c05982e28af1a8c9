import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";

const people = () => {
  const lines = Array.from({ length: 50 }, (_, i) => [i, i % 5 ? 20 + (i % 30) : "", ["Oslo", "Bergen", "Bodø"][i % 3], i % 4 ? "no" : "yes"].join(","));
  return ["id,age,city,default", ...lines].join("\n");
};

const STEPS = [
  { op: "drop", columns: ["id"] },
  { op: "impute", columns: ["age"], method: "median" },
  { op: "encode", columns: ["city"] },
  { op: "split", method: "stratified", by: "default" },
];

describe("ml_data_transform", () => {
  test("splits, learns on train alone, and registers the parts", async ({ client, events, write }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", people()), name: "people" });
    const answer = await client.call("ml_data_transform", { dataset: "people", name: "ready", steps: STEPS });

    expect(answer.text).toMatchInlineSnapshot();
    expect(answer.structured).toMatchObject({
      rows_in: 50,
      rows_out: 50,
      datasets: [
        { part: "train", dataset: "ready_train@1", rows: 40 },
        { part: "test", dataset: "ready_test@1", rows: 10 },
      ],
    });
    expect((await events()).at(-1)).toMatchObject({
      tool: "ml_data_transform",
      type: "DataPipeline",
      outcome: "ok",
      body: { inputs: [{ kind: "dataset", name: "people", version: 1 }], outputs: [{ name: "ready_train" }, { name: "ready_test" }] },
    });

    const again = await client.call("ml_data_transform", { dataset: "people", name: "again", apply: "ready_train" });
    expect(again.structured).toMatchObject({ datasets: [{ part: null, dataset: "again@1", rows: 50, columns: 5 }] });
  });

  test("shows what it would do without doing it", async ({ client, write }) => {
    const answer = await client.call("ml_data_transform", { dataset: write("people.csv", people()), steps: [{ op: "filter", expression: "age >= 30 AND city <> 'Oslo'" }], preview: true });
    expect(answer.text).toMatchInlineSnapshot();
    expect(answer.structured).toMatchObject({ datasets: [] });
  });

  test.for([
    [[{ op: "drop" }], "steps[0].columns: `drop` needs it"],
    [[{ op: "scale", columns: ["agee"] }], "no column `agee`; did you mean `age`?"],
    [[{ op: "filter", expression: "age > 1; DROP TABLE x" }], "is no SQL expression"],
    [[{ op: "split", method: "stratifed", by: "default" }], "did you mean `stratified`?"],
    [[{ op: "fly" }], "steps"],
  ] as const)("refuses %j in words", async ([steps, words], { client, write }) => {
    const answer = await client.call("ml_data_transform", { dataset: write("people.csv", people()), steps: [...steps] });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(words);
  });
});
