import fc from "fast-check";
import { describe, expect } from "vitest";
import { z } from "zod";
import { candidatesOf, differenceOf, keyOf } from "../../../src/domains/inference/optimize/space.ts";
import { qualityOf } from "../../../src/domains/inference/optimize/trial.ts";
import type { ServeSettings } from "../../../src/kernel/backends.ts";
import { isHere, SMALL } from "../../support/backends.ts";
import { test } from "../../support/server.ts";

const before: ServeSettings = {
  context_tokens: 512,
  threads: 1,
  parallel: 1,
  batch_tokens: 512,
  kv_type: "f16",
  gpu_layers: 0,
  prompt_cache: true,
};
const name = (model: string) => model;

describe("what is tried", () => {
  test("begins with what is served before and has each combination once", () => {
    const space = { threads: [1, 2], kv_type: ["f16" as const, "q8_0" as const] };
    const asked = { models: ["a"], before, space, concurrency: 1, most: 10, seed: 0 };
    const [base, ...others] = candidatesOf(asked);
    expect(base).toEqual({ model: "a", settings: before });
    expect(others.map((one) => differenceOf(one, { model: "a", settings: before }, name))).toEqual([
      "kv_type q8_0",
      "threads 2",
      "threads 2, kv_type q8_0",
    ]);
    const [, , other] = candidatesOf({ ...asked, models: ["a", "b"], space: { threads: [1, 2] } });
    expect(other && differenceOf(other, { model: "a", settings: before }, name)).toBe("b");
  });

  test("is at most as many as may be, whatever the space", () => {
    const lists = fc.record({
      threads: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
      batch_tokens: fc.uniqueArray(fc.constantFrom(64, 128, 512), { minLength: 1 }),
    });
    fc.assert(
      fc.property(lists, fc.integer({ min: 2, max: 20 }), fc.nat(), (space, most, seed) => {
        const found = candidatesOf({ models: ["a"], before, space, concurrency: 1, most, seed });
        expect(found.length).toBeLessThanOrEqual(most);
        expect(new Set(found.map(keyOf)).size).toBe(found.length);
        expect(found[0]?.settings).toEqual(before);
      }),
    );
  });
});

describe("quality", () => {
  const sample = (prompt: string, text: string) => ({
    ...{ prompt, text, ttft_ms: 1, itl_ms: [], tpot_ms: 1, e2e_ms: 1, prompt_tokens: 1, output_tokens: 1, pieces: 1 },
  });

  test("is how long greedy answers stay as they were", () => {
    const yardstick = {
      before: [sample("a", "abcd"), sample("b", "wxyz")],
      metric: "contains" as const,
      right: undefined,
    };
    expect(qualityOf([sample("a", "abXX"), sample("b", "wxyz")], yardstick)).toBe(0.75);
    expect(qualityOf(yardstick.before, yardstick)).toBe(1);
  });

  test("is the share of right answers that is left", () => {
    const right = new Map([
      ["a", "one"],
      ["b", "two"],
    ]);
    const yardstick = { before: [sample("a", "one"), sample("b", "two")], right };
    expect(qualityOf([sample("a", "is one"), sample("b", "three")], yardstick)).toBe(0.5);
  });
});

const Optimized = z.looseObject({
  settings: z.looseObject({}),
  before: z.looseObject({ value: z.looseObject({ value: z.number() }), quality: z.number() }),
  after: z.looseObject({ value: z.looseObject({ value: z.number() }), quality: z.number() }),
  tried: z.array(z.looseObject({ name: z.string(), value: z.number().nullable(), outcome: z.string() })),
  files: z.array(z.looseObject({ uri: z.string(), path: z.string() })),
});

describe.runIf(isHere("llamacpp"))("a model on llama.cpp", () => {
  test("is served as fast as the best of what was tried, and started so", async ({ client, events }) => {
    const answer = await client.call("ml_inference_optimize", {
      backend: "llamacpp",
      model: SMALL,
      settings: { context_tokens: 512 },
      space: { batch_tokens: [8, 512], context_tokens: [512, 100_000] },
      objective: "ttft_ms",
      prompt_tokens: 100,
      output_tokens: 2,
      requests: 2,
      repeats: 2,
    });
    if (answer.isError) throw new Error(answer.text);
    const { settings, before: old, after, tried, files } = Optimized.parse(answer.structured);
    expect(after.value.value).toBeLessThanOrEqual(old.value.value);
    expect(after.quality).toBeGreaterThanOrEqual(0.9);
    expect(answer.images).toBe(1);
    const measured = tried.filter(({ outcome }) => outcome === "chosen" || outcome === "finalist");
    const [chosen, ...others] = measured.filter(({ outcome }) => outcome === "chosen");
    expect(others).toEqual([]);
    expect(chosen?.value).toBe(after.value.value);
    expect(chosen?.value).toBe(Math.min(...measured.map(({ value }) => value ?? Number.NaN)));
    expect(answer.text.split("\n")[0]?.replaceAll(/[+-]?[\d.]+ /g, "N ")).toMatchInlineSnapshot(
      `"smollm2-135m-instruct on llamacpp: ttft_ms N before, N after (N %); N % of the quality (agreement of greedy answers with those before)."`,
    );
    const decision = (await events()).find(({ kind }) => kind === "decision");
    expect(decision?.body["details"]).toMatchObject({ type: "ModelSelection", selected: chosen?.name });
    // What it wrote is what starts it.
    const written = files.find(({ path }) => path.endsWith("serving.json"));
    const start = z.record(z.string(), z.unknown()).parse(await client.read(written?.uri ?? ""));
    expect(start).toMatchObject({ action: "start", backend: "llamacpp", model: SMALL, settings });
    const started = await client.call("ml_inference_serve", start);
    expect(started.isError).toBe(false);
    await client.call("ml_inference_serve", { action: "stop", model: SMALL });
  });
});

test("what cannot be started is told before anything is", async ({ client }) => {
  const { text } = await client.call("ml_inference_optimize", { model: "nothing", backend: "llamacpp" });
  expect(text).toContain("there are no files of a model `nothing`");
});
