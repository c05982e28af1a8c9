import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test } from "../../support/server.ts";
import { people } from "../training/people.ts";

const Files = z.object({
  card: z.object({
    html: z.object({ path: z.string() }),
    markdown: z.object({ path: z.string() }),
    json: z.object({ path: z.string() }),
    provenance: z.object({ path: z.string() }),
    records: z.array(z.object({ tool: z.string() })),
  }),
});
const Statement = z.object({
  _type: z.string(),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })),
  predicateType: z.string(),
  predicate: z.object({
    runDetails: z.object({ byproducts: z.array(z.object({ digest: z.object({ sha256: z.string() }) })) }),
  }),
});

const read = (structured: unknown) => {
  const { card } = Files.parse(structured);
  return {
    html: readFileSync(card.html.path, "utf8"),
    markdown: readFileSync(card.markdown.path, "utf8"),
    statement: Statement.parse(JSON.parse(readFileSync(card.provenance.path, "utf8"))),
    card,
  };
};

describe("ml_zoo_card", () => {
  test("writes a card of what is on record and marks the rest", async ({ client, write, workspace }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", people(400)), name: "people" });
    await client.call("ml_training_train", {
      dataset: "people",
      target: "leaves",
      family: "linear",
      model_name: "leavers",
    });

    const bare = await client.call("ml_zoo_card", { model: "leavers" });

    expect(bare.text.replace(/: \/\S+/g, ": …").replace(/event \d+/g, "event <n>")).toMatchInlineSnapshot(`
      "Card of leavers@1: Classifies \`leaves\` (no, yes) from 3 columns with LogisticRegression, trained on 400 rows of people@1.
      14 of 27 fields are filled (51.9 %).
      Missing:
        Model details: License: Give \`license\` when writing the card.
        Model details: Contact: Give \`contact\` when writing the card.
        Intended use: Give \`intended_use\` when writing the card.
        Factors: Groups evaluated: Run ml_safety_fairness with this model.
        Metrics: Measures and their uncertainty: Run ml_training_evaluate with this model on held-out rows.
        Evaluation data: Run ml_training_evaluate with this model on held-out rows.
        Training data: Quality: Run ml_data_profile with the training data.
        Quantitative analyses: Overall results: Run ml_training_evaluate with this model on held-out rows.
        Quantitative analyses: Results by group: Run ml_safety_fairness with this model.
        What it relies on: Importance of the inputs: Run ml_interpretability_importance with this model on held-out rows.
        Ethical considerations: Fairness: Run ml_safety_fairness with this model.
        Caveats and recommendations: Limitations: Give \`limitations\` when writing the card.
        Caveats and recommendations: Warnings of the evaluations: Run ml_training_evaluate with this model on held-out rows.
      It rests on ml_training_train (event <n>).
      Model card (Markdown): …
      Model card (HTML): …
      Model card (JSON): …
      Provenance (in-toto, SLSA): …"
    `);
    const { html, markdown, statement, card } = read(bare.structured);
    expect(markdown).toContain("Not recorded. Run ml_safety_fairness with this model.");
    expect(markdown).not.toMatch(/undefined|NaN|\[object/);
    expect(html).not.toMatch(/undefined|NaN|\[object/);
    expect(html).not.toMatch(/src=|href="http|@import/);
    expect(card.records.map(({ tool }) => tool)).toEqual(["ml_training_train"]);
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://slsa.dev/provenance/v1",
    });
    for (const { name, digest } of statement.subject) {
      const file = readFileSync(join(workspace, "models/leavers/1", name.replace("leavers@1/", "")));
      expect(createHash("sha256").update(file).digest("hex")).toBe(digest.sha256);
    }
  });

  test("takes in evaluation, fairness and importance, and what a person says, escaped", async ({ client, write }) => {
    await client.call("ml_data_ingest", { source: write("people.csv", people(400)), name: "people" });
    await client.call("ml_training_train", {
      dataset: "people",
      target: "leaves",
      family: "linear",
      model_name: "leavers",
    });
    const held = write("held.csv", people(300, 400));
    await client.call("ml_training_evaluate", { model: "leavers", dataset: held, resamples: 100 });
    await client.call("ml_safety_fairness", { model: "leavers", dataset: held, sensitive: ["plan"], resamples: 100 });
    await client.call("ml_interpretability_importance", { model: "leavers", dataset: held, repeats: 2, curves: 1 });
    await client.call("ml_data_profile", { dataset: "people" });

    const full = await client.call("ml_zoo_card", {
      model: "leavers",
      intended_use: "Ask <script>alert(1)</script> whom to call | first.",
      limitations: "Made-up people.",
      license: "mit",
      contact: "team@example.org",
    });

    expect(full.structured).toMatchObject({ completeness: 1, missing: [] });
    const { html, markdown, card, statement } = read(full.structured);
    expect(card.records.map(({ tool }) => tool)).toEqual([
      "ml_training_train",
      "ml_training_evaluate",
      "ml_safety_fairness",
      "ml_interpretability_importance",
      "ml_data_profile",
    ]);
    expect(statement.predicate.runDetails.byproducts).toHaveLength(4);
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
    expect(markdown).toContain("&lt;script>");
    expect(markdown.slice(0, 400)).toMatch(
      /^---\nlicense: mit\nlibrary_name: sklearn\npipeline_tag: tabular-classification\n/,
    );
    expect(markdown).toContain("model-index:");

    const checked = await client.call("ml_zoo_card", { action: "validate", card: card.markdown.path });
    const json = await client.call("ml_zoo_card", { action: "validate", card: card.json.path });

    expect(checked.structured).toMatchObject({ completeness: 1, missing: [] });
    expect(json.structured).toMatchObject({ completeness: 1, missing: [] });
  });

  test("finds what a card lacks", async ({ client, write }) => {
    const template =
      "---\nlicense: mit\ntags:\n- x\n---\n# My model\n\n## Model Details\n\nA model.\n\n## Uses\n\n[More Information Needed]\n\n## Bias, Risks, and Limitations\n\n[More Information Needed]\n";

    const result = await client.call("ml_zoo_card", { action: "validate", card: write("README.md", template) });

    expect(result.text).toMatchInlineSnapshot(`
      "The card was checked.
      3 of 16 fields are filled (18.8 %).
      Missing:
        library_name: missing from the metadata
        pipeline_tag: missing from the metadata
        datasets: missing from the metadata
        metrics: missing from the metadata
        model-index: missing from the metadata
        Intended use: says nothing yet
        Factors: there is no such section
        Metrics: there is no such section
        Evaluation data: there is no such section
        Training data: there is no such section
        Quantitative analyses: there is no such section
        Ethical considerations: says nothing yet
        Caveats and recommendations: says nothing yet"
    `);
  });

  test("says what an action needs", async ({ client, write }) => {
    const said = async (asked: Record<string, unknown>) => (await client.call("ml_zoo_card", asked)).text;

    expect(await said({})).toMatchInlineSnapshot(`
      "invalid_input: model: action \`write\` needs it.
      Name a registered model."
    `);
    expect(await said({ action: "validate" })).toMatchInlineSnapshot(`
      "invalid_input: card: action \`validate\` needs it.
      Name a card file in Markdown or JSON."
    `);
    expect(await said({ action: "validate", card: write("x.md", "# x"), license: "mit" })).toMatchInlineSnapshot(`
      "invalid_input: license: action \`validate\` does not take it.
      It needs \`card\` alone."
    `);
    expect(await said({ action: "validate", card: write("x.json", "{") })).toMatchInlineSnapshot(`
      "invalid_input: card: x.json is not a model card: it needs \`metadata\` and \`sections\`.
      Write one with action \`write\`, or check a Markdown card."
    `);
    expect(await said({ action: "validate", card: write("x.bin", new Uint8Array([1, 0, 2])) })).toMatchInlineSnapshot(`
      "invalid_input: card: x.bin is not a text file.
      Name a model card in Markdown or JSON."
    `);
    expect(await said({ model: "nobody" })).toContain("not_found: model: there is no model `nobody`.");
  });
});
