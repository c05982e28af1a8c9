import { z } from "zod";
import { KV_TYPES, SERVED_BY } from "../../kernel/backends.ts";
import { Artifact, job, languageModel, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { Estimate } from "./compare.ts";
import { backend, RESULT_CHARACTERS, Settings } from "./fields.ts";
import { OpParams, OpResult } from "./optimize/op.ts";
import { optimize } from "./optimize/run.ts";
import { words } from "./optimize/words.ts";

export const OBJECTIVES = ["tokens_per_second", "ttft_ms", "memory_bytes"] as const;

const some = <S extends z.ZodType>(schema: S) => z.array(schema).min(1).max(12);
const Space = z
  .strictObject({
    context_tokens: some(z.int().min(16)),
    threads: some(z.int().min(1).max(1024)),
    parallel: some(z.int().min(1).max(1024)),
    batch_tokens: some(z.int().min(1).max(65_536)),
    kv_type: some(z.enum(KV_TYPES)),
    gpu_layers: some(z.int().min(0).max(1000)),
    prompt_cache: some(z.boolean()),
  })
  .partial()
  .meta({ id: "SettingsSpace" });
export type Space = z.output<typeof Space>;

const Params = z.strictObject({
  backend,
  model: languageModel("To serve."),
  objective: z.enum(OBJECTIVES).default("tokens_per_second").describe("To better."),
  quality_floor: rare(z.number().min(0).max(1).default(0.9).describe("Share of the quality before that must stay.")),
  space: rare(Space.optional().describe("Values to try: threads, batch_tokens, kv_type, parallel …")),
  models: rare(
    z.array(languageModel("Name, GGUF file or folder.")).max(8).default([]).describe("Others, as its quantizations."),
  ),
  settings: rare(Settings.partial().optional().describe("Before.")),
  prompts: rare(z.array(z.string().min(1).max(100_000)).max(500).default([]).describe("Yours.")),
  references: rare(
    z.array(z.string()).max(500).optional().describe("What each answer is to contain; else it is to be as before."),
  ),
  prompt_tokens: rare(z.int().min(1).max(1_000_000).default(128).describe("Of each prompt.")),
  output_tokens: rare(z.int().min(1).max(100_000).default(32).describe("Of each answer.")),
  requests: rare(z.int().min(2).max(1000).default(6).describe("Of each last measurement.")),
  concurrency: rare(z.int().min(1).max(256).default(1).describe("Requests at once.")),
  trials: rare(z.int().min(2).max(200).default(16).describe("Most settings tried.")),
  repeats: rare(z.int().min(2).max(20).default(3).describe("Of the finalists, in turn.")),
  seed: rare(z.int().min(0).max(4294967295).default(0).describe("Of order and choice.")),
  ...job,
});
export type OptimizeParams = z.output<typeof Params>;

const Measured = z
  .strictObject({
    model: z.string(),
    settings: Settings,
    value: Estimate.describe("Of the objective."),
    quality: z.number(),
  })
  .meta({ id: "SettingsMeasured" });

const Optimized = z.strictObject({
  backend: z.enum(SERVED_BY),
  model: z.string(),
  objective: z.enum(OBJECTIVES),
  settings: Settings.describe("For ml_inference_serve, action `start`."),
  before: Measured,
  after: Measured,
  gain: Estimate.describe("After against before, as a share, round by round; above 0 is better."),
  quality_is: z.string(),
  tried: z.array(
    z.strictObject({
      name: z.string().describe("What differs from before."),
      requests: z.int().describe("Of its last measurement."),
      value: z.number().nullable(),
      quality: z.number().nullable(),
      outcome: z.enum(["chosen", "finalist", "left", "below the floor", "does not fit", "failed"]),
    }),
  ),
  files: z.array(Artifact),
  warnings: z.array(z.string()),
});
export type Optimized = z.output<typeof Optimized>;

export default nativeTool({
  name: "ml_inference_optimize",
  title: "Tune how a model is served",
  description:
    "Searches settings (threads, batch, cache …) to serve a model here faster or in less memory without losing quality; writes those to start with.",
  effect: "executes",
  action: "ModelInference",
  examples: [
    "find the fastest settings to serve this model",
    "make my local llm faster on this machine",
    "tune the model server's threads and batch size",
    "serve the model with less memory without losing quality",
    "how many threads should llama.cpp use?",
  ],
  input: Params,
  output: Optimized,
  op: { params: OpParams, result: OpResult },
  characters: RESULT_CHARACTERS,
  details: ({ backend: kind, model: name }, result) => ({
    model: result?.model ?? name,
    backend: result?.backend ?? kind ?? "*",
    action: "optimize",
  }),
  summarize: words,
  run: optimize,
});
