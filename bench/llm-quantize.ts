// What quantizing costs a real model: SmolLM2-135M-Instruct as set-up brings it, from 16 bits to each type in turn, by
// ml_llm_quantize. Its 16 bits are Q4_1 weights written out, and its rows are too narrow for K-quants: Q4_K becomes Q5_0 and Q5_K
// Q5_1. `error_of_type` shows why Q5_K_M comes out behind Q4_K_M here: on weights of that grid Q5_1 errs more than Q5_0, on others less.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { connect } from "../tests/support/client.ts";
import { measured, ownPython, root } from "./peer-python.ts";

const SMALL = "smollm2-135m-instruct";
const TYPES = ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q2_K"];
const Made = z.looseObject({
  model: z.string(),
  size_bytes: z.number(),
  predicted_bytes: z.number(),
  bits_per_weight: z.number(),
  perplexity: z.object({ before: z.number().nullable(), after: z.number().nullable() }),
  kl_divergence: z.number().nullable(),
  top_token_agreement: z.number().nullable(),
  seconds: z.number(),
});

const workspace = mkdtempSync(join(tmpdir(), "ml-engine-bench-"));
const client = await connect("v2", {
  command: process.execPath,
  args: [join(root, "bin/ml-engine.mjs"), "--log-level", "error"],
  env: { ML_ENGINE_WORKSPACE: workspace },
});
const quantized = async (args: Record<string, unknown>) => {
  const answer = await client.call("ml_llm_quantize", args);
  if (answer.isError) throw new Error(answer.text);
  return Made.parse(answer.structured);
};
try {
  const { model } = await quantized({ model: SMALL, type: "F16", context_tokens: 256, chunks: 4 });
  const types: Record<string, unknown> = {};
  const one = async (name: string, args: Record<string, unknown>) => {
    const made = await quantized({ model, ...args, context_tokens: 256, chunks: 4 });
    const { before, after } = made.perplexity;
    types[name] = {
      bits_per_weight: made.bits_per_weight,
      megabytes: made.size_bytes / 1e6,
      predicted_exactly: made.size_bytes === made.predicted_bytes,
      perplexity: made.perplexity,
      loss_change: before === null || after === null ? null : Math.log(after) / Math.log(before) - 1,
      kl_divergence: made.kl_divergence,
      same_likeliest_token: made.top_token_agreement,
      seconds: made.seconds,
    };
    process.stderr.write(`${name}: ${JSON.stringify(types[name])}\n`);
  };
  for (const type of TYPES) await one(type, { type });
  for (const type of TYPES.slice(1)) await one(`${type} imatrix`, { type, imatrix: true });
  for (const method of ["gptq", "awq"]) await one(method, { method, samples: 32 });
  const gguf = join(root, ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf");
  const error_of_type = measured(ownPython, "quantize_error.py", [gguf]);
  process.stdout.write(`${JSON.stringify({ model: "SmolLM2-135M-Instruct", types, error_of_type }, null, 2)}\n`);
} finally {
  await client.close();
  rmSync(workspace, { recursive: true, force: true });
}
