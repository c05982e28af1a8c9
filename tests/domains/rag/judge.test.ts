import { afterAll, beforeAll, describe, expect } from "vitest";
import { z } from "zod";
import { type ChatServer, chatServer, completion } from "../../support/chat-server.ts";
import { connect } from "../../support/client.ts";
import { COLLECTION, test } from "../../support/handbook.ts";
import { fromSource } from "../../support/server.ts";

const Judged = z.looseObject({
  answers: z.looseObject({
    answered: z.number(),
    metrics: z.record(z.string(), z.number()),
    unscored: z.record(z.string(), z.number()),
  }),
});

let server: ChatServer;
beforeAll(async () => {
  server = await chatServer();
});
afterAll(() => server.close());

/** What a judge replies to each kind of task; the measures are then arithmetic that can be done by hand. */
function reply(task: string): string {
  if (task.startsWith("Break the text"))
    return task.includes("Ten months")
      ? '{"statements": ["It is ten months.", "It is paid."]}'
      : '```json\n{"statements": ["It is 20 weeks.", "It is paid.", "It is for all."]}\n```';
  if (task.startsWith("For each numbered passage"))
    return JSON.stringify({ verdicts: [...task.matchAll(/^\d+\. /gm)].map((_, place) => (place === 1 ? 0 : 1)) });
  if (task.startsWith("Write three questions"))
    return '{"questions": ["How long is parental leave?"], "noncommittal": 0}';
  const count = [...task.matchAll(/^\d+\. /gm)].length;
  return JSON.stringify({ verdicts: Array.from({ length: count }, (_, place) => (place === 0 ? 1 : 0)) });
}

describe("answers judged by a model", () => {
  test("has RAGAS's measures, and counts apart what could not be scored", async ({ workspace }) => {
    const client = await connect("v2", {
      ...fromSource,
      env: { ML_ENGINE_WORKSPACE: workspace, ML_ENGINE_OPENAI_URL: `${server.url}/v1` },
    });
    const asked = {
      collection: COLLECTION,
      judge: "openai:judge",
      k: 2,
      queries: [
        {
          id: "leave",
          text: "How long is parental leave?",
          relevant: { "leave.md": 1 },
          answer: "Employees get 20 weeks of paid parental leave.",
          reference: "Ten months, paid.",
        },
      ],
    };
    server.script = ({ messages }) => completion(reply(messages.at(-1)?.content ?? ""));
    const whole = await client.call("ml_rag_evaluate", asked);
    const { answers } = Judged.parse(whole.structured);
    expect(answers.answered).toBe(1);
    // One of three statements follows; of two passages the first is useful; one of the reference's two statements follows.
    expect(answers.metrics["faithfulness"]).toBeCloseTo(1 / 3);
    expect(answers.metrics["context_precision"]).toBe(1);
    expect(answers.metrics["context_recall"]).toBe(0.5);
    expect(answers.metrics["answer_relevancy"]).toBeCloseTo(1);
    expect(answers.metrics["grounded"]).toBe(1);
    // F1 of one hit, two wrong and one missing is 1 / (1 + 3 / 2); the rest is likeness.
    const correctness = answers.metrics["answer_correctness"] ?? 0;
    expect(correctness).toBeGreaterThan(0.75 * 0.4);
    expect(correctness).toBeLessThan(0.75 * 0.4 + 0.25);

    server.script = () => completion("I would say it is fine.");
    const none = Judged.parse((await client.call("ml_rag_evaluate", asked)).structured).answers;
    expect(none.metrics).toEqual({ grounded: 1 });
    expect(none.unscored).toMatchObject({ faithfulness: 1, answer_relevancy: 1, context_precision: 1, grounded: 0 });
    await client.close();
  });
});
