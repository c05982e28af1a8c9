import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished } from "vitest";
import { z } from "zod";
import { isAlive } from "../../../src/runtime/processes.ts";
import { isHere, SMALL, smallModel } from "../../support/backends.ts";
import { type Answer, connect, ERAS, type TestClient } from "../../support/client.ts";
import { fromSource, test } from "../../support/server.ts";
import { counted, DONE, said, streamingServer } from "../../support/streaming-server.ts";

const Served = z.looseObject({
  model: z.string().nullable(),
  url: z.string().nullable(),
  text: z.string().nullable(),
  finish_reason: z.string().nullable(),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullable(),
  timings: z.looseObject({ ttft_ms: z.number().nullable(), tokens_per_second: z.number().nullable() }).nullable(),
  servers: z.array(
    z.looseObject({
      id: z.string(),
      healthy: z.boolean(),
      memory_bytes: z.number().nullable(),
      metrics: z.record(z.string(), z.number()),
    }),
  ),
  tokens: z.array(z.number()),
  embeddings: z.array(z.array(z.number())),
  warnings: z.array(z.string()),
});
const served = ({ structured, isError, text }: Answer) => {
  if (isError) throw new Error(text);
  return Served.parse(structured);
};
const serve = async (client: TestClient, args: Record<string, unknown>) =>
  served(await client.call("ml_inference_serve", args));
/** The numbers of what a workspace's servers are. */
const pids = (workspace: string) =>
  readdirSync(join(workspace, "servers"))
    .filter((name) => name.endsWith(".pid"))
    .map((name) => Number(readFileSync(join(workspace, "servers", name), "utf8")));
const gone = async (pid: number) => {
  for (let waited = 0; waited < 100 && isAlive(pid, null); waited += 1) await sleep(100);
  return !isAlive(pid, null);
};
const STORY = [{ role: "user", content: "Name three colours." }];

