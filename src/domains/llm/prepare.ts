import { z } from "zod";
import { dataset, job, languageModel, newDataset, newName, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, digits, percent, warned } from "../../kernel/words.ts";
import { columns, FORMATS } from "./fields.ts";

const CHECKS = [
  "malformed",
  "empty",
  "roles",
  "not_utf8",
  "special_tokens",
  "double_bos",
  "too_long",
  "duplicate",
  "near_duplicate",
  "contaminated",
  "personal",
  "not_expressible",
] as const;

const Finding = z
  .strictObject({
    check: z.enum(CHECKS),
    examples: z.int(),
    share: z.number(),
    dropped: z.int(),
    rows: z.array(z.int()).describe("The first, from 0."),
    said: z.string(),
  })
  .meta({ id: "ExampleFinding" });

const Lengths = z
  .strictObject({
    unit: z.enum(["tokens", "characters"]),
    smallest: z.int(),
    median: z.int(),
    p90: z.int(),
    p99: z.int(),
    largest: z.int(),
    total: z.int(),
    histogram: z.array(z.strictObject({ from: z.int(), to: z.int(), examples: z.int() })),
  })
  .meta({ id: "ExampleLengths" });

export default pythonTool({
  name: "ml_llm_prepare",
  title: "Prepare training examples",
  description:
    "Ready examples for a language model: tell and convert their format, check roles, tokens and lengths, drop duplicates and what is in evaluation sets, find personal data, split without leaks. `preview` first. Next: ml_llm_finetune or ml_llm_align.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "prepare the chats for fine-tuning",
    "convert the ShareGPT conversations to OpenAI messages",
    "is the instruction dataset contaminated with our benchmark questions?",
    "check the preference data before DPO",
    "how long are the training examples in tokens?",
    "remove near-duplicate instructions and split train and eval",
    "mask personal data in the fine-tuning examples",
  ],
  input: z.strictObject({
    dataset: dataset("Examples."),
    to: z
      .enum(["same", ...FORMATS])
      .default("same")
      .describe("Format to write."),
    model: languageModel("Whose tokens and template count.").optional(),
    name: rare(newName("Of the result; parts add `_train`, `_eval`.").optional()),
    preview: z.boolean().default(false).describe("Only check."),
    format: rare(z.enum(FORMATS).optional().describe("It has now; else found out.")),
    columns: rare(columns),
    keep: rare(z.array(z.enum(CHECKS)).max(12).default([]).describe("Checks that only report.")),
    max_tokens: rare(z.int().min(1).max(10_000_000).optional().describe("Longer ones are dropped; else the context.")),
    deduplicate: rare(z.enum(["near", "exact", "none"]).default("near")),
    threshold: rare(z.number().gt(0).max(1).default(0.85).describe("near: similarity of texts.")),
    against: rare(z.array(dataset()).max(20).default([]).describe("Evaluation sets to keep out.")),
    ngram: rare(z.int().min(3).max(50).default(13).describe("against: words that must not be shared.")),
    personal: rare(z.enum(["report", "mask", "drop"]).default("report")),
    eval_share: rare(z.number().min(0).max(0.9).default(0.1).describe("Held out; 0: no split.")),
    group: rare(z.string().max(256).optional().describe("Column whose values stay on one side.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    source: z.string(),
    format: z.enum(FORMATS),
    to: z.enum(FORMATS),
    datasets: z.array(
      z.strictObject({ part: z.string().nullable(), dataset: newDataset(), rows: z.int(), hash: z.string() }),
    ),
    examples_in: z.int(),
    examples_out: z.int(),
    dropped: z.record(z.string(), z.int()).describe("Check to how many: in = out + these."),
    rows_out: z.int().describe("A pair is two rows in kto; two rows of kto are a pair."),
    findings: z.array(Finding),
    lengths: Lengths.nullable(),
    contamination: z.array(
      z.strictObject({ dataset: z.string(), found: z.int().describe("Of its examples."), of: z.int() }),
    ),
    personal: z.record(z.string(), z.int()).describe("Kind to examples that hold it."),
    clusters: z.int().describe("Groups that the split kept together."),
    contains_pii: z.boolean(),
    notes: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  details: ({ dataset, preview }, result) => ({
    action: preview ? "prepare:preview" : "prepare",
    dataset,
    contains_pii: result?.contains_pii ?? null,
  }),
  summarize: (result) => {
    const { lengths } = result;
    return [
      `${result.source} is ${result.format}${result.to === result.format ? "" : `, written as ${result.to}`}: ${result.examples_in} examples in, ${result.examples_out} out${Object.entries(
        result.dropped,
      )
        .map(([check, count]) => `, ${count} dropped (${check})`)
        .join("")}.`,
      ...result.datasets.map(({ part, dataset: made, rows }) => `${part ? `${part}: ` : ""}${made}, ${rows} rows.`),
      ...(result.datasets.length ? [] : ["A preview: nothing was registered."]),
      ...result.findings.map(
        ({ check, examples, share, dropped, rows, said }) =>
          `${check}: ${examples} examples (${percent(share)}), ${dropped === examples ? "dropped" : dropped ? `${dropped} dropped` : "kept"}: ${said}; rows ${capped(rows.map(String), 5).join(", ")}.`,
      ),
      ...(lengths
        ? [
            `Length in ${lengths.unit}: ${lengths.smallest} to ${lengths.largest}, median ${lengths.median}, 90 % at most ${lengths.p90}, 99 % at most ${lengths.p99}; ${digits(lengths.total)} in all.`,
          ]
        : []),
      ...result.contamination.map(
        ({ dataset: other, found, of }) => `${found} of ${of} examples of ${other} are in the data.`,
      ),
      ...Object.entries(result.personal).map(([kind, count]) => `Personal data: ${kind} in ${count} examples.`),
      ...result.notes.map((note) => `Note: ${note}`),
      ...warned(result.warnings),
      ...(result.datasets.length ? ["Next: ml_llm_finetune with dry_run."] : []),
    ].join("\n");
  },
});
