import { z } from "zod";
import { dataset, job, languageModel, newModel, newName, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { digits, percent, warned } from "../../kernel/words.ts";

const METHODS = ["gguf", "gptq", "awq", "int8", "fp8"] as const;

const Fallback = z
  .strictObject({ wanted: z.string(), taken: z.string(), tensors: z.int(), why: z.string() })
  .meta({ id: "QuantizationFallback" });

const Quality = z
  .strictObject({
    before: z.number().nullable(),
    after: z.number().nullable(),
    ratio: z.number().nullable().describe("after / before."),
    ratio_standard_error: z.number().nullable(),
    tokens: z.int().describe("Scored."),
  })
  .meta({ id: "Perplexity" });

const megabytes = (bytes: number) => `${digits(bytes / 1e6)} MB`;

export default pythonTool({
  name: "ml_llm_quantize",
  title: "Quantize a model",
  description:
    "Make a language model smaller: GGUF, GPTQ, AWQ, int8, fp8; its size first, then what it cost (perplexity, KL divergence). Next: ml_inference_serve.",
  effect: "creates",
  action: "ModelTraining",
  examples: [
    "quantize my fine-tuned model to Q4_K_M",
    "make a GGUF of this model for llama.cpp",
    "quantize the model to 4 bits with GPTQ",
    "how much smaller is AWQ and what does it cost in quality?",
    "how large will this model be at Q5_K_M?",
    "convert safetensors to GGUF",
    "compute the perplexity and KL divergence of a quantized model",
  ],
  input: z.strictObject({
    model: languageModel("Name or files."),
    method: z.enum(METHODS).default("gguf").describe("How."),
    type: z.string().min(1).max(16).optional().describe("gguf: Q4_K_M (usual), Q8_0, F16 …"),
    dry_run: z.boolean().default(false).describe("Only the size."),
    imatrix: rare(z.boolean().default(false).describe("gguf: weigh by what calibration texts activate.")),
    calibration: rare(dataset("Texts to calibrate on; else a built-in one.").optional()),
    evaluation: rare(dataset("Texts to measure on; else a built-in one.").optional()),
    samples: rare(z.int().min(1).max(100_000).default(64).describe("Calibration texts of `context_tokens`.")),
    context_tokens: rare(z.int().min(16).max(131_072).default(512).describe("Of a text, calibrating and measuring.")),
    chunks: rare(z.int().min(1).max(10_000).default(8).describe("Texts measured on.")),
    group_size: rare(z.int().min(8).max(1024).default(128).describe("gptq, awq: weights that share a scale.")),
    symmetric: rare(
      z
        .boolean()
        .optional()
        .describe("gptq, awq: no zero points, which makes them smaller, and worse. Default: gptq true, awq false."),
    ),
    rounding: rare(
      z
        .enum(["gptq", "nearest"])
        .default("gptq")
        .describe(
          "awq: how scaled weights are rounded: as GPTQ does, which loses less, or to the nearest, as in the paper.",
        ),
    ),
    allow_requantize: rare(z.boolean().default(false).describe("From weights that are quantized already.")),
    model_name: rare(newName("Its name.").optional()),
    seed,
    ...job,
  }),
  output: z.strictObject({
    model: newModel().nullable().describe("Null for a dry run."),
    source: z.string(),
    method: z.enum(METHODS),
    type: z.string(),
    predicted_bytes: z.int(),
    size_bytes: z.int().nullable(),
    source_bytes: z.int(),
    bits_per_weight: z.number(),
    tensors: z.record(z.string(), z.int()).describe("Type to how many."),
    fallbacks: z.array(Fallback).describe("Tensors whose shape the type does not take."),
    perplexity: Quality,
    kl_divergence: z.number().nullable().describe("Mean, nats, from before to after."),
    kl_standard_error: z.number().nullable(),
    top_token_agreement: z.number().nullable().describe("Share of tokens whose likeliest stays."),
    calibrated_on: z.string().nullable(),
    measured_on: z.string().nullable(),
    seconds: z.number(),
    warnings: z.array(z.string()),
  }),
  details: ({ model, method }, result) => ({
    framework: method === "gguf" ? "llama.cpp" : "llm-compressor",
    model_type: result ? `${result.method} ${result.type}` : method,
    dataset: model,
  }),
  summarize: (result) => {
    const { perplexity: ppl, kl_divergence: kl } = result;
    const size = result.size_bytes ?? result.predicted_bytes;
    return [
      `${result.model ?? `Dry run of ${result.source}`}: ${result.method} ${result.type}, ${megabytes(size)}${result.size_bytes === null ? " predicted" : ""} (from ${megabytes(result.source_bytes)}), ${digits(result.bits_per_weight)} bits a weight; ${Object.entries(
        result.tensors,
      )
        .map(([type, count]) => `${count} tensors ${type}`)
        .join(", ")}.`,
      ...result.fallbacks.map(
        ({ wanted, taken, tensors, why }) => `${tensors} tensors are ${taken} instead of ${wanted}: ${why}.`,
      ),
      ...(ppl.before === null || ppl.after === null
        ? []
        : [
            `Perplexity ${digits(ppl.before)} -> ${digits(ppl.after)} on ${ppl.tokens} tokens of ${result.measured_on}${kl === null ? "" : `; KL divergence ${digits(kl)} ± ${digits(result.kl_standard_error ?? 0)}; likeliest token the same for ${percent(result.top_token_agreement ?? 0)}`}.`,
          ]),
      ...(result.calibrated_on === null ? [] : [`Calibrated on ${result.calibrated_on}.`]),
      ...warned(result.warnings),
      ...(result.model === null ? [] : ["Reloaded and measured; ml_inference_serve starts it."]),
    ].join("\n");
  },
});
