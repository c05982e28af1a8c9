import { z } from "zod";
import { SERVED_BY } from "../../kernel/backends.ts";
import { Artifact, job, languageModel, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { OpParams, OpResult } from "./compare/op.ts";
import { METRICS } from "./compare/quality.ts";
import { compare } from "./compare/run.ts";
import { words } from "./compare/words.ts";
import { RESULT_CHARACTERS, Settings } from "./fields.ts";

/** What a pick may go by first. */
export const PREFERENCES = ["quality", "speed", "memory", "cost"] as const;

const Target = z
  .strictObject({
    backend: z.enum(SERVED_BY).optional(),
    model: languageModel("Name, GGUF file or folder.").optional(),
    url: z.url().max(1024).optional(),
    name: z.string().min(1).max(100).optional().describe("What to call it."),
    input_price: z.number().min(0).optional().describe("Of a million tokens read."),
    output_price: z.number().min(0).optional().describe("Of a million tokens written."),
  })
  .meta({ id: "CompareTarget" });
export type Target = z.output<typeof Target>;

const Params = z.strictObject({
  targets: z.array(Target).min(2).max(12).describe("{backend, model, url, name, input_price, output_price}…"),
  prompts: z.array(z.string().min(1).max(100_000)).min(1).max(500).describe("As they are."),
  references: rare(
    z
      .array(z.union([z.string(), z.array(z.string()).min(1)]))
      .max(500)
      .optional()
      .describe("Right answers, one or a list a prompt."),
  ),
  metric: rare(z.enum(METRICS).default("contains").describe("Against references.")),
  judge: rare(z.string().min(1).max(200).optional().describe("Instead: a model, as `ollama:llama3`.")),
  output_tokens: rare(z.int().min(1).max(100_000).default(64).describe("At most.")),
  repeats: rare(z.int().min(1).max(100).default(3).describe("Rounds.")),
  chat: rare(z.boolean().default(false).describe("Through each model's template.")),
  start: rare(z.boolean().default(false).describe("What does not run; stopped after.")),
  settings: rare(Settings.partial().optional().describe("Of what is started.")),
  prefer: rare(z.enum(PREFERENCES).optional().describe("To pick by.")),
  seed: rare(z.int().min(0).max(4294967295).default(0).describe("Of the order.")),
  ...job,
});
export type CompareParams = z.output<typeof Params>;

/** A mean with its 95 % bootstrap interval; null where there are too few values for one. */
export const Estimate = z
  .strictObject({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() })
  .meta({ id: "Estimate" });
export type Estimate = z.output<typeof Estimate>;

const Compared = z.strictObject({
  targets: z.array(
    z.strictObject({
      name: z.string(),
      backend: z.enum(SERVED_BY),
      model: z.string(),
      url: z.string(),
      asked: z.int(),
      failed: z.int(),
      quality: Estimate.nullable(),
      tokens_per_second: Estimate.describe("Of one request, after the first token."),
      ttft_ms: Estimate.describe("When a prompt is new."),
      e2e_ms: Estimate,
      prompt_tokens: z.number().nullable(),
      output_tokens: z.number(),
      memory_bytes: z.number().nullable().describe("Resident, of servers of ours."),
      cost: z.number().nullable().describe("Of 1000 requests, in the price's currency."),
      best_of_its_kind: z.boolean().describe("On the Pareto front."),
    }),
  ),
  differences: z
    .array(
      z.strictObject({
        name: z.string(),
        metric: z.enum(["quality", "tokens_per_second", "e2e_ms"]),
        difference: Estimate,
        verdict: z.enum(["more", "less", "no difference shown"]),
      }),
    )
    .describe("Paired, against the first target."),
  same_answers: z.number().describe("Share of prompts that all answer alike."),
  unlike: z
    .array(z.strictObject({ prompt: z.string(), answers: z.record(z.string(), z.string()) }))
    .describe("From where they part; first 5."),
  pick: z.string(),
  rationale: z.string(),
  measured_by: z.string().describe("What quality is."),
  files: z.array(Artifact),
  warnings: z.array(z.string()),
});
export type Compared = z.output<typeof Compared>;

export default nativeTool({
  name: "ml_inference_compare",
  title: "Compare served models",
  description:
    "Models or backends on the same prompts, in turn within one run: speed, quality, memory, cost, with intervals, paired differences and a recorded pick.",
  effect: "executes",
  action: "ModelInference",
  examples: [
    "which backend serves this model fastest?",
    "compare llama.cpp and ollama on the same prompts",
    "is the small llm as good as the big one?",
    "which of these language models should I serve?",
    "compare two llms by quality, speed and cost",
  ],
  input: Params,
  output: Compared,
  op: { params: OpParams, result: OpResult },
  characters: RESULT_CHARACTERS,
  details: ({ targets }, result) => ({
    model: result?.pick ?? targets.map(({ name, model }) => name ?? model ?? "*").join(", "),
    backend: [...new Set(targets.map(({ backend }) => backend ?? "*"))].join(", "),
    action: "compare",
  }),
  summarize: words,
  run: compare,
});
