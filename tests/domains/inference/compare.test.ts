import fc from "fast-check";
import { describe, expect, onTestFinished } from "vitest";
import { z } from "zod";
import { shuffled } from "../../../src/domains/inference/compare/ask.ts";
import { onFront } from "../../../src/domains/inference/compare/figures.ts";
import { chrf, score } from "../../../src/domains/inference/compare/quality.ts";
import { mulberry } from "../../../src/kernel/statistics.ts";
import { isHere, SMALL } from "../../support/backends.ts";
import { chatServer, completion } from "../../support/chat-server.ts";
import type { Answer } from "../../support/client.ts";
import { connect } from "../../support/client.ts";
import { fromSource, test } from "../../support/server.ts";
import { counted, DONE, type Script, said, streamingServer } from "../../support/streaming-server.ts";

const Estimate = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() });
const Compared = z.looseObject({
  targets: z.array(
    z.looseObject({
      name: z.string(),
      failed: z.number(),
      quality: Estimate.nullable(),
      tokens_per_second: Estimate,
      memory_bytes: z.number().nullable(),
      cost: z.number().nullable(),
      best_of_its_kind: z.boolean(),
    }),
  ),
  differences: z.array(
    z.looseObject({ name: z.string(), metric: z.string(), difference: Estimate, verdict: z.string() }),
  ),
  same_answers: z.number(),
  unlike: z.array(z.object({ prompt: z.string(), answers: z.record(z.string(), z.string()) })),
  pick: z.string(),
  rationale: z.string(),
  warnings: z.array(z.string()),
});
const compared = ({ structured, isError, text }: Answer) => {
  if (isError) throw new Error(text);
  return Compared.parse(structured);
};

/** An answer of words, `wait` milliseconds apart. */
const spoken = (words: readonly string[], wait: number): Script => [
  ...words.flatMap((word) => [wait, said(word)]),
  said("", "stop"),
  counted(100, words.length),
  DONE,
];

async function scripted(script: Script) {
  const server = await streamingServer();
  onTestFinished(() => server.close());
  server.script = script;
  return server;
}

describe("targets", () => {
  test("are asked in turn, compared pair by pair, and one is picked on the record", async ({ client, events }) => {
    const [right, quick] = [
      await scripted(spoken(["It", " is", " Paris"], 40)),
      await scripted(spoken(["It", " is", " Rome"], 10)),
    ];
    const answer = await client.call("ml_inference_compare", {
      targets: [
        { url: right.url, name: "right", input_price: 1, output_price: 2 },
        { url: quick.url, name: "quick", input_price: 0.1, output_price: 0.2 },
      ],
      prompts: ["The capital of France?", "Which city is the capital of France?"],
      references: ["Paris", ["Paris", "paris"]],
      repeats: 4,
    });
    const found = compared(answer);
    const [one, two] = found.targets;
    expect(one).toMatchObject({ name: "right", quality: { value: 1 }, best_of_its_kind: true });
    expect(two).toMatchObject({ name: "quick", quality: { value: 0 }, best_of_its_kind: true });
    // 100 tokens read and 3 written, a thousand times.
    expect(one?.cost).toBeCloseTo((1000 * (100 * 1 + 3 * 2)) / 1e6);
    expect(found.differences.find(({ metric }) => metric === "tokens_per_second")).toMatchObject({
      name: "quick",
      verdict: "more",
    });
    expect(found).toMatchObject({ pick: "right", same_answers: 0 });
    expect(found.unlike[0]?.answers).toEqual({ right: "… Paris", quick: "… Rome" });
    expect(answer.images).toBe(1);
    expect(answer.text.split("\n")[0]).toMatchInlineSnapshot(
      `"Pick: right. Its quality is the best, by more than the interval's width below it; scores are the mean quality, more is better."`,
    );
    // Both were asked in every round: neither had the quiet half of the run to itself.
    expect([right.asked.length, quick.asked.length]).toEqual([9, 9]);
    const decision = (await events()).find(({ kind }) => kind === "decision");
    expect(decision?.body["details"]).toMatchObject({
      type: "ModelSelection",
      selected: "right",
      alternatives: [
        { name: "right", score: 1 },
        { name: "quick", score: 0 },
      ],
    });
  });

  test("can be graded by a judge, and preferred for their price", async ({ workspace }) => {
    const judge = await chatServer();
    onTestFinished(() => judge.close());
    judge.script = ({ messages }) => completion(messages.at(-1)?.content.includes("Paris") ? "2" : "0");
    const client = await connect("v2", {
      ...fromSource,
      env: { ML_ENGINE_WORKSPACE: workspace, ML_ENGINE_OPENAI_URL: `${judge.url}/v1` },
    });
    onTestFinished(() => client.close());
    const [right, wrong] = [await scripted(spoken(["Paris"], 5)), await scripted(spoken(["Rome"], 5))];
    const found = compared(
      await client.call("ml_inference_compare", {
        targets: [
          { url: right.url, name: "right", input_price: 2, output_price: 2 },
          { url: wrong.url, name: "wrong", input_price: 1, output_price: 1 },
        ],
        prompts: ["The capital of France?"],
        judge: "openai:judge",
        prefer: "cost",
      }),
    );
    expect(found.targets.map(({ quality }) => quality?.value)).toEqual([1, 0]);
    expect(found.pick).toBe("wrong");
    expect(found.warnings).toContain("3 requests of each: small differences do not show.");
    // What both answered in three rounds was graded once each.
    expect(judge.heard).toHaveLength(2);
  });

  test("that fail are counted, and those that never answer are an error", async ({ client }) => {
    const [good, bad] = [await scripted(spoken(["a", "b"], 5)), await scripted([said("a")])];
    const targets = [good, bad].map(({ url }) => ({ url }));
    const { isError, text } = await client.call("ml_inference_compare", {
      targets,
      prompts: ["x"],
      repeats: 1,
    });
    expect(isError).toBe(true);
    expect(text).toMatchInlineSnapshot(`
      "failed: scripted on openai (2) answered none of 1 requests.
      Leave it out, or see its status."
    `);
  });

  test("need references for each prompt", async ({ client }) => {
    const targets = [
      { backend: "llamacpp", model: "a" },
      { backend: "llamacpp", model: "b" },
    ];
    const call = (args: object) => client.call("ml_inference_compare", { targets, prompts: ["x", "y"], ...args });
    expect((await call({ references: ["z"] })).text).toContain("references: 1 for 2 prompts.");
    expect((await call({})).text).toContain("is not served by llamacpp");
  });
});

