import { expect, onTestFinished } from "vitest";
import { z } from "zod";
import { quantile } from "../../../src/kernel/statistics.ts";
import { isHere, SMALL } from "../../support/backends.ts";
import type { Answer } from "../../support/client.ts";
import { test } from "../../support/server.ts";
import { counted, DONE, said, streamingServer } from "../../support/streaming-server.ts";
import { people } from "../training/people.ts";

const Spread = z.object({ mean: z.number(), p50: z.number(), p90: z.number(), p99: z.number() });
const Figures = z.looseObject({
  requests: z.number(),
  failed: z.number(),
  prompt_tokens: z.number().nullable(),
  output_tokens: z.number(),
  ttft_ms: Spread,
  itl_ms: Spread,
  tpot_ms: Spread,
  e2e_ms: Spread,
  tokens_per_second: z.number(),
  goodput: z.number().nullable(),
  warnings: z.array(z.string()).default([]),
  memory_bytes: z.number().nullable().default(null),
});
const Profiled = Figures.extend({
  points: z.array(z.looseObject({ concurrency: z.number(), rate: z.number().nullable(), figures: Figures })),
});
const profiled = ({ structured, isError, text }: Answer) => {
  if (isError) throw new Error(text);
  return Profiled.parse(structured);
};

/** Four tokens, the first after 600 ms, then one every 200 ms: long, for on a busy machine every wait has some ms more. */
const SLOW = [
  600,
  said("one"),
  200,
  said(" two"),
  200,
  said(" three"),
  200,
  said(" four"),
  said("", "length"),
  counted(9, 4),
  DONE,
];

test("says what a server's true delays were, within three per cent", { retry: 2 }, async ({ client }) => {
  const server = await streamingServer();
  onTestFinished(() => server.close());
  server.script = SLOW;
  const found = profiled(
    await client.call("ml_inference_profile", {
      url: server.url,
      prompts: ["Count."],
      requests: 5,
      output_tokens: 4,
      warmup: 1,
      objective: { e2e_ms: 10_000 },
    }),
  );
  const measured = server.sent.slice(1).map((moments) => moments.slice(0, 4));
  const first = quantile(
    measured.map(([one = 0]) => one),
    0.5,
  );
  const between = quantile(
    measured.flatMap((moments) => moments.slice(1).map((moment, place) => moment - (moments[place] ?? 0))),
    0.5,
  );
  const within = (value: number, truth: number) => expect(Math.abs(value / truth - 1)).toBeLessThan(0.03);
  within(found.ttft_ms.p50, first);
  within(found.itl_ms.p50, between);
  within(found.tpot_ms.p50, between);
  within(found.e2e_ms.p50, first + 3 * between);
  expect(found).toMatchObject({ requests: 5, failed: 0, prompt_tokens: 9, output_tokens: 4 });
  // One after another: tokens of a request over its time, and every request was good enough.
  within(found.tokens_per_second, 4000 / found.e2e_ms.mean);
  within(found.goodput ?? 0, 1000 / found.e2e_ms.mean);
});

test("a sweep and rates are points of their own, and what fails is counted", async ({ client }) => {
  const server = await streamingServer();
  onTestFinished(() => server.close());
  server.script = SLOW;
  const answer = await client.call("ml_inference_profile", {
    url: server.url,
    prompts: ["Count."],
    requests: 8,
    output_tokens: 4,
    sweep: [4],
    rates: [50],
    warmup: 0,
    objective: { ttft_ms: 1 },
  });
  const { points, goodput } = profiled(answer);
  expect(goodput).toBe(0);
  expect(answer.images).toBe(1);
  expect(answer.text.split("\n").find((line) => line.startsWith("at once"))).toMatchInlineSnapshot(
    `"at once | arriving/s | tokens/s | requests/s | goodput | ttft p50 | ttft p99 | tpot p50 | failed"`,
  );
  expect(points.map(({ concurrency, rate }) => [concurrency, rate])).toEqual([
    [1, null],
    [4, null],
    [8, 50],
  ]);
  const [alone, four] = points.map(({ figures }) => figures.tokens_per_second);
  expect((four ?? 0) / (alone ?? 1)).toBeGreaterThan(3);
  server.script = [said("x")];
  const { isError, text } = await client.call("ml_inference_profile", {
    url: server.url,
    prompts: ["Count."],
    warmup: 0,
  });
  expect(isError).toBe(true);
  expect(text).toContain("broke off before its answer was whole");
});

test("a tabular model's predictions are timed by rows at once", async ({ client, write }) => {
  const { isError, text } = await client.call("ml_training_train", {
    dataset: write("people.csv", people(200)),
    target: "leaves",
    task: "classification",
    family: "decision_tree",
    model_name: "leaver",
  });
  if (isError) throw new Error(text);
  const args = { model: "leaver", requests: 20, sweep: [1, 500] };
  const answer = await client.call("ml_inference_profile", args);
  const { batches, backend } = z
    .looseObject({
      backend: z.null(),
      batches: z.array(z.object({ rows: z.number(), ms: Spread, rows_per_second: z.number() })),
    })
    .parse(answer.structured);
  expect(backend).toBeNull();
  expect(batches.map(({ rows }) => rows)).toEqual([1, 500]);
  for (const { ms } of batches) expect(ms.p50).toBeLessThanOrEqual(ms.p99);
  // Five hundred rows at once are quicker than five hundred times one.
  expect(batches[1]?.rows_per_second).toBeGreaterThan(10 * (batches[0]?.rows_per_second ?? 0));
  expect(answer.images).toBe(1);
  expect(answer.text).toMatch(/^leaver@1: [\d.]+ ms a prediction at the median, [\d.]+ GB\.\nrows at once \| mean ms/);
});

test.runIf(isHere("llamacpp"))(
  "a model of ours is asked prompts and answers of the length that was set",
  async ({ client }) => {
    await client.call("ml_inference_serve", { action: "start", backend: "llamacpp", model: SMALL });
    const answer = await client.call("ml_inference_profile", {
      requests: 3,
      prompt_tokens: 100,
      output_tokens: 12,
    });
    const found = profiled(answer);
    expect(found).toMatchObject({ requests: 3, output_tokens: 12, warnings: [] });
    expect(Math.abs((found.prompt_tokens ?? 0) - 100)).toBeLessThanOrEqual(2);
    expect(found.memory_bytes).toBeGreaterThan(1e8);
    expect(answer.text.split("\n")[1]).toMatchInlineSnapshot(`"ms | mean | p50 | p90 | p99"`);
    await client.call("ml_inference_serve", { action: "stop", model: SMALL });
  },
);
