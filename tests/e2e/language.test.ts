import { describe, expect, onTestFinished } from "vitest";
import { z } from "zod";
import { isHere, SMALL } from "../support/backends.ts";
import type { TestClient } from "../support/client.ts";
import { finish } from "../support/finish.ts";
import { hasExtra } from "../support/language.ts";
import { test } from "../support/server.ts";

/** Each step loads torch, which takes its time on a busy machine. */
const MINUTES = 20 * 60_000;

/** Sums with a space, so that the prompt ends where a token does. */
const sums = Array.from({ length: 100 }, (_, at) => {
  const [one, two] = [at % 10, Math.floor(at / 10)];
  return { prompt: `${one} + ${two} =`, completion: ` ${one + two} in all` };
});
const lines = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;

const Made = z.looseObject({ model: z.string() });
const Quantized = z.looseObject({
  model: z.string(),
  kl_divergence: z.number().nullable(),
  bits_per_weight: z.number(),
});
const Evaluated = z.looseObject({ samples: z.string(), results: z.array(z.looseObject({ value: z.number() })) });

/** The model as llama.cpp's and Ollama's servers have it: asked for an answer, which streams. */
async function spoken(client: TestClient, backend: string, model: string, prompt: string): Promise<string> {
  const serve = (args: Record<string, unknown>) => finish(client, "ml_inference_serve", { backend, model, ...args });
  const started = await serve({ action: "start", settings: { context_tokens: 128, threads: 1 } });
  expect(started.isError, started.text).toBe(false);
  onTestFinished(async () => {
    await serve({ action: "stop" });
  });
  const answer = await client.call("ml_inference_serve", {
    action: "chat",
    backend,
    model,
    messages: [{ role: "user", content: prompt }],
    max_tokens: 8,
    wait_seconds: 45,
  });
  expect(answer.isError, answer.text).toBe(false);
  await serve({ action: "stop" });
  return answer.text;
}

/** From examples to a quantized model that is served, and a tuned one that is held against what it was. */
async function chain(
  client: TestClient,
  examples: string,
  base: Record<string, unknown>,
  tuned: Record<string, unknown>,
) {
  const made = async (tool: string, args: Record<string, unknown>) => {
    const answer = await finish(client, tool, args);
    expect(answer.isError, answer.text).toBe(false);
    return answer;
  };
  const prepared = await made("ml_llm_prepare", { dataset: examples, name: "sums" });
  const { dataset } = z.looseObject({ dataset: z.string() }).parse(datasetIn(prepared.structured));
  const first =
    "base_model" in base
      ? undefined
      : Made.parse((await made("ml_llm_finetune", { ...base, base_model: "new", dataset })).structured);
  const start = first?.model ?? base["base_model"];
  const { model } = Made.parse(
    (await made("ml_llm_finetune", { base_model: start, dataset, ...tuned, model_name: "adder" })).structured,
  );
  const gguf = Made.parse((await made("ml_llm_quantize", { model, type: "F16", context_tokens: 64 })).structured).model;
  const quality = { context_tokens: 64, chunks: 8 };
  const [light, lighter] = [
    Quantized.parse((await made("ml_llm_quantize", { model: gguf, type: "Q8_0", ...quality })).structured),
    Quantized.parse((await made("ml_llm_quantize", { model: gguf, type: "Q4_K_M", ...quality })).structured),
  ];
  expect(light.kl_divergence).toBeLessThan(lighter.kl_divergence ?? 0);
  expect(light.bits_per_weight).toBeGreaterThan(lighter.bits_per_weight);
  for (const backend of ["llamacpp", "ollama"] as const)
    if (isHere(backend))
      // Its first token came before its last: the answer streamed.
      expect(await spoken(client, backend, lighter.model, "3 + 4 =")).toMatch(/written; first after [\d.]+ ms, then/);
  const runs: z.output<typeof Evaluated>[] = [];
  for (const one of [start, model]) {
    const answer = await made("ml_llm_evaluate", { model: one, dataset, limit: 40, max_tokens: 8 });
    runs.push(Evaluated.parse(answer.structured));
  }
  const compared = await made("ml_llm_evaluate", { action: "compare", compare: runs.map(({ samples }) => samples) });
  return { compared: compared.text, scores: runs.map(({ results }) => results[0]?.value ?? 0), lighter };
}

const datasetIn = (structured: Record<string, unknown>): unknown => {
  const many = z
    .looseObject({ datasets: z.array(z.looseObject({ dataset: z.string() })).min(1) })
    .safeParse(structured);
  return many.success ? many.data.datasets[0] : structured;
};

describe.runIf(isHere("llamacpp") && hasExtra("llm"))("from examples to a served model", () => {
  test(
    "a tiny model from nothing",
    async ({ client, write }) => {
      const { compared, scores } = await chain(
        client,
        write("sums.jsonl", lines(sums)),
        {
          architecture: {
            hidden_size: 256,
            layers: 2,
            heads: 4,
            intermediate_size: 512,
            context_tokens: 128,
            tokenizer: "bpe",
            vocabulary: 400,
          },
          settings: { steps: 150, batch_size: 32, learning_rate: 0.002 },
          model_name: "sums",
        },
        { settings: { steps: 20, batch_size: 16, learning_rate: 0.001, rank: 8 } },
      );
      expect(scores[1]).toBeGreaterThan(0.5);
      expect(compared).toContain("beyond chance");
    },
    MINUTES,
  );

  test.runIf(process.env["ML_ENGINE_REAL_MODEL"] === "1")(
    "SmolLM2",
    async ({ client, write }) => {
      const { compared } = await chain(
        client,
        write("sums.jsonl", lines(sums)),
        { base_model: SMALL },
        { settings: { steps: 40, batch_size: 8, learning_rate: 0.0005, rank: 8 } },
      );
      expect(compared).toContain("beyond chance");
    },
    MINUTES,
  );
});
