import { openAsBlob } from "node:fs";
import { z } from "zod";
import type { Asked, Backend, Generated, ServeSettings } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";
import { sha256 } from "../models/digest.ts";
import { bodyOf, broken, overflow, reached, refusal, untold } from "./openai.ts";
import { Pieces } from "./pieces.ts";
import { HOST, type Recipe } from "./recipe.ts";
import { lines } from "./sse.ts";

const Line = z.looseObject({
  response: z.string().optional(),
  message: z.looseObject({ content: z.string() }).optional(),
  done: z.boolean().default(false),
  done_reason: z.string().optional(),
  prompt_eval_count: z.number().optional(),
  eval_count: z.number().optional(),
  error: z.string().optional(),
});
const Tags = z.object({ models: z.array(z.looseObject({ name: z.string() })) });
const Embedded = z.object({ embeddings: z.array(z.array(z.number())) });
const PATIENCE_MS = 2000;

/**
 * A server of Ollama by its own API, which says what it read. Left to itself it cuts a prompt that is too long and says
 * nothing: it is told not to (`truncate`, `shift`), and what it read is compared with what was sent.
 */
export function ollamaBackend(host: string, settings: OllamaSettings): Backend {
  const base = host.replace(/\/+$/, "").replace(/\/v1$/, "");
  const where = new URL(base).host;
  const post = async (path: string, body: object, signal: AbortSignal) => {
    const response = await fetch(`${base}${path}`, { method: "POST", body: JSON.stringify(body), signal });
    if (!response.ok) throw refusal(where, response.status, await response.text());
    return response;
  };
  const tags = async (signal: AbortSignal) => {
    const response = await fetch(`${base}/api/tags`, { signal });
    return Tags.parse(await response.json()).models.map(({ name }) => name);
  };
  return {
    kind: "ollama",
    url: `${base}/v1`,
    key: undefined,
    isHealthy: (signal) =>
      tags(AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])).then(
        () => true,
        () => false,
      ),
    models: (signal) => reached(where, signal, tags(signal)),
    generate: (model, asked) => reached(where, asked.signal, stream(model, asked)),
    embed: async (model, texts, signal) => {
      const response = await reached(
        where,
        signal,
        post("/api/embed", { model, input: texts, truncate: false }, signal),
      );
      return Embedded.parse(await response.json()).embeddings;
    },
    tokenize: () => Promise.reject(untold("ollama")),
    metrics: async () => ({}),
  };

  async function stream(model: string, asked: Asked): Promise<Generated> {
    const { prompt, messages, max_tokens, temperature, seed, signal } = asked;
    const heard = new Pieces(asked.onPiece);
    // It alone would punish words that were said before; at temperature 0 it would answer unlike all others.
    const options = { num_predict: max_tokens, temperature, seed, repeat_penalty: 1, ...optionsOf(settings) };
    const body = { model, options, truncate: false, shift: false };
    const response =
      prompt === undefined
        ? await post("/api/chat", { ...body, messages, ...(asked.schema && { format: asked.schema }) }, signal)
        : await post("/api/generate", { ...body, prompt, raw: true }, signal);
    let last: z.output<typeof Line> | undefined;
    for await (const line of lines(bodyOf(response))) {
      if (line.trim() === "") continue;
      const part = Line.parse(JSON.parse(line));
      if (part.error !== undefined) throw broken(where);
      heard.hear(part.response ?? part.message?.content ?? "");
      if (part.done) last = part;
    }
    if (!last) throw broken(where);
    const usage = usageOf(last);
    const least = fewestTokens(prompt ?? (messages ?? []).map(({ content }) => content).join(" "));
    if (usage && usage.prompt_tokens < least)
      throw overflow(`: it read ${usage.prompt_tokens} tokens of at least ${least}`);
    return { ...heard.whole(), finish_reason: last.done_reason === "length" ? "length" : "stop", usage };
  }
}

const usageOf = ({ prompt_eval_count: prompt_tokens, eval_count: completion_tokens }: z.output<typeof Line>) =>
  prompt_tokens === undefined || completion_tokens === undefined ? undefined : { prompt_tokens, completion_tokens };

/** The part of the settings that each request says; where they differ from the last one's, the model is loaded anew. */
type OllamaSettings = Partial<ServeSettings>;

const optionsOf = ({ context_tokens, threads, batch_tokens, gpu_layers }: OllamaSettings) => ({
  ...(context_tokens !== undefined && { num_ctx: context_tokens }),
  ...(threads !== undefined && { num_thread: threads }),
  ...(batch_tokens !== undefined && { num_batch: batch_tokens }),
  ...(gpu_layers !== undefined && { num_gpu: gpu_layers }),
});

export const ollama: Recipe = {
  program: "bin/ollama",
  onPath: "ollama",
  formats: ["gguf"],
  ready_seconds: 60,
  command: (_, { store }, { context_tokens, parallel, kv_type }, port) => ({
    args: ["serve"],
    env: {
      OLLAMA_HOST: `${HOST}:${port}`,
      OLLAMA_MODELS: store,
      OLLAMA_NO_CLOUD: "1",
      OLLAMA_KEEP_ALIVE: "-1",
      OLLAMA_CONTEXT_LENGTH: String(context_tokens),
      OLLAMA_NUM_PARALLEL: String(parallel),
      // It has other types of this cache with flash attention alone.
      ...(kv_type !== "f16" && { OLLAMA_KV_CACHE_TYPE: kv_type, OLLAMA_FLASH_ATTENTION: "1" }),
    },
  }),
  client: ollamaBackend,
  prepare: async (url, { file, name }, signal) => {
    const base = url.replace(/\/v1$/, "");
    const digest = `sha256:${await sha256(file.path, signal)}`;
    const blob = `${base}/api/blobs/${digest}`;
    const there = await fetch(blob, { method: "HEAD", signal });
    if (!there.ok) {
      const sent = await fetch(blob, { method: "POST", body: await openAsBlob(file.path), signal });
      if (!sent.ok) throw new ToolError("failed", `Ollama did not take the model's file (${sent.status}).`);
    }
    const made = await fetch(`${base}/api/create`, {
      method: "POST",
      body: JSON.stringify({ model: name, files: { "model.gguf": digest }, stream: false }),
      signal,
    });
    if (!made.ok) throw new ToolError("failed", `Ollama did not make a model of the file (${made.status}).`);
  },
};

/** No tokenizer joins words, so a text has at least as many tokens. */
const fewestTokens = (text: string) => text.split(/\s+/).filter((word) => word !== "").length;
