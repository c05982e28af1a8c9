import { z } from "zod";
import { ToolError } from "../../kernel/errors.ts";
import { Artifact, file, model, rare } from "../../kernel/fields.ts";
import type { Ports } from "../../kernel/ports.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { percent } from "./card/blocks.ts";
import { check } from "./card/check.ts";
import { gather } from "./card/facts.ts";
import { figures } from "./card/figures.ts";
import { toHtml } from "./card/html.ts";
import { toMarkdown } from "./card/markdown.ts";
import { metadata, toYaml } from "./card/metadata.ts";
import { provenance } from "./card/provenance.ts";
import { compose } from "./card/sections.ts";

const MOST_BYTES = 2_000_000;

const said = (description: string) => z.string().min(1).max(4000).optional().describe(description);

const Written = z
  .strictObject({
    title: z.string(),
    summary: z.string(),
    framework: z.string(),
    model_type: z.string(),
    dataset: z.string(),
    records: z
      .array(z.strictObject({ tool: z.string(), seq: z.int(), hash: z.string() }))
      .describe("Events the card rests on."),
    markdown: Artifact,
    html: Artifact,
    json: Artifact,
    provenance: Artifact,
  })
  .meta({ id: "Written" });

export default nativeTool({
  name: "ml_zoo_card",
  title: "Write or check a model card",
  description:
    "Write a model card from the records of data, training, evaluation and fairness (HTML, Markdown, JSON) with provenance hashes. What no record holds says “Not recorded”. `validate` checks one.",
  effect: "reads",
  action: "ModelTraining",
  examples: [
    "write a model card for the churn model",
    "document this model",
    "generate a model card in HTML",
    "is this model card complete?",
    "give me the provenance of the model with hashes",
    "make a Hugging Face README for the model",
  ],
  input: z.strictObject({
    action: z.enum(["write", "validate"]).default("write").describe("See above."),
    model: model().optional(),
    card: file("Card file to validate.").optional(),
    intended_use: said("In your words."),
    limitations: rare(said("Put in as you say them.")),
    license: rare(said("SPDX identifier, lower case, or a name.")),
    contact: rare(said("Who answers for the model.")),
  }),
  output: z.strictObject({
    action: z.enum(["write", "validate"]),
    completeness: z.number().min(0).max(1).describe("Share of the fields that are filled."),
    filled: z.int(),
    fields: z.int(),
    missing: z.array(z.strictObject({ field: z.string(), how: z.string() })),
    card: Written.nullable(),
  }),
  details: (_, result) => ({
    framework: result?.card?.framework ?? "unknown",
    model_type: result?.card?.model_type ?? "unknown",
    dataset: result?.card?.dataset ?? "unknown",
  }),
  summarize: ({ card, completeness, filled, fields, missing }) =>
    [
      card ? `Card of ${card.title}: ${card.summary}` : "The card was checked.",
      `${filled} of ${fields} fields are filled (${percent(completeness)}).`,
      ...(missing.length
        ? ["Missing:", ...missing.map(({ field, how }) => `  ${field}${how ? `: ${how}` : ""}`)]
        : ["Nothing is missing."]),
      ...(card?.records.length
        ? [`It rests on ${card.records.map(({ tool, seq }) => `${tool} (event ${seq})`).join(", ")}.`]
        : []),
    ].join("\n"),
  run: async (params, ports) => {
    const { action, model, card, intended_use, limitations, license, contact } = params;
    const given = { intended_use, limitations, license, contact };
    if (action === "validate") return await validate(card, Object.entries({ model, ...given }), ports);
    if (model === undefined)
      throw new ToolError("invalid_input", "model: action `write` needs it.", "Name a registered model.");
    if (card !== undefined)
      throw new ToolError(
        "invalid_input",
        "card: action `write` does not take it.",
        "Use action `validate` to check a card.",
      );
    const facts = gather(model, given, ports);
    const composed = compose(facts);
    const header = metadata(facts);
    const stem = facts.asset.ref.replace("@", "-");
    const { artifacts } = ports;
    const statement = provenance(facts);
    const records = [
      facts.training,
      facts.evaluation?.event,
      facts.fairness?.event,
      facts.importance?.event,
      facts.profile?.event,
    ];
    const { share, recorded, fields, missing } = composed.completeness;
    return {
      action,
      completeness: share,
      filled: recorded,
      fields,
      missing: missing.map(({ section, field, how }) => ({
        field: section === field ? field : `${section}: ${field}`,
        how,
      })),
      card: {
        title: composed.title,
        summary: composed.summary,
        framework: facts.manifest.framework,
        model_type: facts.manifest.model_type,
        dataset: facts.manifest.dataset,
        records: records.flatMap((event) => (event ? [{ tool: event.tool, seq: event.seq, hash: event.hash }] : [])),
        html: artifacts.write(`${stem}-card.html`, "Model card (HTML)", toHtml(composed, figures(records, artifacts))),
        markdown: artifacts.write(`${stem}-card.md`, "Model card (Markdown)", toMarkdown(composed, toYaml(header))),
        json: artifacts.write(
          `${stem}-card.json`,
          "Model card (JSON)",
          `${JSON.stringify({ metadata: header, ...composed }, null, 2)}\n`,
        ),
        provenance: artifacts.write(
          `${stem}.intoto.json`,
          "Provenance (in-toto, SLSA)",
          `${JSON.stringify(statement, null, 2)}\n`,
        ),
      },
    };
  },
});

/** Reads a card somebody wrote and says what a complete one would have besides. */
async function validate(
  card: string | undefined,
  others: readonly (readonly [string, unknown])[],
  { progress, readText }: Ports,
) {
  const extra = others.flatMap(([field, value]) => (value === undefined ? [] : [field]));
  if (extra.length > 0)
    throw new ToolError(
      "invalid_input",
      `${extra.join(", ")}: action \`validate\` does not take it.`,
      "It needs `card` alone.",
    );
  if (card === undefined)
    throw new ToolError("invalid_input", "card: action `validate` needs it.", "Name a card file in Markdown or JSON.");
  progress(0, 1, "reading the card");
  const { findings, fields } = await check(readText("card", card, MOST_BYTES), card.split("/").at(-1) ?? card);
  const wrong = new Set(findings.map(({ field }) => field.split(":")[0])).size;
  const filled = Math.max(fields - wrong, 0);
  return {
    action: "validate" as const,
    completeness: filled / fields,
    filled,
    fields,
    missing: findings.map(({ field, problem }) => ({ field, how: problem })),
    card: null,
  };
}
