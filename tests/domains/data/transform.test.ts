import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { steady } from "./steady.ts";

const people = () => {
  const lines = Array.from({ length: 50 }, (_, i) =>
    [i, i % 5 ? 20 + (i % 30) : "", ["Oslo", "Bergen", "Bodø"][i % 3], i % 4 ? "no" : "yes"].join(","),
  );
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

    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "people@1: 50 rows in, 50 out (0 removed, 0 added).
      train: ready_train@1, 40 rows, 5 columns.
      test: ready_test@1, 10 rows, 5 columns.
      1. drop: − id
      2. split: train 40, test 10
      3. impute: age = 32 (learnt on train)
      4. encode: + city_Bergen, city_Bodø, city_Oslo; − city; 1 columns (learnt on train)
      Warning: The split was done before the first step that learns, so that it learns from the train part alone.
      Warning: 6 rows (3 distinct) equal a row in another part. Put \`deduplicate\` before the split.

      age | city_Bergen | city_Bodø | city_Oslo | default
      32 | 0 | 0 | 1 | yes
      21 | 1 | 0 | 0 | no
      22 | 0 | 1 | 0 | no
      23 | 0 | 0 | 1 | no
      24 | 1 | 0 | 0 | yes"
    `);
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
      body: {
        inputs: [{ kind: "dataset", name: "people", version: 1 }],
        outputs: [{ name: "ready_train" }, { name: "ready_test" }],
      },
    });

    const again = await client.call("ml_data_transform", { dataset: "people", name: "again", apply: "ready_train" });
    expect(again.structured).toMatchObject({ datasets: [{ part: null, dataset: "again@1", rows: 50, columns: 5 }] });
  });

  test("shows what it would do without doing it", async ({ client, write }) => {
    const answer = await client.call("ml_data_transform", {
      dataset: write("people.csv", people()),
      steps: [{ op: "filter", expression: "age >= 30 AND city <> 'Oslo'" }],
      preview: true,
    });
    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "people.csv: 50 rows in, 17 out (33 removed, 0 added).
      A preview: nothing was registered.
      1. filter: 50 → 17 rows; age >= 30 AND city <> 'Oslo'

      id | age | city | default
      11 | 31 | Bodø | no
      13 | 33 | Bergen | no
      14 | 34 | Bodø | no
      16 | 36 | Bergen | yes
      17 | 37 | Bodø | no"
    `);
    expect(answer.structured).toMatchObject({ datasets: [] });
  });

  test("joins a dataset that `with` names, and the record knows both", async ({ client, events, write }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", people()), name: "people" });
    const cities = "city,country\nOslo,NO\nBergen,NO\nRome,IT";
    await client.call("ml_data_ingest", { source: write("cities.csv", cities), name: "cities" });
    const answer = await client.call("ml_data_transform", {
      dataset: "people",
      name: "by_country",
      with: ["cities"],
      steps: [
        { op: "join", with: "cities", on: ["city"], validate: "many-to-one" },
        { op: "aggregate", group: ["country"], map: { people: "count()", age: "mean(age)" } },
      ],
    });
    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "people@1: 50 rows in, 2 out (48 removed, 0 added).
      by_country@1, 2 rows, 3 columns.
      1. join: + country; cities@1: 34 of 50 rows have a match
      2. aggregate: 50 → 2 rows; + people; − id, city, default; people = count(), age = mean(age) by country

      country | people | age
      NO | 34 | 32.51851851851852
      · | 16 | 34"
    `);
    expect((await events()).at(-1)).toMatchObject({
      body: { inputs: [{ name: "people" }, { name: "cities" }], outputs: [{ name: "by_country" }] },
    });
    const written = await client.call("ml_data_transform", {
      dataset: "people",
      steps: [{ op: "sql", expression: "DELETE FROM this" }],
    });
    expect(written.text).toContain("one SELECT is run, not DELETE");
  });

  test.for([
    [[{ op: "drop" }], "steps[0].columns: `drop` needs it"],
    [[{ op: "scale", columns: ["agee"] }], "no column `agee`; did you mean `age`?"],
    [[{ op: "filter", expression: "age > 1; DROP TABLE x" }], "is no SQL expression"],
    [[{ op: "split", method: "stratifed", by: "default" }], "did you mean `stratified`?"],
    [[{ op: "fly" }], "steps"],
  ] as const)("refuses %j in words", async ([steps, words], { client, write }) => {
    const answer = await client.call("ml_data_transform", {
      dataset: write("people.csv", people()),
      steps: [...steps],
    });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(words);
  });
});