describe.runIf(isHere("llamacpp"))("llama.cpp", () => {
  test("is started, talks, says how fast, and is stopped", async ({ client, workspace }) => {
    const { url, servers } = await serve(client, { action: "start", model: SMALL, settings: { context_tokens: 512 } });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    expect(servers[0]).toMatchObject({ healthy: true });
    const heard: string[] = [];
    const answer = await client.call(
      "ml_inference_serve",
      { action: "chat", messages: STORY, max_tokens: 24 },
      { onProgress: ({ message }) => heard.push(message ?? "") },
    );
    const { text, usage, timings, finish_reason } = served(answer);
    expect(text).toMatch(/\w/);
    expect(usage?.completion_tokens).toBe(24);
    expect(finish_reason).toBe("length");
    expect(timings?.tokens_per_second).toBeGreaterThan(0);
    // What was said so far comes as progress while it is said.
    expect(heard.length).toBeGreaterThan(0);
    for (const part of heard.slice(1)) expect(text?.startsWith(part.slice(0, 10))).toBe(true);
    // Greedy decoding answers the same again.
    expect((await serve(client, { action: "chat", messages: STORY, max_tokens: 24 })).text).toBe(text);
    const raw = await serve(client, { action: "generate", prompt: "The capital of France is", max_tokens: 2 });
    expect(raw.text).toMatch(/Paris/);
    expect(
      (await client.call("ml_inference_serve", { action: "inspect", model: SMALL, backend: "vllm" })).text,
    ).toMatch(
      /^smollm2-135m-instruct \(gguf\): llama, 134\.5 M parameters, Q4_1, 0\.09836 GB; context 8192; 23040 bytes of keys/,
    );
    const { tokens } = await serve(client, { action: "tokenize", prompt: "The capital of France is" });
    expect(tokens).toHaveLength(5);
    const schema = { type: "object", properties: { colour: { enum: ["red", "blue"] } }, required: ["colour"] };
    const held = await serve(client, { action: "chat", messages: STORY, max_tokens: 24, schema });
    expect(["red", "blue"]).toContain(z.object({ colour: z.string() }).parse(JSON.parse(held.text ?? "")).colour);
    const [status] = (await serve(client, { action: "status" })).servers;
    expect(status?.metrics["llamacpp:tokens_predicted_total"]).toBeGreaterThan(24);
    const long = await client.call("ml_inference_serve", { action: "generate", prompt: "word ".repeat(600) });
    expect(long.text).toContain("context_overflow");
    const [pid = 0] = pids(workspace);
    expect((await client.call("ml_inference_serve", { action: "stop", model: SMALL })).text).toMatchInlineSnapshot(
      `"smollm2-135m-instruct is stopped."`,
    );
    expect(await gone(pid)).toBe(true);
    expect(readdirSync(join(workspace, "servers")).filter((name) => /json|pid/.test(name))).toEqual([]);
  });

  test("two engines that start the same model share one server", async ({ client, workspace }) => {
    const other = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: workspace } });
    onTestFinished(() => other.close());
    const args = { action: "start", backend: "llamacpp", model: SMALL, settings: { context_tokens: 256 } };
    const [one, two] = await Promise.all([serve(client, args), serve(other, args)]);
    expect(one.url).toBe(two.url);
    expect([...one.warnings, ...two.warnings]).toEqual(["It ran already, started so; nothing was started."]);
    expect((await serve(other, { action: "generate", prompt: "One, two,", max_tokens: 4 })).text).toMatch(/three/);
    await serve(client, { action: "stop", model: SMALL });
  });

  test("ends with an engine that is killed, and with a keeper that is", async ({ workspace, client }) => {
    await serve(client, { action: "list" });
    for (const victim of ["engine", "keeper"]) {
      const doomed = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: workspace } });
      await serve(doomed, { action: "start", backend: "llamacpp", model: SMALL, settings: { context_tokens: 256 } });
      const [pid = 0] = pids(workspace);
      const keeper = Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
      process.kill(victim === "engine" ? doomed.pid : keeper, "SIGKILL");
      if (victim === "keeper")
        await expect.poll(async () => (await serve(doomed, { action: "status" })).servers).toEqual([]);
      expect(await gone(pid)).toBe(true);
      await doomed.close().catch(() => {});
    }
  });

  test("killed mid-answer is an error, and leaves nothing", async ({ client, workspace }) => {
    await serve(client, { action: "start", backend: "llamacpp", model: SMALL });
    const [pid = 0] = pids(workspace);
    let struck = false;
    const answer = await client.call(
      "ml_inference_serve",
      { action: "chat", messages: STORY, max_tokens: 2000, temperature: 1 },
      {
        onProgress: () => {
          if (!struck) process.kill(pid, "SIGKILL");
          struck = true;
        },
      },
    );
    expect(struck).toBe(true);
    expect(answer.text).toContain("broke off before its answer was whole");
    expect(await gone(pid)).toBe(true);
    await expect.poll(async () => (await serve(client, { action: "status" })).servers).toEqual([]);
  });

  test("a client that leaves in the middle of an answer leaves no process", async ({ workspace }) => {
    const leaver = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: workspace } });
    await serve(leaver, { action: "start", backend: "llamacpp", model: SMALL, settings: { context_tokens: 512 } });
    const [pid = 0] = pids(workspace);
    const asked = { action: "chat", messages: STORY, max_tokens: 400, temperature: 1 };
    await new Promise<void>((resolve) => {
      const call = leaver.call("ml_inference_serve", asked, { onProgress: () => resolve() });
      call.catch(() => {});
    });
    await leaver.close();
    expect(await gone(pid)).toBe(true);
    expect(await gone(leaver.pid)).toBe(true);
  });

  test("refuses what does not fit or is not whole, and starts nothing", async ({ client, write, workspace }) => {
    const cut = write("cut.gguf", "");
    copyFileSync(smallModel, cut);
    truncateSync(cut, statSync(cut).size - 4096);
    const call = (args: Record<string, unknown>) => client.call("ml_inference_serve", { action: "start", ...args });
    expect((await call({ model: cut })).text).toMatch(/`cut\.gguf` is cut off: it has \d+ bytes of \d+/);
    const wide = await call({ model: SMALL, backend: "llamacpp", settings: { context_tokens: 8192, parallel: 1000 } });
    expect(wide.text).toMatch(/does not fit: it needs 18\d\.\d\d GB \(weights 0\.10 GB, keys and values 188\.74 GB/);
    expect((await call({ model: SMALL, settings: { context_tokens: 9000 } })).text).toContain(
      "more than the 8192 the model was trained",
    );
    expect((await call({ model: SMALL, backend: "vllm" })).text).toMatch(/vllm (is not installed|serves safetensors)/);
    expect((await call({ model: SMALL, backend: "openai" })).text).toContain("they are not started here");
    expect((await call({ model: "nothing" })).text).toContain("there are no files of a model `nothing`");
    expect(pids(workspace)).toEqual([]);
  });

  test("takes adapters as they are for it, and says where others belong", async ({ client, write, workspace }) => {
    write("lora/adapter_model.safetensors", "");
    const folder = join(write("lora/adapter_config.json", '{"r": 8}'), "..");
    const texts: string[] = [];
    for (const [backend, adapter] of [
      ["llamacpp", folder],
      ["llamacpp", write("words.gguf", "no GGUF")],
      ["llamacpp", "no-such-adapter"],
      ["ollama", folder],
    ])
      texts.push((await client.call("ml_inference_serve", { action: "start", model: SMALL, backend, adapter })).text);
    expect(texts.join("\n")).toMatchInlineSnapshot(`
      "invalid_input: adapter: \`lora\` is safetensors, and llamacpp takes GGUF.
      ml_llm_finetune with action export and into gguf_adapter makes one.
      invalid_input: adapter: \`words.gguf\` is no GGUF of an adapter.
      ml_llm_finetune with action export and into gguf_adapter makes one.
      invalid_input: adapter: \`no-such-adapter\` is neither registered nor a file.
      ml_llm_finetune with action \`list\` says which are.
      invalid_input: adapter: ollama is not given adapters here.
      Take llamacpp (GGUF) or vllm, or serve the model it was merged into."
    `);
    expect((await client.call("ml_inference_serve", { action: "inspect", model: folder })).text).toContain(
      "is an adapter, which is not served alone",
    );
    expect(pids(workspace)).toEqual([]);
  });
});

