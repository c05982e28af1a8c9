import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openAiBackend } from "../../src/backends/serving/openai.ts";
import { events } from "../../src/backends/serving/sse.ts";
import { counted, DONE, event, type StreamingServer, said, streamingServer } from "../support/streaming-server.ts";

let server: StreamingServer;
beforeAll(async () => {
  server = await streamingServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.status = 200;
  server.cut = false;
});

const { signal } = new AbortController();
const asked = {
  prompt: undefined,
  messages: [{ role: "user", content: "Hello" }],
  max_tokens: 10,
  temperature: 0,
  seed: 0,
  signal,
} as const;
const generate = () => openAiBackend("openai", server.url, undefined).generate("scripted", asked);

test("an answer is whole, and only its tokens are counted as such", async () => {
  server.script = [
    event({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }),
    30,
    said("Hel"),
    20,
    said("lo"),
    said("", "stop"),
    counted(7, 2),
    DONE,
  ];
  const { text, pieces, usage, finish_reason } = await generate();
  expect({ text, usage, finish_reason }).toEqual({
    text: "Hello",
    usage: { prompt_tokens: 7, completion_tokens: 2 },
    finish_reason: "stop",
  });
  expect(pieces).toHaveLength(2);
  // vLLM's first event is the role alone; the first token came 30 ms after it.
  expect(pieces[0]?.at_ms).toBeGreaterThan(29);
  expect(server.asked.at(-1)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
});

test("events are the same however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 6 }),
      fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 30 }),
      fc.constantFrom("\n", "\r\n"),
      async (texts, sizes, end) => {
        const bytes = new TextEncoder().encode(
          texts.map((text) => `data: ${JSON.stringify(text)}${end}${end}`).join(""),
        );
        const cut = new ReadableStream<Uint8Array>({
          start(controller) {
            for (let [from, turn] = [0, 0]; from < bytes.length; turn += 1) {
              const size = 1 + (sizes[turn % sizes.length] ?? 0);
              controller.enqueue(bytes.slice(from, from + size));
              from += size;
            }
            controller.close();
          },
        });
        const heard: unknown[] = [];
        for await (const data of events(cut)) heard.push(JSON.parse(data));
        expect(heard).toEqual(texts);
      },
    ),
  );
});

test.each([
  ["the stream breaks off", [said("Hel")], true],
  ["it ends without saying why", [said("Hel")], false],
  ["it says that it failed", [said("Hel"), event({ error: { message: "out of memory" } })], false],
  ["an event is cut in two", [said("Hel"), 'data: {"choi'], true],
])("is an error where %s", async (_, script, cut) => {
  server.script = script;
  server.cut = cut;
  await expect(generate()).rejects.toMatchObject({
    kind: "failed",
    message: expect.stringMatching(/^The server at 127\.0\.0\.1:\d+ broke off before its answer was whole\.$/),
  });
});

test.each([
  [400, { error: { message: "This model's maximum context length is 2048 tokens." } }, "context_overflow"],
  [400, { error: { type: "exceed_context_size_error", message: "…" } }, "context_overflow"],
  [404, { error: { message: "model not found" } }, "has no such model"],
  [401, {}, "wants another key"],
  [500, { error: "boom" }, "answered 500"],
])("status %i is told", async (status, body, words) => {
  server.status = status;
  server.script = [JSON.stringify(body)];
  await expect(generate()).rejects.toThrow(words);
});

test("nobody there is told", async () => {
  const gone = openAiBackend("openai", "http://127.0.0.1:9/v1", undefined);
  await expect(gone.generate("x", asked)).rejects.toThrow("No server answers at 127.0.0.1:9.");
  expect(await gone.isHealthy(signal)).toBe(false);
});
