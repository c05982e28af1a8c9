import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { steady } from "./steady.ts";

const PEOPLE = "id,age,city\n1,34,Oslo\n2,,Bergen\n3,210,oslo\n3,210,oslo\n";

describe("ml_data_validate", () => {
  test("says whether a file can be trusted", async ({ client, events, write }) => {
    const answer = await client.call("ml_data_validate", { dataset: write("people.csv", PEOPLE) });

    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "people.csv, 4 rows, 3 columns: passed; 23 checks, 0 errors, 3 warnings.
      warn: 1 of 4 rows repeat an earlier one. [duplicate_rows]
      warn: \`age\` 1 of 4 values (25.0 %) are missing. [missing_values]
      warn: \`city\` has categories that differ only in case or blanks: \`Oslo\`, \`oslo\`. [inconsistent_spelling]
      Validation report: …/validation.html
      Results as data: …/validation.json"
    `);
    expect(answer.structured).toMatchObject({ action: "check", success: true, errors: 0 });
    expect((await events()).at(-1)).toMatchObject({
      tool: "ml_data_validate",
      type: "DataPipeline",
      outcome: "ok",
      body: { details: { action: "validate:check" } },
    });
  });

  test("runs a suite and tells every failure", async ({ client, write }) => {
    const answer = await client.call("ml_data_validate", {
      dataset: write("people.csv", PEOPLE),
      suite: [
        { type: "expect_column_values_to_be_unique", kwargs: { column: "id" } },
        {
          type: "expect_column_values_to_be_between",
          kwargs: { column: "age", min_value: 0, max_value: 120, mostly: 0.9 },
        },
        { type: "expect_column_values_to_not_be_null", kwargs: { column: "age" }, severity: "warn" },
        {
          type: "expect_column_values_to_be_in_set",
          kwargs: { column: "city", value_set: ["Oslo", "Bergen"], row_condition: "id < 3" },
        },
        { type: "expect_column_to_exist", kwargs: { column: "cty" } },
      ],
    });

    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "people.csv, 4 rows, 3 columns: failed; 5 checks, 3 errors, 1 warnings.
      error: \`id\` 2 of 4 values (50.00 %) are not unique, e.g. \`3\`. [expect_column_values_to_be_unique]
      error: \`age\` 2 of 3 values (66.67 %) are not ≥ 0 and ≤ 120 (at most 0.1 allowed), e.g. \`210\`. [expect_column_values_to_be_between]
      error: \`cty\` there is no column \`cty\`; did you mean \`city\`? [expect_column_to_exist]
      warn: \`age\` 1 of 4 values (25.00 %) are missing. [expect_column_values_to_not_be_null]
      Validation report: …/validation.html
      Results as data: …/validation.json
      Failing rows: …/failing-rows.csv"
    `);
    expect(answer.structured).toMatchObject({ success: false, checked: 5, errors: 3, warned: 1 });
  });

  test("infers a suite, and finds what a new batch changed", async ({ client, write }) => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${i % 2 ? "a" : "b"},${(i * 7) % 11}`);
    const baseline = write("before.csv", ["key,kind,score", ...rows].join("\n"));
    const dataset = write("now.csv", ["key,kind,points", ...rows.map((row) => row.replace(",b,", ",c,"))].join("\n"));

    expect((await client.call("ml_data_validate", { action: "infer", dataset: baseline })).structured).toMatchObject({
      success: true,
    });
    const answer = await client.call("ml_data_validate", { action: "compare", dataset, baseline });
    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "now.csv, 60 rows, 3 columns: 2 schema changes, 1 of 2 columns drifted.
      Column \`score\` is gone.
      Column \`points\` is new.
      drift: \`kind\` PSI 8.515, chi2 60, p 1.872e-13, JS 0.7071
      same: \`key\` PSI 0, ks 0, p 1, JS 0, Wasserstein 0
      Comparison report: …/comparison.html
      Comparison as data: …/comparison.json"
    `);
  });

  test("names the nearest rule and what an action lacks", async ({ client, write }) => {
    const dataset = write("people.csv", PEOPLE);
    const unknown = await client.call("ml_data_validate", {
      dataset,
      suite: [{ type: "expect_column_value_to_be_null", kwargs: {} }],
    });
    expect(unknown.text).toContain("did you mean `expect_column_values_to_be_null`?");
    expect((await client.call("ml_data_validate", { action: "compare", dataset })).text).toContain(
      "baseline: `compare` needs a dataset to compare with",
    );
  });
});
