import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { connect } from "../../support/client.ts";
import { fromSource, root, scratch, test } from "../../support/server.ts";
import { ingested } from "./ingested.ts";
import { type Asked, scripted, vectorOf } from "./model-server.ts";

async function serve(env: Record<string, string>) {
  const { folder, remove } = scratch();
  const client = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: folder, ...env } });
  onTestFinished(async () => {
    await client.close();
    remove();
  });
  return client;
}

const ollama =
  (model_info: Record<string, unknown>) =>
  (path: string, { input }: Asked) =>
    path === "/api/show"
      ? { status: 200, body: { model_info } }
      : { status: 200, body: { embeddings: input.map(vectorOf) } };

describe("embedding by name", () => {
  test("ollama: asks with the model's prefixes, never lets it cut, and answers questions", async ({ write }) => {
    const { url, asked } = await scripted(ollama({ "nomic-bert.context_length": 2048 }));
    const client = await serve({
      ML_ENGINE_OLLAMA_URL: url,
      ML_ENGINE_OFFLINE: "1",
      ML_ENGINE_ALLOW_DIRS: join(write("x", ""), ".."),
    });
    const source = write("pets.md", "Dogs may come on Fridays.");
    const made = await ingested(client, { collection: "o", source, embedding: "ollama:nomic-embed-text" });
    expect(made.text).toContain("1 added; 1 chunks written");
    expect(made.structured).toMatchObject({ embedding: "ollama:nomic-embed-text" });
    const found = await client.call("ml_rag_query", { collection: "o", query: "dogs", strategy: "vector" });
    expect(found.structured).toMatchObject({ results: [{ document: "pets.md" }] });
    const embeds = asked.filter(({ path }) => path === "/api/embed").map(({ body }) => body);
    expect(embeds.map(({ input }) => input)).toEqual([
      ["dimensions"],
      ["search_document: Dogs may come on Fridays."],
      ["search_query: dogs"],
    ]);
    expect(embeds.every(({ truncate }) => truncate === false)).toBe(true);
    const other = await ingested(client, { collection: "o", source, embedding: "all-MiniLM-L6-v2" });
    expect(other.text).toMatchInlineSnapshot(`
      "conflict: embedding: \`o\` is embedded by ollama:nomic-embed-text, not by all-MiniLM-L6-v2.
      Leave \`embedding\` out, or make another collection."
    `);
  });

  test("ollama: says what is missing", async ({ write }) => {
    const { url } = await scripted((path) =>
      path === "/api/show"
        ? { status: 404, body: { error: "model 'nope' not found" } }
        : { status: 400, body: { error: "the input length exceeds the context length" } },
    );
    const source = write("pets.md", "Dogs may come on Fridays.");
    const env = { ML_ENGINE_ALLOW_DIRS: join(source, "..") };
    const client = await serve({ ...env, ML_ENGINE_OLLAMA_URL: url });
    expect((await ingested(client, { collection: "o", source, embedding: "ollama:nope" })).text).toMatchInlineSnapshot(`
      "not_found: embedding: Ollama has no model \`nope\`.
      Run \`ollama pull nope\`."
    `);
    const away = await serve({ ...env, ML_ENGINE_OLLAMA_URL: "http://127.0.0.1:9" });
    expect((await ingested(away, { collection: "o", source, embedding: "ollama:nope" })).text).toContain("ollama_url");
  });

  test("ollama: a chunk too long for the model is an error, and nothing is written of it", async ({ write }) => {
    const { url } = await scripted((path, { input }) => {
      if (path === "/api/show") return { status: 200, body: { model_info: {} } };
      return input.some((text) => text.length > 100)
        ? { status: 400, body: { error: "the input length exceeds the context length" } }
        : { status: 200, body: { embeddings: input.map(vectorOf) } };
    });
    const source = write("long.md", "Dogs may come on Fridays. ".repeat(20));
    const client = await serve({ ML_ENGINE_OLLAMA_URL: url, ML_ENGINE_ALLOW_DIRS: join(source, "..") });
    const { text } = await ingested(client, { collection: "o", source, embedding: "ollama:tiny" });
    expect(text).toMatchInlineSnapshot(`
      "invalid_input: embedding: a chunk is longer than tiny reads (the input length exceeds the context length).
      Give chunking a smaller size_tokens."
    `);
  });

  test("openai: sends the key, waits where the server is busy, and keeps the order", async ({ write }) => {
    const { url, asked } = await scripted((_, { input }, count) =>
      count === 2
        ? { status: 429, body: { error: { message: "slow down" } }, headers: { "retry-after": "1" } }
        : {
            status: 200,
            body: { data: input.map((text, index) => ({ index, embedding: vectorOf(text) })).toReversed() },
          },
    );
    const source = write("many/a.md", "Dogs may come on Fridays.");
    write("many/b.md", "Trains are booked in second class.");
    const client = await serve({
      ML_ENGINE_OPENAI_URL: `${url}/v1`,
      ML_ENGINE_OPENAI_KEY: "secret-key",
      ML_ENGINE_ALLOW_DIRS: join(source, ".."),
    });
    const made = await ingested(client, {
      collection: "a",
      source: join(source, ".."),
      embedding: "openai:text-embedding-3-small",
    });
    expect(made.structured, made.text).toMatchObject({ documents: { added: 2 } });
    const found = await client.call("ml_rag_query", {
      collection: "a",
      query: "trains booked",
      strategy: "vector",
      k: 1,
    });
    expect(found.structured).toMatchObject({ results: [{ document: "b.md" }] });
    expect(new Set(asked.map(({ path, key }) => `${path} ${key}`))).toEqual(
      new Set(["/v1/embeddings Bearer secret-key"]),
    );
    expect(JSON.stringify([made, found])).not.toContain("secret-key");
  });

  test("openai: what goes wrong is said", async ({ write }) => {
    const { url } = await scripted((_, { model, input }) => {
      if (model === "refused") return { status: 401, body: { error: { message: "bad key" } } };
      return {
        status: 200,
        body: { data: model === "few" ? [] : input.map((text, index) => ({ index, embedding: vectorOf(text) })) },
      };
    });
    const source = write("pets.md", "Dogs may come on Fridays.");
    const env = { ML_ENGINE_ALLOW_DIRS: join(source, "..") };
    const client = await serve({ ...env, ML_ENGINE_OPENAI_URL: url });
    const said = async (embedding: string) => (await ingested(client, { collection: "e", source, embedding })).text;
    expect(await said("openai:refused")).toContain("answered 401: bad key");
    expect(await said("openai:few")).toContain("one vector for each text");
    expect(await said("bert-huge")).toContain("there is no model `bert-huge`");
    const offline = await serve({ ...env, ML_ENGINE_OPENAI_URL: "https://api.example.org/v1", ML_ENGINE_OFFLINE: "1" });
    expect((await ingested(offline, { collection: "e", source, embedding: "openai:x" })).text).toContain("offline");
  });

  test("folder: a sentence-transformers model is made ready once and known by its content", async ({
    client,
    write,
    workspace,
  }) => {
    const folder = join(workspace, "files", "tiny-bge");
    const made = (kind: string) =>
      execFileSync(join(root, "python/.venv/bin/python"), ["-m", "tests.embedding.tiny", folder, kind], {
        cwd: join(root, "python"),
      });
    const source = write("pets.md", "Dogs may come on Fridays.");
    made("cls");
    const first = await ingested(client, { collection: "f", source, embedding: `folder:${folder}` });
    expect(first.structured, first.text).toMatchObject({
      documents: { added: 1 },
      embedding: expect.stringMatching(/^folder:tiny-bge@[0-9a-f]{12}$/),
    });
    expect(
      (await ingested(client, { collection: "f", source, embedding: `folder:${folder}` })).structured,
    ).toMatchObject({ documents: { unchanged: 1 } });
    expect(
      (await client.call("ml_rag_query", { collection: "f", query: "dogs", strategy: "vector" })).structured,
    ).toMatchObject({ results: [{ document: "pets.md" }] });
    made("mean");
    expect((await ingested(client, { collection: "f", source, embedding: `folder:${folder}` })).text).toContain(
      "is embedded by folder:tiny-bge@",
    );
    made("max");
    expect(
      (await ingested(client, { collection: "g", source, embedding: `folder:${folder}` })).text,
    ).toMatchInlineSnapshot(`
      "invalid_input: embedding: the model in \`tiny-bge\` pools by pooling_mode_max_tokens, not by mean or cls alone.
      Serve it by Ollama or an OpenAI endpoint: ollama:MODEL, openai:MODEL."
    `);
    expect((await ingested(client, { collection: "g", source, embedding: "folder:/etc" })).isError).toBe(true);
  });
});