describe.runIf(isHere("ollama"))("Ollama", () => {
  test("serves a file, counts what it read, and never cuts a prompt", async ({ client, workspace }) => {
    await serve(client, { action: "start", backend: "ollama", model: SMALL, settings: { context_tokens: 512 } });
    const ask = (args: Record<string, unknown>) => client.call("ml_inference_serve", { backend: "ollama", ...args });
    const { text, usage } = served(
      await ask({ action: "generate", prompt: "The capital of France is", max_tokens: 2 }),
    );
    expect(text).toMatch(/Paris/);
    expect(usage).toEqual({ prompt_tokens: 5, completion_tokens: 2 });
    const schema = { type: "object", properties: { size: { enum: ["big", "small"] } }, required: ["size"] };
    const held = served(await ask({ action: "chat", messages: STORY, max_tokens: 64, schema }));
    expect(["big", "small"]).toContain(z.object({ size: z.string() }).parse(JSON.parse(held.text ?? "")).size);
    expect((await ask({ action: "tokenize", prompt: "x" })).text).toContain("ollama does not say");
    const [vector] = served(await ask({ action: "embed", input: ["hello"] })).embeddings;
    expect(vector).toHaveLength(576);
    expect((await ask({ action: "generate", prompt: "word ".repeat(600) })).text).toContain("context_overflow");
    expect((await ask({ action: "chat", messages: [{ role: "user", content: "word ".repeat(600) }] })).text).toContain(
      "context_overflow",
    );
    const [pid = 0] = pids(workspace);
    await serve(client, { action: "stop", model: SMALL, backend: "ollama" });
    expect(await gone(pid)).toBe(true);
  });
});

