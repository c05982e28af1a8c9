import { describe, expect } from "vitest";
import { z } from "zod";
import { test } from "../../support/server.ts";
import { steady } from "../data/steady.ts";
import { purchases, view } from "./spending.ts";

const FEAST = `
from datetime import timedelta
import os
from feast import Entity, FeatureView, Field, FileSource
from feast.types import Float64

os.system("touch should-never-exist")
customer = Entity(name="customer", join_keys=["customer"])
source = FileSource(path="purchases.parquet", timestamp_field="bought_at", created_timestamp_column="filed_at")
basket = FeatureView(
    name="basket",
    entities=[customer],
    ttl=timedelta(days=2),
    schema=[Field(name="amount", dtype=Float64), Field(name="shop", dtype=Float64)],
    source=source,
    tags={"team": "growth"},
)
absent = FeatureView(name="absent", entities=[customer], schema=[Field(name="nowhere", dtype=Float64)], source=source)
`;

describe("ml_features_register", () => {
  test.beforeEach(async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("purchases.csv", purchases), name: "purchases" });
    await client.call("ml_features_define", view);
    await client.call("ml_features_define", { ...view, ttl: "20d", features: view.features.slice(0, 3) });
  });

  test("lists, stages, compares and deprecates versions", async ({ client }) => {
    const call = (args: Record<string, unknown>) => client.call("ml_features_register", args);
    await call({ action: "stage", view: "spending@1", stage: "production" });
    await call({ action: "deprecate", view: "spending@2", reason: "use spending@1" });
    const found = await call({ action: "list", query: "SPENT" });
    const difference = await call({ action: "diff", view: "spending@2" });
    const shown = await call({ action: "show", view: "spending@production" });

    expect([found.text, difference.text].join("\n\n")).toMatchInlineSnapshot(`
      "1 feature views.
      spending@2 (development, DEPRECATED: use spending@1) of purchases@1 by customer: spent_7d, visits_all, last_amount.

      spending@1 (production) of purchases@1 by customer: spent_7d, visits_all, last_amount, per_visit, shop.
      spending@2 (development, DEPRECATED: use spending@1) of purchases@1 by customer: spent_7d, visits_all, last_amount.
      Feature \`per_visit\` is gone.
      Feature \`shop\` is gone.
      ttl_seconds: 864000 → 1728000.
      Warning: spending@2 is deprecated: use spending@1"
    `);
    expect(shown.structured).toMatchObject({
      views: [{ ref: "spending@1", stage: "production" }],
      made_from: [expect.stringContaining("purchases.csv"), "purchases@1"].toReversed(),
    });
    await call({ action: "stage", view: "spending@2", stage: "production" });
    expect((await call({ action: "show", view: "spending@1" })).structured["views"]).toMatchObject([
      { stage: "archived" },
    ]);
  });

  test("says how values drifted since registration", async ({ client, write }) => {
    const dearer = purchases.replaceAll(/,(\d\d),(north|south)/g, ",9$1,$2");
    await client.call("ml_data_ingest", { source: write("dearer.csv", dearer), name: "purchases_feb" });
    const answer = await client.call("ml_features_register", {
      action: "drift",
      view: "spending",
      source: "purchases_feb",
    });
    expect(answer.text).toMatchInlineSnapshot(`
      "spending@2 (production, DEPRECATED: use spending@1) of purchases@1 by customer: spent_7d, visits_all, last_amount.
      feature | drifted | mean then | mean now | shift (sd) | missing then | missing now
      spent_7d | yes | 164.3 | 4574 | 77.55 | 0 % | 0 %
      last_amount | yes | 34.07 | 934.1 | 61.84 | 5 % | 5 %
      visits_all | no | 10.5 | 10.5 | 0 | 0 % | 0 %
      Warning: spending@2 is deprecated: use spending@1"
    `);
  });

  test("reads Feast's definitions without running them, and writes some", async ({ client, write }) => {
    const imported = await client.call("ml_features_register", {
      action: "import_feast",
      file: write("definitions.py", FEAST),
      source: "purchases",
    });
    expect(imported.text).toMatchInlineSnapshot(`
      "basket: registered as basket@1.
      Warning: \`absent\` was left out: purchases@1 has no nowhere."
    `);
    const exported = await client.call("ml_features_register", { action: "export_feast", view: "spending" });
    expect(z.object({ file: z.object({ path: z.string() }) }).safeParse(exported.structured).success).toBe(true);
    expect(steady(exported.text)).toMatchInlineSnapshot(`
      "spending@2 (production, DEPRECATED: use spending@1) of purchases@1 by customer: spent_7d, visits_all, last_amount.
      Feast repository: …/spending-feast.zip
      Warning: Feast computes nothing: spent_7d, visits_all, last_amount are read from \`spending_rows.parquet\`; fill it with \`backfill\`.
      Warning: spending@2 is deprecated: use spending@1"
    `);
  });
});
