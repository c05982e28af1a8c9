import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect } from "vitest";
import { z } from "zod";
import { root, test } from "../../support/server.ts";
import { steady } from "./steady.ts";

const people = (rows: number) => {
  const lines = Array.from({ length: rows }, (_, i) => [i, 20 + (i % 30), ["Oslo", "Bergen"][i % 2], (i * 37) % 900]);
  return ["id,age,city,income", ...lines.map((line) => line.join(","))].join("\n");
};

const STEPS = [
  { op: "rename", map: { income: "earned" } },
  { op: "derive", as: "per_year", expression: "earned / age" },
  { op: "filter", expression: "age > 21" },
  { op: "scale", columns: ["age"] },
  { op: "encode", columns: ["city"] },
];

describe("ml_data_lineage", () => {
  test.beforeEach(async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", people(60)), name: "people" });
    await client.call("ml_data_transform", { dataset: "people", name: "ready", steps: STEPS });
  });

  test("shows what a dataset was made from and used for", async ({ client }) => {
    const { text, structured } = await client.call("ml_data_lineage", { asset: "ready" });

    expect(steady(text)).toMatchInlineSnapshot(`
      "ready@1 (show).
      …/people.csv → people@1 (ml_data_ingest, event 2)
      people@1 → ready@1 (ml_data_transform, event 4)

      \`\`\`mermaid
      flowchart LR
        n1[("ready@1")]
        n2[("people@1")]
        n3[…/]
        n3 -->|data_ingest| n2
        n2 -->|data_transform| n1
      \`\`\`"
    `);
    expect(structured).toMatchObject({
      edges: [{ to: "people@1" }, { from: "people@1", to: "ready@1", tool: "ml_data_transform" }],
    });
  });

  test("names the source of every column, through steps and expressions", async ({ client }) => {
    const { text } = await client.call("ml_data_lineage", { action: "columns", asset: "ready" });
    expect(steady(text)).toMatchInlineSnapshot(`
      "ready@1 (columns).
      id ← …/people.csv.id (identity)
      age ← …/people.csv.age (transformation: scale)
      city_Bergen ← …/people.csv.city (transformation: encode)
      city_Oslo ← …/people.csv.city (transformation: encode)
      earned ← …/people.csv.income (identity)
      per_year ← …/people.csv.age (transformation: earned / age); …/people.csv.income (transformation: earned / age)
      Rows were decided by:
        people@1.age (indirect, filter: filter age > 21)
      Warning: Of people@1 no steps are kept: columns of one name are taken to be one."
    `);

    const one = await client.call("ml_data_lineage", { action: "columns", asset: "ready", column: "per_year" });
    expect(one.structured["columns"]).toHaveLength(1);
  });

  test("says which columns further on depend on a column", async ({ client }) => {
    const { text } = await client.call("ml_data_lineage", { action: "impact", asset: "people", column: "income" });

    expect(text).toMatchInlineSnapshot(`
      "people@1 (impact).
      dataset ready@1: earned, per_year"
    `);
  });

  test("compares versions, names one, and goes back to one", async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", people(65)), name: "people" });
    const difference = await client.call("ml_data_lineage", { action: "diff", asset: "people" });
    expect(difference.text).toMatchInlineSnapshot(`
      "people@2 (diff).
      people@1 → people@2: 60 → 65 rows; 0 rows are gone, 5 are new.
      Columns whose values changed: id, age, city, income."
    `);

    await client.call("ml_data_lineage", { action: "tag", asset: "people@1", tag: "golden" });
    const back = await client.call("ml_data_lineage", { action: "rollback", asset: "people@golden" });
    expect(back.structured["versions"]).toMatchObject([
      { ref: "people@2", rows: 65, current: false, tags: [] },
      { ref: "people@1", rows: 60, current: true, tags: ["golden"] },
    ]);
    const profiled = await client.call("ml_data_profile", { dataset: "people" });
    expect(profiled.structured).toMatchObject({ dataset: "people@1", rows: 60 });
  });

  test("exports run events that OpenLineage's own schemas accept", async ({ client }) => {
    const { structured } = await client.call("ml_data_lineage", { action: "export", asset: "ready" });
    const { file } = z.object({ file: z.object({ path: z.string() }) }).parse(structured);
    const events = readFileSync(file.path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

    expect(events.map(({ eventType, job }) => `${job.name} ${eventType}`)).toEqual([
      "ml_data_ingest START",
      "ml_data_ingest COMPLETE",
      "ml_data_transform START",
      "ml_data_transform COMPLETE",
    ]);
    for (const event of events) {
      expect(valid("https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent", event)).toEqual([]);
      for (const facet of facetsIn(event)) expect(valid(facet._schemaURL, facet)).toEqual([]);
    }
    expect(facetsIn(events)).toHaveLength(20);
    const fields = events[3].outputs[0].facets.columnLineage.fields;
    expect(
      fields.per_year.inputFields.map(({ name, field }: { name: string; field: string }) => `${name}.${field}`),
    ).toEqual(["people.age", "people.income"]);
  });

  test.for([
    ["mermaid", "flowchart LR"],
    ["graphviz", "digraph lineage {"],
  ] as const)("exports %s", async ([format, first], { client }) => {
    const { structured } = await client.call("ml_data_lineage", { action: "export", asset: "people", format });
    const { file } = z.object({ file: z.object({ path: z.string() }) }).parse(structured);
    expect(readFileSync(file.path, "utf8").split("\n")[0]).toBe(first);
  });

  test("answers mistakes with the way out", async ({ client }) => {
    const texts: string[] = [];
    for (const args of [
      { asset: "peple" },
      { asset: "people@9" },
      { action: "columns", asset: "people", column: "salary" },
      { action: "tag", asset: "people" },
      { action: "tag", asset: "people", tag: "7" },
      { action: "diff", asset: "ready@1" },
    ])
      texts.push((await client.call("ml_data_lineage", args)).text);
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "not_found: asset: there is no dataset or model or feature view \`peple\`; did you mean \`people\`?
      There are: people, ready.
      not_found: asset: dataset \`people\` has no version 9.
      Its newest is \`people@2\`. Tags: current, golden.
      not_found: column: \`people@1\` has no column \`salary\`.
      It has id, age, city, income.
      invalid_input: \`tag\` needs \`tag\`.
      invalid_input: \`tag\`: a tag starts with a letter and has letters, digits, \`_\`, \`.\` and \`-\`, got "7".
      Fields: action, asset, other, column, tag, direction, depth, format.
      invalid_input: other: \`ready@1\` has no version before it.
      Name another dataset."
    `);
  });
});

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
beforeAll(() => {
  const folder = join(root, "tests/fixtures/openlineage");
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".json")))
    ajv.addSchema(JSON.parse(readFileSync(join(folder, name), "utf8")));
});

/** What the published schema says against `value`. */
function valid(url: string, value: unknown): unknown[] {
  const validate = ajv.getSchema(url);
  if (!validate) throw new Error(`no schema ${url}`);
  return validate(value) ? [] : (validate.errors ?? []);
}

const Facet = z.looseObject({ _producer: z.string(), _schemaURL: z.string() });

function facetsIn(value: unknown): z.infer<typeof Facet>[] {
  const own = Facet.safeParse(value);
  if (own.success) return [own.data];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(facetsIn) : [];
}
