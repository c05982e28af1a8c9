import { describe, expect, onTestFinished } from "vitest";
import { z } from "zod";
import { isHere, SMALL } from "../../support/backends.ts";
import { hasExtra, tinyModel } from "../../support/language.ts";
import { test } from "../../support/server.ts";

const Quantized = z.looseObject({
  model: z.string(),
  size_bytes: z.number(),
  predicted_bytes: z.number(),
  kl_divergence: z.number(),
  perplexity: z.object({ before: z.number(), after: z.number() }),
});

/** The converter loads torch, which takes its time on a busy machine. */
const MINUTES = 300_000;
const here = isHere("llamacpp") && hasExtra("llm");

describe.runIf(here)("llama.cpp", () => {
  test(
    "says what a type would take, and that most tensors cannot have it",
    async ({ client }) => {
      const refused = await client.call("ml_llm_quantize", { model: SMALL, dry_run: true });
      expect(refused.text).toMatchInlineSnapshot(`
        "refused: model: \`SmolLM2-135M-Instruct.Q4_1.gguf\` is quantized already (Q4_1, Q8_0, F32); quantizing it again loses more than from its original.
        Quantize the original, or say \`allow_requantize: true\`."
      `);
      const { text } = await client.call("ml_llm_quantize", { model: SMALL, dry_run: true, allow_requantize: true });
      expect(text).toMatchInlineSnapshot(`
        "Dry run of SmolLM2-135M-Instruct.Q4_1.gguf: gguf Q4_K_M, 105.5 MB predicted (from 98.36 MB), 6.165 bits a weight; 15 tensors Q8_0, 61 tensors F32, 14 tensors Q6_K, 166 tensors Q5_0, 16 tensors Q4_K.
        166 tensors are Q5_0 instead of Q4_K: rows of 576 weights do not fill blocks of 256.
        14 tensors are Q8_0 instead of Q6_K: rows of 576 weights do not fill blocks of 256.
        Warning: Requantized from weights that were quantized already."
      `);
    },
    MINUTES,
  );

  test(
    "makes a model that is registered, measured, and served at once",
    async ({ client, workspace, events }) => {
      const result = await client.call("ml_llm_quantize", {
        model: tinyModel(`${workspace}/files/tiny`),
        type: "Q4_K_M",
        context_tokens: 128,
        chunks: 4,
      });
      const made = Quantized.parse(result.structured);
      expect(made.model).toBe("tiny-q4_k_m@1");
      expect(made.predicted_bytes).toBe(made.size_bytes);
      expect(made.kl_divergence).toBeGreaterThan(0);
      expect(made.perplexity.after / made.perplexity.before).toBeCloseTo(1, 1);
      const [last] = (await events()).slice(-1);
      expect(last).toMatchObject({ tool: "ml_llm_quantize", type: "ModelTraining", outcome: "ok" });
      const served = await client.call("ml_inference_serve", { action: "start", model: made.model });
      onTestFinished(async () => {
        await client.call("ml_inference_serve", { action: "stop", model: made.model });
      });
      expect(served.text).toContain("tiny-q4_k_m@1 is served by llamacpp");
      const spoken = await client.call("ml_inference_serve", {
        action: "chat",
        messages: [{ role: "user", content: "hello" }],
        max_tokens: 4,
      });
      expect(spoken.text).toContain("4 written");
    },
    MINUTES,
  );
});

test("names the nearest type, and the model that is not there", async ({ client }) => {
  const { text } = await client.call("ml_llm_quantize", { model: "nothing" });
  expect(text).toContain("model: there is no language model `nothing`");
});
