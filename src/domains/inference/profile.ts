import { z } from "zod";
import { SERVED_BY } from "../../kernel/backends.ts";
import { Artifact, job, rare } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { backend, model, RESULT_CHARACTERS, url } from "./fields.ts";
import { Figures, Objective } from "./profile/figures.ts";
import { Batch, OpParams, OpResult } from "./profile/op.ts";
import { profile } from "./profile/run.ts";
import { words } from "./profile/words.ts";

const Params = z.strictObject({
  backend,
  model,
  url,
  concurrency: z.int().min(1).max(256).default(1).describe("Requests at once."),
  prompt_tokens: rare(z.int().min(1).max(1_000_000).default(128).describe("Of each prompt.")),
  output_tokens: rare(z.int().min(1).max(100_000).default(64).describe("Of each answer.")),
  requests: rare(z.int().min(1).max(100_000).optional().describe("Default 8; tabular 100.")),
  sweep: rare(
    z.array(z.int().min(1).max(100_000)).max(12).default([]).describe("Other concurrencies; tabular: rows at once."),
  ),
  rates: rare(z.array(z.number().positive().max(10_000)).max(12).default([]).describe("Arrivals a second.")),
  prompts: rare(z.array(z.string().min(1).max(100_000)).max(1000).default([]).describe("Yours, in turn.")),
  warmup: rare(z.int().min(0).max(100).default(1).describe("Uncounted requests.")),
  objective: rare(Objective.optional().describe("ttft_ms, tpot_ms, e2e_ms at most.")),
  seed: rare(z.int().min(0).max(4294967295).default(0).describe("Of arrivals.")),
  ...job,
});
export type ProfileParams = z.output<typeof Params>;

const Profiled = z.strictObject({
  backend: z.enum(SERVED_BY).nullable(),
  model: z.string(),
  url: z.string().nullable(),
  ...Figures.partial().shape,
  memory_bytes: z.number().nullable().describe("Resident, of servers of ours; that a tabular model added."),
  batches: z.array(Batch).describe("Of a tabular model."),
  points: z
    .array(z.strictObject({ concurrency: z.int(), rate: z.number().nullable(), figures: Figures }))
    .describe("Every load, the first one too."),
  files: z.array(Artifact),
  warnings: z.array(z.string()),
});
export type Profiled = z.output<typeof Profiled>;

export default nativeTool({
  name: "ml_inference_profile",
  title: "Measure a model's speed",
  description:
    "How fast a served model answers at lengths and loads you set: time to first token, between tokens, in all, tokens/s, goodput; or how fast a tabular model predicts.",
  effect: "reads",
  action: "ModelInference",
  examples: [
    "how many tokens per second does the served model reach?",
    "measure time to first token of my llm",
    "benchmark the model server at 8 concurrent requests",
    "profile latency percentiles of the vllm endpoint",
    "what throughput does ollama give with long prompts?",
    "how long does one prediction of my model take?",
  ],
  input: Params,
  output: Profiled,
  op: { params: OpParams, result: OpResult },
  characters: RESULT_CHARACTERS,
  details: ({ backend: kind, model: name }, result) => ({
    model: result?.model ?? name ?? "*",
    backend: result?.backend ?? kind ?? "*",
    action: "profile",
  }),
  summarize: words,
  run: profile,
});