describe.runIf(isHere("llamacpp") && isHere("ollama"))("one model on two backends", () => {
  test("is started, answers raw prompts alike, and is stopped", async ({ client }) => {
    const found = compared(
      await client.call("ml_inference_compare", {
        targets: [
          { backend: "llamacpp", model: SMALL },
          { backend: "ollama", model: SMALL },
        ],
        prompts: ["The capital of France is", "One, two, three,"],
        references: ["Paris", "four"],
        output_tokens: 8,
        repeats: 2,
        start: true,
        settings: { context_tokens: 512 },
      }),
    );
    expect(found.targets.map(({ name }) => name)).toEqual([`${SMALL} on llamacpp`, `${SMALL} on ollama`]);
    for (const { quality, memory_bytes, failed } of found.targets) {
      expect(failed).toBe(0);
      expect(quality?.value).toBe(1);
      expect(memory_bytes).toBeGreaterThan(1e8);
    }
    // The same weights, the same tokens, nothing punished: the same words.
    expect(found.unlike).toEqual([]);
    expect((await client.call("ml_inference_serve", { action: "status" })).text).toContain("No server of ours runs.");
  });
});

describe("quality", () => {
  // sacrebleu 2 (sentence_chrf, defaults).
  test.for([
    ["The cat sat on the mat.", "The cat sat on a mat.", 0.714_224_756],
    ["Paris", "Paris is the capital of France", 0.154_012_647],
    ["abc", "xyz", 0],
    ["ab", "ab", 1],
    ["größer als", "grösser als", 0.412_945_782],
  ] as const)("chrF of %s against %s", ([answer, reference, value]) => {
    expect(chrf(answer, reference)).toBeCloseTo(value, 6);
  });

  test("by words is SQuAD's", () => {
    expect(score("exact", "The  Answer!", ["answer"])).toBe(1);
    expect(score("contains", "It is a cat.", ["dog", "cat"])).toBe(1);
    expect(score("contains", "a category", ["cat"])).toBe(0);
    // Two of three words said are wanted, two of two wanted are said: 2 · 2 / (3 + 2).
    expect(score("token_f1", "red green blue", ["red blue"])).toBeCloseTo(0.8);
    expect(score("exact", "x", [])).toBe(0);
  });
});

test("the front is what nothing else beats in all", () => {
  const all = [
    [1, 1],
    [2, 0],
    [0, 2],
    [0, 1],
    [1, 1],
  ];
  expect(all.map((one) => onFront(one, all))).toEqual([true, true, true, false, true]);
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(3), { minLength: 2, maxLength: 2 }), { minLength: 1 }), (points) => {
      expect(points.some((one) => onFront(one, points))).toBe(true);
    }),
  );
});

test("an order of chance has everything once", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(), (count, seed) => {
      expect(shuffled(count, mulberry(seed)).sort((one, other) => one - other)).toEqual([...Array(count).keys()]);
    }),
  );
});
