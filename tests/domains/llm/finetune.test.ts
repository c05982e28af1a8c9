import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { z } from "zod";
import { openStore } from "../../../src/store/store.ts";
import { hasExtra } from "../../support/language.ts";
import { test } from "../../support/server.ts";

const LETTERS = [..."abcdefgh"];
const COPY = LETTERS.flatMap((one) => LETTERS.map((other) => ({ prompt: `${one}${other}=`, completion: one })));
const SHOUT = LETTERS.map((one) => ({ prompt: `${one}${one}=`, completion: one.toUpperCase() }));
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const repeated = (rows: readonly unknown[], times: number) => Array.from({ length: times }, () => rows).flat();
const small = { hidden_size: 32, layers: 2, heads: 4, intermediate_size: 64, context_tokens: 16 };
const tune = { steps: 12, batch_size: 8, learning_rate: 0.01, rank: 4, eval_share: 0.1 };
const Answer = z.looseObject({
  model: z.string().nullable(),
  adapter: z.string().nullable(),
  run_id: z.string().nullable(),
  metrics: z.record(z.string(), z.number()),
});
const Job = z.object({ job: z.object({ job_id: z.string() }) });

/** Times and paths are the machine's; losses are not looked at in words. */
const steady = (text: string) =>
  text
    .replace(/about [\d.]+ s/g, "about <n> s")
    .replace(/Memory: .*/g, "Memory: …")
    .replace(/: \/\S+/g, ": …")
    .replace(/(loss|loss_before|perplexity|exact_match|exact_match_before) [\d.]+/g, "$1 <n>");

