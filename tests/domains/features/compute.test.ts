import { describe, expect } from "vitest";
import { test } from "../../support/server.ts";
import { labels, purchases, view } from "./spending.ts";

describe("ml_features_compute", () => {
  test.beforeEach(async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("purchases.csv", purchases), name: "purchases" });
    await client.call("ml_data_ingest", { source: write("labels.csv", labels), name: "labels" });
    await client.call("ml_features_define", view);
  });

  test("joins features as they were known at each label's time", async ({ client, events }) => {
    const join = { action: "join", views: ["spending"], labels: "labels", label_time: "asked_at" };
    const answer = await client.call("ml_features_compute", join);

    expect(answer.text).toMatchInlineSnapshot(`
      "labels_features@1: 12 rows.
      spending@1: 5 features, values for 9 rows.

      customer | asked_at | left | spent_7d | visits_all | last_amount | per_visit | shop
      0 | 2024-01-03T12:00:00+00:00 | no | 30 | 2 | 10 | 15 | north
      1 | 2024-01-05T12:00:00+00:00 | yes | 130 | 4 | 38 | 32.5 | north
      2 | 2024-01-07T12:00:00+00:00 | no | 158 | 4 | 45 | 39.5 | south
      3 | 2024-01-09T12:00:00+00:00 | yes | · | · | · | · | ·
      0 | 2024-01-11T12:00:00+00:00 | no | 192 | 8 | 23 | 24 | south"
    `);
    expect(answer.structured).toMatchObject({ dataset: "labels_features@1", rows: 12 });
    expect((await events()).at(-1)).toMatchObject({
      body: {
        inputs: [
          { kind: "feature_view", name: "spending" },
          { kind: "dataset", name: "labels" },
        ],
        outputs: [{ kind: "dataset", name: "labels_features" }],
      },
    });
    const filed = await client.call("ml_features_compute", { ...join, created_before: true, name: "as_filed" });
    expect(filed.structured["preview"]).not.toEqual(answer.structured["preview"]);
    const lineage = await client.call("ml_data_lineage", { asset: "labels_features", direction: "up" });
    expect(lineage.text).toContain("purchases@1 → spending@1 (ml_features_define");
  });

  test("keeps the newest values by key and looks them up", async ({ client }) => {
    const made = await client.call("ml_features_compute", { action: "materialize", views: ["spending"] });
    expect(made.structured).toMatchObject({ dataset: "spending_online@1", rows: 3 });
    const found = await client.call("ml_features_compute", {
      action: "lookup",
      dataset: "spending_online",
      keys: [{ customer: 1 }, { customer: 7 }],
    });

    expect(found.text).toMatchInlineSnapshot(`
      "spending@1: 5 features, values for 1 rows.
      1 keys are not there.
      customer | found | event_time | spent_7d | visits_all | last_amount | per_visit | shop
      1 | true | 2024-01-29T10:00:00 | 190 | 20 | 56 | 9.5 | north
      7 | false
      "
    `);
    expect(found.structured).toMatchObject({ missing: 1, found: [{ customer: 1, found: true }, { found: false }] });
  });

  test("fills intervals: in pieces is at once", async ({ client }) => {
    const fill = (start: string, end: string, rest: object = {}) =>
      client.call("ml_features_compute", { action: "backfill", views: ["spending"], start, end, ...rest });
    const whole = await fill("2024-01-01", "2024-02-01", { name: "whole" });
    await fill("2024-01-01", "2024-01-10", { name: "pieces" });
    await fill("2024-01-20", "2024-02-01", { name: "pieces", dataset: "pieces" });
    const last = await fill("2024-01-10", "2024-01-20", { name: "pieces", dataset: "pieces" });

    expect(last.structured["rows"]).toBe(whole.structured["rows"]);
    const [one, other] = await Promise.all(
      ["whole", "pieces"].map((asset) => client.call("ml_data_lineage", { action: "versions", asset })),
    );
    const newest = (answer: typeof one) => JSON.stringify(answer?.structured["versions"]).match(/"hash":"(\w+)"/)?.[1];
    expect(newest(other)).toBe(newest(one));
  });

  test("says how old features are, and how serving differs from training", async ({ client }) => {
    const fresh = await client.call("ml_features_compute", {
      action: "freshness",
      views: ["spending"],
      end: "2024-02-20T00:00:00Z",
    });
    expect(fresh.text).toMatchInlineSnapshot(`
      "spending@1: newest row 1775000 s old, ttl 864000 s: STALE.
      "
    `);
    await client.call("ml_features_compute", { action: "materialize", views: ["spending"] });
    await client.call("ml_features_compute", { action: "backfill", views: ["spending"], name: "history" });
    const skew = await client.call("ml_features_compute", {
      action: "skew",
      dataset: "spending_online",
      labels: "history",
      views: ["spending"],
    });
    expect(skew.structured["skew"]).not.toEqual([]);
  });

  test("joins labels whose key or time is missing to no values, keeps them, and names a deprecated view", async ({
    client,
    write,
  }) => {
    const gappy = ["customer,asked_at", "1,2024-01-05T12:00:00Z", ",2024-01-05T12:00:00Z", "2,"].join("\n");
    await client.call("ml_data_ingest", { source: write("gappy.csv", gappy), name: "gappy" });
    await client.call("ml_features_register", { action: "deprecate", view: "spending", reason: "use spending_v2" });
    const join = { action: "join", views: ["spending"], labels: "gappy", label_time: "asked_at" };
    const { text, structured } = await client.call("ml_features_compute", join);
    expect(structured).toMatchObject({ rows: 3, views: [{ rows: 1 }] });
    expect(text).toMatchInlineSnapshot(`
      "gappy_features@1: 3 rows.
      spending@1: 5 features, values for 1 rows.
      Warning: 2 label rows have no key or no time: their features of spending@1 are missing.
      Warning: spending@1 is deprecated: use spending_v2

      customer | asked_at | spent_7d | visits_all | last_amount | per_visit | shop
      1 | 2024-01-05T12:00:00+00:00 | 130 | 4 | 38 | 32.5 | north
      · | 2024-01-05T12:00:00+00:00 | · | · | · | · | ·
      2 | · | · | · | · | · | ·"
    `);
  });

  test("answers mistakes with the way out", async ({ client, write }) => {
    const other = purchases.replaceAll("amount", "amounts");
    await client.call("ml_data_ingest", { source: write("other.csv", other), name: "renamed" });
    const wrong = [
      { action: "join", labels: "labels", views: ["spending"] },
      { action: "join", labels: "labels", views: ["spending"], label_time: "left" },
      { action: "join", labels: "labels", views: ["spendin"], label_time: "asked_at" },
      { action: "join", labels: "purchases", views: ["spending"], label_time: "bought_at", source: "renamed" },
      { action: "lookup", dataset: "labels", keys: [{ customer: 1 }] },
      { action: "lookup", dataset: "labels" },
      { action: "backfill", views: ["spending"], start: "tomorrow" },
      { action: "materialize" },
    ];
    const texts: string[] = [];
    for (const mistake of wrong) {
      const { text, isError } = await client.call("ml_features_compute", mistake);
      expect(isError, text).toBe(true);
      texts.push(text);
    }
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "invalid_input: label_time: \`spending@1\` has an event time; without the labels' time the future would leak in
      Name the column of the labels that says when each was true.
      invalid_input: label_time: \`left\` is String, not a time
      Cast it with ml_data_transform: {op: 'cast', map: {…: 'datetime'}}.
      not_found: views: there is no feature view \`spendin\`; did you mean \`spending\`?
      There are: spending.
      conflict: source: \`spending@1\` reads \`amount\` as Int64, which is gone in renamed@1; is it \`amounts\` now?
      Define the view anew with ml_features_define.
      invalid_input: dataset: \`labels@1\` is no online store
      Make one with action \`materialize\`.
      invalid_input: keys: \`lookup\` needs them
      [{customer_id: 7}].
      invalid_input: start: \`tomorrow\` is no date or time
      ISO 8601, as 2024-05-01T00:00:00Z.
      invalid_input: views: \`materialize\` needs it
      Names of feature views."
    `);
  });
});
