import { describe, expect, onTestFinished } from "vitest";
import { z } from "zod";
import { isHere, SMALL } from "../support/backends.ts";
import type { TestClient } from "../support/client.ts";
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

/** Does work while a backend serves a model. */
async function whileServed<T>(
  client: TestClient,
  backend: string,
  model: string,
  work: () => Promise<T>,
  adapter?: string,
): Promise<T> {
  const serve = (args: Record<string, unknown>) => client.call("ml_inference_serve", { backend, model, ...args });
  const started = await serve({ action: "start", adapter, settings: { context_tokens: 128, threads: 1 } });
  expect(started.isError, started.text).toBe(false);
  onTestFinished(async () => {
    await serve({ action: "stop" });
  });
  const made = await work();
  await serve({ action: "stop" });
  return made;
}

/** An answer, which streams. */
async function spoken(client: TestClient, backend: string, model: string, prompt: string): Promise<string> {
  const answer = await client.call("ml_inference_serve", {
    action: "chat",
    backend,
    model,
    messages: [{ role: "user", content: prompt }],
    max_tokens: 8,
    wait_seconds: 45,
  });
  expect(answer.isError, answer.text).toBe(false);
  return answer.text;
}

/** What the adapter says on its base, and what the model that it was merged into says; both on llama.cpp in 16 bits. */
async function adapted(client: TestClient, start: string, merged: string, to: string) {
  const answer = async (model: string, adapter?: string) =>
    (await whileServed(client, "llamacpp", model, () => spoken(client, "llamacpp", model, "3 + 4 ="), adapter)).split(
      "\n",
    )[0];
  const exported = await client.call("ml_llm_finetune", {
    ...{ action: "export", model: "adder-adapter", into: "gguf_adapter", to },
  });
  expect(exported.isError, exported.text).toBe(false);
  return { apart: await answer(start, to), merged: await answer(merged), base: await answer(start) };
}

/** From examples to a quantized model that is served, and a tuned one that is held against what it was. */
async function chain(
  client: TestClient,
  examples: string,
  adapter: string,
  base: Record<string, unknown>,
  tuned: Record<string, unknown>,
  chat_template = false,
) {
  const made = async (tool: string, args: Record<string, unknown>) => {
    const answer = await client.call(tool, args);
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
  // The base as llama.cpp takes it: where it was made here, a GGUF of it first.
  const plain = first
    ? Made.parse((await made("ml_llm_quantize", { model: first.model, type: "F16", context_tokens: 64 })).structured)
        .model
    : SMALL;
  const said = await adapted(client, plain, gguf, adapter);
  const quality = { context_tokens: 64, chunks: 8 };
  const [light, lighter] = [
    Quantized.parse((await made("ml_llm_quantize", { model: gguf, type: "Q8_0", ...quality })).structured),
    Quantized.parse((await made("ml_llm_quantize", { model: gguf, type: "Q4_K_M", ...quality })).structured),
  ];
  expect(light.kl_divergence).toBeLessThan(lighter.kl_divergence ?? 0);
  expect(light.bits_per_weight).toBeGreaterThan(lighter.bits_per_weight);
  const evaluated = async (args: Record<string, unknown>) =>
    Evaluated.parse(
      (await made("ml_llm_evaluate", { dataset, limit: 40, max_tokens: 8, chat_template, ...args })).structured,
    );
  const served: z.output<typeof Evaluated>[] = [];
  for (const backend of ["llamacpp", "ollama"] as const)
    if (isHere(backend))
      await whileServed(client, backend, lighter.model, async () => {
        // Its first token came before its last: the answer streamed.
        expect(await spoken(client, backend, lighter.model, "3 + 4 =")).toMatch(/written; first after [\d.]+ ms, then/);
        served.push(await evaluated({ backend, model: lighter.model }));
      });
  const opened = [await evaluated({ model: start }), await evaluated({ model })];
  const compared = async (...runs: (z.output<typeof Evaluated> | undefined)[]) =>
    (await made("ml_llm_evaluate", { action: "compare", compare: runs.map((run) => run?.samples) })).text;
  return {
    said,
    learnt: await compared(...opened),
    // A server was asked what the weights were asked: both can be held against each other.
    lost: await compared(opened[1], served[0]),
    scores: [...opened, ...served].map(({ results }) => results[0]?.value ?? 0),
  };
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
    async ({ client, write, workspace }) => {
      const { said, learnt, lost, scores } = await chain(
        client,
        write("sums.jsonl", lines(sums)),
        `${workspace}/exports/tiny.gguf`,
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
          settings: { steps: 60, batch_size: 32, learning_rate: 0.002 },
          model_name: "sums",
        },
        { settings: { steps: 100, batch_size: 32, learning_rate: 0.003, rank: 16 } },
      );
      const [, tuned = 0, ...quantized] = scores;
      expect(tuned).toBeGreaterThan(0.5);
      expect(learnt).toMatch(/is better than .* beyond chance/);
      for (const one of quantized) expect(one).toBeGreaterThan(tuned - 0.25);
      expect(lost).not.toContain("is better than");
      expect(said.apart).toBe(said.merged);
      expect(said.base).not.toBe(said.merged);
    },
    MINUTES,
  );

  test.runIf(process.env["ML_ENGINE_REAL_MODEL"] === "1")(
    "SmolLM2",
    async ({ client, write, workspace }) => {
      const { learnt } = await chain(
        client,
        write("sums.jsonl", lines(sums)),
        `${workspace}/exports/smollm2.gguf`,
        { base_model: SMALL },
        { settings: { steps: 40, batch_size: 8, learning_rate: 0.0005, rank: 8 } },
        // It is taught bare prompts as turns of its template.
        true,
      );
      expect(learnt).toMatch(/is better than .* beyond chance/);
    },
    MINUTES,
  );
});