describe.runIf(isHere("candle"))("Candle", () => {
  test("goes on from a prompt and chats, by the name we know the model by", async ({ client }) => {
    const here = { backend: "candle", model: SMALL };
    await serve(client, { action: "start", ...here, settings: { context_tokens: 512 } });
    onTestFinished(async () => {
      await client.call("ml_inference_serve", { action: "stop", ...here });
    });
    const asked = { action: "generate", ...here, prompt: "The capital of France is", max_tokens: 8 };
    const { text, finish_reason } = await serve(client, asked);
    expect(text).toContain("Paris");
    expect(finish_reason).toBe("length");
    const said = await serve(client, { action: "chat", ...here, messages: STORY, max_tokens: 8 });
    expect(said.usage?.completion_tokens).toBe(8);
  });
});

describe.each(ERAS)("the client's own model, %s", (era) => {
  test("answers through the protocol, and is no backend of a job", async ({ workspace }) => {
    const env = { ML_ENGINE_WORKSPACE: workspace };
    const client = await connect(era, { ...fromSource, env }, (text) => `heard: ${text}`);
    onTestFinished(() => client.close());
    const said = served(
      await client.call("ml_inference_serve", { action: "chat", backend: "client", messages: STORY }),
    );
    expect(said).toMatchObject({ text: "heard: Name three colours.", model: "the-hosts-own", finish_reason: "stop" });
    const raw = await client.call("ml_inference_serve", {
      action: "generate",
      more: { backend: "client" },
      prompt: "x",
    });
    expect(served(raw).text).toBe("heard: x");
    const other = await client.call("ml_inference_serve", { action: "embed", backend: "client", input: "x" });
    expect(other.text).toContain("`client` takes chat and generate, not `embed`.");
  });

  test("is not there where the client offers none", async ({ workspace }) => {
    const client = await connect(era, { ...fromSource, env: { ML_ENGINE_WORKSPACE: workspace } });
    onTestFinished(() => client.close());
    const { text } = await client.call("ml_inference_serve", { action: "chat", backend: "client", messages: STORY });
    expect(text).toContain("this client does not offer its model");
  });
});

describe("an address", () => {
  test("is asked as OpenAI's API has it", async ({ client }) => {
    const server = await streamingServer();
    onTestFinished(() => server.close());
    server.script = [said("Hi"), said("", "stop"), counted(3, 1), DONE];
    const { text, usage, model } = await serve(client, { action: "chat", url: server.url, messages: STORY });
    expect({ text, usage, model }).toEqual({
      text: "Hi",
      usage: { prompt_tokens: 3, completion_tokens: 1 },
      model: "scripted",
    });
  });

  test("elsewhere is refused unless the settings name it", async ({ client }) => {
    const { text } = await client.call("ml_inference_serve", {
      action: "chat",
      url: "http://example.com/v1",
      messages: STORY,
    });
    expect(text).toContain("example.com is neither this machine nor a server named in the settings");
  });
});

test("says what is missing and how to begin", async ({ client }) => {
  const { text } = await client.call("ml_inference_serve", {});
  expect(text).toMatch(/llamacpp: (installed|not installed; `npm run setup -- --with llamacpp` adds it)\./);
  expect((await client.call("ml_inference_serve", { action: "chat" })).text).toMatchInlineSnapshot(
    `"invalid_input: \`chat\` needs \`messages\`."`,
  );
  const unserved = await client.call("ml_inference_serve", { action: "generate", prompt: "x", model: "nothing" });
  expect(unserved.text).toContain("`nothing` is not served.");
});
