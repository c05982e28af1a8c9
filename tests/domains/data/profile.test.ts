import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test } from "../../support/server.ts";
import { steady } from "./steady.ts";

const people = () => {
  const lines = Array.from({ length: 40 }, (_, i) =>
    [i, 20 + ((i * 7) % 40), i % 8 ? "Oslo" : "", i % 4 ? "no" : "yes", i % 4 ? 0 : 1].join(","),
  );
  return ["id,age,city,default,written_off", ...lines].join("\n");
};

describe("ml_data_profile", () => {
  test("describes each column and says what gives the target away", async ({ client, events, write }) => {
    const answer = await client.call("ml_data_profile", { dataset: write("people.csv", people()), target: "default" });

    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "people.csv: 40 rows, 5 columns, 2.5 % of cells missing, 0 duplicate rows.
      LEAKAGE: \`written_off\` separates the classes alone (AUC 1.0000).
      IDENTICAL: \`written_off\` is one to one with \`default\`.
      CONSTANT: \`city\` never changes.
      MISSING: \`city\` is missing in 12.5 % of rows.
      HIGH_CORRELATION: \`default\` and \`written_off\`: correlation_ratio 1.000.
      UNIQUE: \`id\` is different in every row.
      UNIQUE: \`age\` is different in every row.
      REJECTED: 2 columns can tell a model nothing more: \`written_off\`, \`city\`.
      Target \`default\` (classification): no 75 %, yes 25 %.
      Most informative: written_off 0.5498 (mutual information, nats).

      column | type | role | missing | distinct | summary
      id | Int64 | identifier | 0 % | 40 | mean 19.5 ± 11.69, 0 … 19.5 … 39
      age | Int64 | numeric | 0 % | 40 | mean 39.5 ± 11.69, 20 … 39.5 … 59
      city | String | constant | 12.5 % | 1 | Oslo 87.5 %
      default | String | target_candidate | 0 % | 2 | no 75 %, yes 25 %
      written_off | Int64 | numeric | 0 % | 2 | mean 0.25 ± 0.4385, 0 … 0 … 1

      Strongest pairs:
      default ~ written_off: 1 (correlation_ratio)
      Missing together in 5 rows: city
      Profile of people.csv: …/profile.html
      Overview of people.csv: histograms blue, commonest values orange, missing share grey: …/overview.png"
    `);
    expect(answer.images).toBe(1);
    expect(answer.structured).toMatchObject({
      rows: 40,
      columns: 5,
      target: { task: "classification", leakage: [{ column: "written_off" }] },
    });
    expect((await events()).at(-1)).toMatchObject({ tool: "ml_data_profile", type: "DataPipeline", outcome: "ok" });
  });

  test("leaves a report that needs nothing from anywhere", async ({ client, write }) => {
    const answer = await client.call("ml_data_profile", { dataset: write("people.csv", people()), detail: "full" });
    const { artifacts } = z
      .object({ artifacts: z.array(z.object({ path: z.string(), uri: z.string() })) })
      .parse(answer.structured);
    const page = readFileSync(artifacts[0]?.path ?? "", "utf8");

    expect(artifacts.map(({ uri }) => uri.split("/").at(-1))).toEqual(["profile.html", "overview.png"]);
    expect(page).not.toMatch(/<(script|link|img|iframe)|https?:/);
    expect(JSON.stringify(answer.structured).length).toBeLessThan(50_000);
  });

  test("names the nearest column", async ({ client, write }) => {
    const answer = await client.call("ml_data_profile", { dataset: write("people.csv", people()), target: "defalt" });
    expect(answer.isError).toBe(true);
    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "not_found: target: no column \`defalt\`; did you mean \`default\`?
      Columns: id, age, city, default, written_off."
    `);
  });
});