describe.runIf(hasExtra("llm"))("ml_llm_finetune", () => {
  test("a model from nothing, an adapter on it, and what can be done with both", async ({ client, write, events }) => {
    const tuned = async (args: Record<string, unknown>) => {
      const answer = await client.call("ml_llm_finetune", args);
      expect(answer.isError, answer.text).toBe(false);
      return answer;
    };
    const copy = write("copy.jsonl", lines(repeated(COPY, 2)));
    const born = await tuned({
      base_model: "new",
      architecture: small,
      dataset: copy,
      model_name: "copier",
      settings: { steps: 240, batch_size: 32, learning_rate: 0.01, exact_match: 12 },
    });
    const first = Answer.parse(born.structured);
    expect(first).toMatchObject({ model: "copier@1", adapter: null });
    expect(first.metrics["exact_match_before"]).toBeLessThanOrEqual(0.05);
    expect(first.metrics["exact_match"]).toBeGreaterThanOrEqual(0.95);
    expect(steady(born.text)).toMatchInlineSnapshot(`
      "copier@1: LlamaForCausalLM, ready to serve; eval_loss_before <n>, exact_match_before <n>, loss <n>, eval_loss <n>, perplexity <n>, exact_match <n>
      28,896 of 28,896 weights learn (100 %).
      240 steps of 32 examples (66.78 epochs), about <n> s; 575 tokens, 230 in the loss.
      Memory: …
      Examples: 128 given, 115 learnt, 13 held out.
      First example by no template (2 of 5 tokens learnt, in ⟦ ⟧):
      aa=⟦a<|end|>⟧
      Loss curve: …
      Next: ml_inference_serve, ml_llm_evaluate, ml_llm_quantize."
    `);

    const shout = write("shout.jsonl", lines(repeated(SHOUT, 8)));
    const asked = { base_model: "copier", dataset: shout, model_name: "shouter", settings: tune };
    const dry = await tuned({ ...asked, dry_run: true });
    expect(steady(dry.text)).toMatchInlineSnapshot(`
      "4,352 of 33,248 weights learn (13.1 %).
      12 steps of 8 examples (1.655 epochs), about <n> s; 290 tokens, 116 in the loss.
      Memory: …
      Examples: 64 given, 58 learnt, 6 held out.
      First example by no template (2 of 5 tokens learnt, in ⟦ ⟧):
      aa=⟦A<|end|>⟧"
    `);
    const shouter = Answer.parse((await tuned(asked)).structured);
    expect(shouter).toMatchObject({ model: "shouter@1", adapter: "shouter-adapter@1" });
    expect(shouter.metrics["eval_loss"]).toBeLessThan(shouter.metrics["eval_loss_before"] ?? 0);
    expect((await events()).at(-1)).toMatchObject({
      tool: "ml_llm_finetune",
      outcome: "ok",
      body: {
        inputs: [{ name: "copier", version: 1 }, { kind: "file" }],
        outputs: [{ name: "shouter" }, { name: "shouter-adapter" }],
      },
    });

    const whole = await client.call("ml_inference_serve", { action: "inspect", model: "shouter" });
    expect(whole.isError, whole.text).toBe(false);
    const alone = await client.call("ml_inference_serve", { action: "inspect", model: "shouter-adapter" });
    expect(alone.isError).toBe(true);
    expect(alone.text).toMatchInlineSnapshot(`
      "invalid_input: model: \`shouter-adapter\` is an adapter, which is not served alone.
      Serve \`shouter\`, base and adapter in one (ml_llm_finetune with action merge makes it), or its base with this as \`adapter\`."
    `);

    await tuned({ ...asked, seed: 1 });
    const listed = await tuned({ action: "list" });
    expect(listed.text.replace(/; [^.]*\d\.?\d*.*\./g, "; ….")).toMatchInlineSnapshot(`
      "5 language models were made here:
      shouter-adapter@2 (current): adapter by lora of copier@1, learnt from shout.jsonl; ….
      shouter@2 (current): safetensors by lora of copier@1, learnt from shout.jsonl; ….
      shouter-adapter@1: adapter by lora of copier@1, learnt from shout.jsonl; ….
      shouter@1: safetensors by lora of copier@1, learnt from shout.jsonl; ….
      copier@1 (current): safetensors by new, learnt from copy.jsonl; …."
    `);
    expect((await tuned({ action: "switch", model: "shouter-adapter@1" })).text).toMatchInlineSnapshot(
      `"Note: \`shouter-adapter\` means shouter-adapter@1; it meant shouter-adapter@2."`,
    );
    const merged = Answer.parse((await tuned({ action: "merge", model: "shouter-adapter" })).structured);
    expect(merged.model).toBe("shouter@1");
    const unsure = await client.call("ml_llm_finetune", { action: "delete", model: "shouter-adapter@1" });
    expect(unsure.text).toContain("cannot be undone");
    const gone = await tuned({ action: "delete", model: "shouter-adapter@1", confirm: true });
    expect(gone.text.replace(/[\d.]+ MB/, "<n> MB")).toMatchInlineSnapshot(`
      "Note: <n> MB are free again.
      Note: shouter-adapter@1 is deleted; \`shouter-adapter\` means shouter-adapter@2. Its manifest, lineage and record stay."
    `);
    const missing = await client.call("ml_llm_finetune", { action: "merge", model: "shouter-adapter@1" });
    expect(missing.isError).toBe(true);
    const card = await client.call("ml_zoo_card", { model: "shouter" });
    expect(card.text.split("\n")[0]).toMatchInlineSnapshot(
      `"Card of shouter@2: Writes text with LlamaForCausalLM (safetensors), made from copier@1 by lora, trained on 58 examples of shout.jsonl."`,
    );
    const tabular = await client.call("ml_training_evaluate", { model: "shouter", dataset: shout });
    expect(tabular.text).toMatchInlineSnapshot(`
      "invalid_input: model: \`shouter\` is a model for text_generation; this takes classification and regression and clustering and anomaly_detection and forecasting and ranking.
      ml_training_evaluate takes every model."
    `);
  }, 400_000);

  test("a killed training goes on to the same end", async ({ client, workspace, write }) => {
    const source = write("long.jsonl", lines(repeated(COPY, 2)));
    const asked = {
      base_model: "new",
      architecture: small,
      dataset: source,
      settings: { steps: 40, batch_size: 16, checkpoint_every: 5, eval_share: 0.1 },
    };
    const whole = await client.call("ml_llm_finetune", { ...asked, model_name: "unbroken" });
    expect(whole.isError, whole.text).toBe(false);
    const started = await client.call("ml_llm_finetune", { ...asked, model_name: "resumed", wait_seconds: 0 });
    const id = Job.parse(started.structured).job.job_id;
    const store = await openStore(workspace);
    const kept = async () =>
      z
        .object({ runs: z.array(z.object({ run: z.string(), steps: z.number(), state: z.string() })) })
        .parse((await client.call("ml_training_checkpoint", {})).structured)
        .runs.find(({ run }) => run === id);
    while (((await kept())?.steps ?? 0) < 2) await sleep(50);
    process.kill(-(store.jobs.get(id)?.pid ?? Number.NaN), "SIGKILL");
    store.close();
    expect((await client.call("ml_llm_finetune", { job_id: id, wait_seconds: 20 })).isError).toBe(true);
    expect(await kept()).toMatchObject({ state: "broken off" });

    const resumed = await client.call("ml_training_checkpoint", { action: "resume", run: id });
    expect(resumed.isError, resumed.text).toBe(false);
    const [one, other] = [Answer.parse(whole.structured), Answer.parse({ run_id: null, ...resumed.structured })];
    expect(other.model).toBe("resumed@1");
    for (const name of ["loss", "eval_loss"])
      expect(Math.abs((one.metrics[name] ?? 0) - (other.metrics[name] ?? 9))).toBeLessThan(1e-3);
  });

  test("answers mistakes with the way out", async ({ client, write }) => {
    const table = write("table.csv", "age,income\n1,2\n");
    const texts: string[] = [];
    for (const args of [
      {},
      { base_model: "smollm3", dataset: table },
      { base_model: "new", dataset: table, architecture: {} },
      { base_model: "new", dataset: table, settings: { epoch: 3 } },
      { action: "switch" },
      { action: "switch", model: "nothing" },
    ]) {
      const { text, isError } = await client.call("ml_llm_finetune", { ...args });
      expect(isError, text).toBe(true);
      texts.push(text);
    }
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "invalid_input: base_model: action \`train\` needs it
      A model, or \`new\` for one from nothing.
      not_found: base_model: there is no language model \`smollm3\`.
      Give a registered model, a GGUF file, a folder of safetensors, or smollm2-135m-instruct.
      invalid_input: dataset: its columns (age, income) are of no format of examples
      \`columns\` says which play its parts, as {prompt: 'question', completion: 'answer'}. Formats: preference (chosen, rejected), kto (prompt, completion, label), messages (messages), sharegpt (conversations), alpaca (instruction, output), prompt_completion (prompt, completion), text (text).
      invalid_input: There is no field \`settings.epoch\`.
      Fields: action, base_model, dataset, method, dry_run, model, model_name, settings, architecture, eval_dataset, format, columns, merge, into, to, confirm, seed, wait_seconds, job_id, cancel.
      invalid_input: model: action \`switch\` needs it.
      Action \`list\` names them.
      not_found: model: there is no model \`nothing\`.
      There are: copier, resumed, shouter, shouter-adapter, unbroken."
    `);
  });
});
