import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { labels, purchases, view } from "./spending.ts";

describe("ml_features_define", () => {
  test.beforeEach(async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("purchases.csv", purchases), name: "purchases" });
  });

  test("registers a view whose features were computed once, and says what they look like", async ({
    client,
    events,
  }) => {
    const answer = await client.call("ml_features_define", view);

    expect(answer.text).toMatchInlineSnapshot(`
      "spending@1 from purchases@1: 60 rows by customer, 5 features.
      Warning: visits_all: from the beginning, although values older than the ttl are not used.
      feature | type | missing | distinct | mean | range
      spent_7d | Int64 | 0 % | 46 | 164.3 | 10 … 248
      visits_all | Int64 | 0 % | 20 | 10.5 | 1 … 20
      last_amount | Int64 | 5 % | 50 | 34.07 | 10 … 59
      per_visit | Float64 | 0 % | 59 | 19.15 | 8.368 … 39.5
      shop | String | 0 % | 2 | · | ·

      customer | event_time | spent_7d | visits_all | last_amount | per_visit | shop
      0 | 2024-01-01T00:00:00 | 10 | 1 | · | 10 | north
      0 | 2024-01-01T06:00:00 | 30 | 2 | 10 | 15 | north
      0 | 2024-01-04T03:00:00 | 61 | 3 | 20 | 20.333333333333332 | south
      0 | 2024-01-04T09:00:00 | 102 | 4 | 31 | 25.5 | south
      0 | 2024-01-07T06:00:00 | 154 | 5 | 41 | 30.8 | north"
    `);
    expect(answer.structured).toMatchObject({ view: "spending@1", rows: 60, failed_tests: [] });
    expect((await events()).at(-1)).toMatchObject({
      tool: "ml_features_define",
      type: "DataPipeline",
      body: { inputs: [{ kind: "dataset", name: "purchases" }], outputs: [{ kind: "feature_view", name: "spending" }] },
    });
    const again = await client.call("ml_features_define", view);
    expect(again.structured["view"]).toBe("spending@1");
    const other = await client.call("ml_features_define", { ...view, ttl: "5d" });
    expect(other.structured["view"]).toBe("spending@2");
  });

  test("suggests deep features over related datasets, ranked by what they tell of the target", async ({
    client,
    write,
  }) => {
    const customers = ["customer,left", "0,yes", "1,no", "2,yes"].join("\n");
    await client.call("ml_data_ingest", { source: write("customers.csv", customers), name: "customers" });
    const answer = await client.call("ml_features_define", {
      action: "suggest",
      name: "deep",
      source: "customers",
      entities: ["customer"],
      related: ["purchases"],
      target: "left",
      depth: 1,
    });

    expect(answer.isError, answer.text).toBe(false);
    expect(answer.structured).toMatchObject({ dataset: "deep@1", rows: 3 });
    const names = JSON.stringify(answer.structured["candidates"]);
    for (const name of ["COUNT(purchases)", "MEAN(purchases.amount)", "MODE(purchases.shop)"])
      expect(names).toContain(name);
  });

  test("answers mistakes with the way out", async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("labels.csv", labels), name: "labels" });
    const wrong = [
      {
        features: [
          { name: "a", expression: "b + 1" },
          { name: "b", expression: "a + 1" },
        ],
      },
      { features: [{ name: "a", function: "sum", column: "amuont", window: "7d" }] },
      { features: [{ name: "a", function: "sum", column: "shop", window: "7d" }] },
      { features: [{ name: "a", function: "sum", column: "amount" }] },
      { features: [{ name: "a", expression: "amount / avg(amount)" }] },
      { features: [{ name: "a", function: "sum", column: "amount", window: "week" }] },
      { features: [{ name: "a" }, { name: "a" }] },
      { entities: ["custmer"] },
      { event_time: "shop" },
      { ttl: "ten days" },
      { features: [{ name: "a", expression: "amount" }], target: "amount" },
      { tests: [{ feature: "spent_8d", rule: "not_null" }] },
    ];
    const texts: string[] = [];
    for (const mistake of wrong) {
      const { text, isError } = await client.call("ml_features_define", { ...view, ...mistake });
      expect(isError, text).toBe(true);
      texts.push(text);
    }
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "invalid_input: features: circular definition a → b → a
      Break the circle.
      not_found: features[0].column: no column \`amuont\`; did you mean \`amount\`?
      Columns: customer, bought_at, filed_at, amount, shop.
      invalid_input: features[0].column: \`shop\` is String; sum works on numbers
      invalid_input: features[0].window: \`sum\` needs it
      As \`7d\`, or \`all\`.
      refused: features[0].expression: \`amount / avg(amount)\` looks at other rows, later ones among them
      Use \`function\` with a \`window\`, which ends at each row's own time.
      invalid_input: features[0].window: \`week\` is no length of time
      A whole number and s, m, h, d or w, as \`7d\`.
      invalid_input: features: two are called \`a\`
      Give each a name of its own.
      not_found: entities: no column \`custmer\`; did you mean \`customer\`?
      Columns: customer, bought_at, filed_at, amount, shop.
      invalid_input: event_time: \`shop\` is String, not a time
      Cast it with ml_data_transform: {op: 'cast', map: {…: 'datetime'}}.
      invalid_input: ttl: \`ten days\` is no length of time
      A whole number and s, m, h, d or w, as \`7d\`.
      refused: features[0]: reads the target \`amount\`, which is not known beforehand
      not_found: tests[0].feature: no feature \`spent_8d\`; did you mean \`spent_7d\`?
      Features: spent_7d, visits_all, last_amount, per_visit, shop."
    `);
  });
});
