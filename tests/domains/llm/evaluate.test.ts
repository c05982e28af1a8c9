import { describe, expect, onTestFinished } from "vitest";
import { z } from "zod";
import { chatServer, completion } from "../../support/chat-server.ts";
import { connect } from "../../support/client.ts";
import { hasExtra, tinyModel } from "../../support/language.ts";
import { fromSource, test } from "../../support/server.ts";

const Evaluated = z.looseObject({
  samples: z.string().nullable(),
  results: z.array(z.looseObject({ task: z.string(), metric: z.string(), value: z.number(), samples: z.number() })),
});

/** Loading torch and the harness takes its time on a busy machine. */
const MINUTES = 300_000;

const questions = Array.from({ length: 12 }, (_, at) => ({
  question: `Which number comes after ${at}?`,
  choices: [String(at + 1), String(at + 3), String(at + 7)],
  answer: "A",
}));
const lines = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;

describe.runIf(hasExtra("llm"))("a dataset of questions", () => {
  test(
    "is a task, whose samples are kept and compared where they are alike",
    async ({ client, write, workspace, events }) => {
      const model = tinyModel(`${workspace}/files/tiny`);
      const dataset = write("questions.jsonl", lines(questions));
      const first = await client.call("ml_llm_evaluate", { model, dataset });
      const { samples, results } = Evaluated.parse(first.structured);
      expect(samples).toBe("evaluation-samples@1");
      expect(results.map(({ task, metric, samples: count }) => [task, metric, count])).toEqual([
        ["questions", "acc", 12],
        ["questions", "acc_norm", 12],
      ]);
      expect(
        first.text
          .replaceAll(/fingerprint \w+/g, "fingerprint <hash>")
          // Weights are random, and near ties fall as the processor rounds.
          .replaceAll(/(?<=\| )[\d.]+ \| [\d.]+(?= \| 12)/g, "<score> | <error>")
          .split("\n")
          .slice(0, 5)
          .join("\n"),
      ).toMatchInlineSnapshot(`
        "tiny by transformers:
        task | metric | value | standard error | samples
        questions | acc | <score> | <error> | 12
        questions | acc_norm | <score> | <error> | 12
        questions: version 1.0, 0-shot, no chat template; fingerprint <hash>."
      `);
      expect(first.text).toMatch(/questions: Which number comes after \d+\? → \d+ \(right: \d+\)/);
      const again = await client.call("ml_llm_evaluate", { model, dataset, few_shot: 1 });
      const other = Evaluated.parse(again.structured).samples;
      const unlike = await client.call("ml_llm_evaluate", { action: "compare", compare: [samples, other] });
      expect(unlike.text).toMatchInlineSnapshot(`
        "conflict: compare: \`questions\` was asked under other conditions: few_shot, prompts differ.
        Run both with the same settings."
      `);
      const same = await client.call("ml_llm_evaluate", { action: "compare", compare: [samples, samples] });
      expect(same.text).toContain("tiny against tiny: no difference beyond chance.");
      expect((await events()).find(({ kind }) => kind === "decision")).toMatchObject({
        type: "EvaluationJudgement",
        body: { details: { verdict: "no difference" } },
      });
    },
    MINUTES,
  );

  test(
    "is asked of a server, with the key of its address",
    async ({ workspace, write }) => {
      const server = await chatServer();
      onTestFinished(() => server.close());
      server.script = ({ messages }) => completion(messages.at(-1)?.content.includes("3 + 4") ? "7" : "5");
      const client = await connect("v2", {
        ...fromSource,
        env: {
          ML_ENGINE_WORKSPACE: workspace,
          ML_ENGINE_OPENAI_URL: `${server.url}/v1`,
          ML_ENGINE_OPENAI_KEY: "a-key-of-the-test",
        },
      });
      onTestFinished(() => client.close());
      const sums = [2, 3, 4].map((one) => ({ prompt: `What is 3 + ${one}?`, completion: String(3 + one) }));
      const { structured, text } = await client.call("ml_llm_evaluate", {
        dataset: write("sums.jsonl", lines(sums)),
        backend: "openai",
        chat_template: true,
      });
      expect(Evaluated.parse(structured).results, text).toMatchObject([
        { metric: "exact_match", value: 2 / 3, samples: 3 },
      ]);
      expect(new Set(server.heard.map(({ authorization }) => authorization))).toEqual(
        new Set(["Bearer a-key-of-the-test"]),
      );
    },
    MINUTES,
  );
});

test("needs something to ask", async ({ client }) => {
  const { text } = await client.call("ml_llm_evaluate", { action: "compare" });
  expect(text).toContain("`compare` needs `compare`: the samples of two runs.");
});
