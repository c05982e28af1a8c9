import { describe, expect } from "vitest";
import { z } from "zod";
import { test } from "../../support/server.ts";

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const chat = (...said: readonly string[]) => ({
  messages: said.map((content, at) => ({ role: at % 2 ? "assistant" : "user", content })),
});
const QUESTION = "How does a heat pump move warmth from the cold air outside into a house in winter?";
const CHATS = [
  ...Array.from({ length: 18 }, (_, at) => chat(`What is ${at} times ${at}?`, `It is ${at * at}.`)),
  chat(QUESTION, "By evaporating and compressing a fluid."),
  chat(`${QUESTION}!`, "By evaporating and compressing a fluid"),
  chat("What is 3 times 3?", "It is 9."),
  chat("Write to ann.lee@example.org", "Done."),
  chat("no answer"),
  chat("<|im_start|>hi", "ho"),
];

describe("ml_llm_prepare", () => {
  test("checks a registered dataset of nested conversations, splits it and writes another format", async ({
    client,
    write,
    events,
  }) => {
    const source = write("chats.jsonl", lines(CHATS));
    const brought = await client.call("ml_data_ingest", { source, name: "chats" });
    expect(brought.structured, brought.text).toMatchObject({ dataset: "chats@1" });
    const evaluation = write("bench.jsonl", lines([{ prompt: "What is 7 times 7?", completion: "It is 49." }]));

    const { text, structured, isError } = await client.call("ml_llm_prepare", {
      dataset: "chats",
      to: "sharegpt",
      name: "ready",
      against: [evaluation],
      eval_share: 0.2,
    });

    expect(isError, text).toBe(false);
    expect(text).toMatchInlineSnapshot(`
      "chats@1 is messages, written as sharegpt: 24 examples in, 19 out, 1 dropped (roles), 1 dropped (special_tokens), 1 dropped (duplicate), 1 dropped (near_duplicate), 1 dropped (contaminated).
      train: ready_train@1, 15 rows.
      eval: ready_eval@1, 4 rows.
      roles: 1 examples (4.2 %), dropped: no answer at the end; rows 22.
      special_tokens: 1 examples (4.2 %), dropped: marks of templates in the text, such as <|im_start|>; rows 23.
      personal: 1 examples (4.2 %), kept: it holds email; rows 21.
      duplicate: 1 examples (4.2 %), dropped: the same as row 3; rows 20.
      near_duplicate: 1 examples (4.2 %), dropped: near row 18; rows 19.
      contaminated: 1 examples (4.2 %), dropped: shares words with bench.jsonl; rows 7.
      Length in characters: 26 to 121, median 30, 90 % at most 33, 99 % at most 121; 807 in all.
      1 of 1 examples of bench.jsonl are in the data.
      Personal data: email in 1 examples.
      Note: Lengths are in characters; name a model to count tokens and to check its template.
      Warning: The examples hold personal data that a model may repeat; personal: mask or drop takes it out.
      Next: ml_llm_finetune with dry_run."
    `);
    expect(structured).toMatchObject({ examples_in: 24, examples_out: 19, contains_pii: true });
    expect((await events()).filter(({ outcome }) => outcome === "ok")).toMatchObject([
      { tool: "ml_data_ingest" },
      {
        tool: "ml_llm_prepare",
        body: {
          details: { action: "prepare", contains_pii: true },
          outputs: [{ name: "ready_train" }, { name: "ready_eval" }],
        },
      },
    ]);
    const back = await client.call("ml_llm_prepare", {
      dataset: "ready_train",
      to: "messages",
      name: "back",
      eval_share: 0,
    });
    expect(back.structured).toMatchObject({ format: "sharegpt", to: "messages", dropped: {} });
  });

  test("a preview registers nothing", async ({ client, write }) => {
    const source = write("pairs.jsonl", lines([{ prompt: "p", chosen: "good", rejected: "bad" }]));
    const { text, structured } = await client.call("ml_llm_prepare", {
      dataset: source,
      to: "kto",
      preview: true,
    });
    expect(text).toMatchInlineSnapshot(`
      "pairs.jsonl is preference, written as kto: 1 examples in, 1 out.
      A preview: nothing was registered.
      Length in characters: 8 to 8, median 8, 90 % at most 8, 99 % at most 8; 8 in all.
      Note: Lengths are in characters; name a model to count tokens and to check its template."
    `);
    expect(structured).toMatchObject({ datasets: [], rows_out: 2 });
  });

  test("says what it cannot do and the way out", async ({ client, write }) => {
    const source = write("qa.jsonl", lines([{ question: "q", answer: "a" }]));
    const texts: string[] = [];
    for (const args of [
      { dataset: source },
      { dataset: source, columns: { prompt: "questoin" } },
      { dataset: source, columns: { prompt: "question", completion: "answer" }, to: "preference" },
      { dataset: source, columns: { prompt: "question", completion: "answer" }, to: "text" },
    ]) {
      const { text, isError } = await client.call("ml_llm_prepare", args);
      expect(isError, text).toBe(true);
      texts.push(text);
    }
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "invalid_input: dataset: its columns (question, answer) are of no format of examples
      \`columns\` says which play its parts, as {prompt: 'question', completion: 'answer'}. Formats: preference (chosen, rejected), kto (prompt, completion, label), messages (messages), sharegpt (conversations), alpaca (instruction, output), prompt_completion (prompt, completion), text (text).
      not_found: columns.prompt: no column \`questoin\`; did you mean \`question\`?
      Columns: question, answer.
      invalid_input: to: preference holds pairs; the dataset holds answers
      It can become messages, sharegpt, alpaca, prompt_completion, text.
      invalid_input: model: turns become text by a model's template
      Name the model."
    `);
  });

  test("the same call gives the same versions", async ({ client, write }) => {
    const source = write("again.jsonl", lines(CHATS));
    const made = async () =>
      z
        .object({ datasets: z.array(z.object({ dataset: z.string(), hash: z.string() })) })
        .parse((await client.call("ml_llm_prepare", { dataset: source, name: "again" })).structured).datasets;
    expect(await made()).toEqual(await made());
  });
});
