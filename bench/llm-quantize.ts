// What quantizing costs a real model: SmolLM2-135M-Instruct as set-up brings it, from 16 bits to each type in turn, by
// ml_llm_quantize. Its 16 bits are Q4_1 weights written out, and its rows are too narrow for K-quants: Q4_K becomes Q5_0 and Q5_K
// Q5_1. `error_of_type` shows why Q5_K_M comes out behind Q4_K_M here: on weights of that grid Q5_1 errs more than Q5_0, on others
// less; `off_grid` has the same model's weights moved off the grid. `npm run bench -- llm-quantize`; PARTS names some of them.
import { copyFileSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { connect } from "../tests/support/client.ts";
import { earlierFigures } from "./earlier.ts";
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
/** What one way to quantize a model costs it. */
const cost = async (model: string, args: Record<string, unknown>) => {
  const made = await quantized({ model, context_tokens: 256, chunks: 4, ...args });
  const { before, after } = made.perplexity;
  const found = {
    bits_per_weight: made.bits_per_weight,
    megabytes: made.size_bytes / 1e6,
    predicted_exactly: made.size_bytes === made.predicted_bytes,
    perplexity: made.perplexity,
    loss_change: before === null || after === null ? null : Math.log(after) / Math.log(before) - 1,
    kl_divergence: made.kl_divergence,
    same_likeliest_token: made.top_token_agreement,
    seconds: made.seconds,
  };
  process.stderr.write(`${JSON.stringify(args)}: ${JSON.stringify(found)}\n`);
  return found;
};
const costs = async (model: string, ways: Record<string, Record<string, unknown>>) => {
  const found: Record<string, unknown> = {};
  for (const [name, args] of Object.entries(ways)) found[name] = await cost(model, args);
  return found;
};
const gguf = join(root, ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf");
const eachType = Object.fromEntries(TYPES.map((type) => [type, { type }]));

const PARTS: Record<string, (model: string) => unknown> = {
  types: (model) => costs(model, eachType),
  imatrix: (model) => costs(model, Object.fromEntries(TYPES.slice(1).map((type) => [type, { type, imatrix: true }]))),
  off_grid: async (model) => {
    const copy = join(workspace, "off-grid.gguf");
    const [made = ""] = globSync(join(workspace, "models", model.replace("@", "/"), "*.gguf"));
    copyFileSync(made, copy);
    measured(ownPython, "off_grid.py", [gguf, copy]);
    return await costs(copy, eachType);
  },
  four_bits: (model) => {
    const given = { samples: 16, chunks: 24 };
    return costs(model, {
      gptq: { method: "gptq", ...given },
      "gptq, zero points, groups of 32": { method: "gptq", symmetric: false, group_size: 32, ...given },
      awq: { method: "awq", ...given },
      "awq, groups of 32": { method: "awq", group_size: 32, ...given },
      "awq, groups of 32, rounded to the nearest": { method: "awq", group_size: 32, rounding: "nearest", ...given },
    });
  },
  error_of_type: () => measured(ownPython, "quantize_error.py", [gguf]),
};
const chosen = process.env["PARTS"]?.split(",") ?? Object.keys(PARTS);
try {
  const { model } = await quantized({ model: SMALL, type: "F16", context_tokens: 256, chunks: 4 });
  const figures: Record<string, unknown> = {
    ...earlierFigures("llm-quantize"),
    model: "SmolLM2-135M-Instruct",
  };
  for (const [name, measure] of Object.entries(PARTS)) if (chosen.includes(name)) figures[name] = await measure(model);
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await client.close();
  rmSync(workspace, { recursive: true, force: true });
}
