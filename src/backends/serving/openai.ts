import { z } from "zod";
import type { Asked, Backend, Generated, ServedBy } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";
import { Pieces } from "./pieces.ts";
import { events } from "./sse.ts";

const Chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: z.looseObject({ content: z.string().nullish() }).optional(),
        text: z.string().nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
  error: z.unknown().optional(),
});
const Models = z.object({ data: z.array(z.looseObject({ id: z.string() })) });
const Embedded = z.object({ data: z.array(z.looseObject({ embedding: z.array(z.number()) })) });
const Tokens = z.object({ tokens: z.array(z.int()) });
const PATIENCE_MS = 2000;
const OVERFLOW =
  /exceed_context_size|context.{0,15}(?:length|window|size)|too (?:long|many tokens)|maximum (?:model|context) length/i;

/** A server that speaks OpenAI's API: llama.cpp, vLLM, mistral.rs (Candle), a provider. */
export function openAiBackend(kind: ServedBy, url: string, key: string | undefined): Backend {
  const base = url.replace(/\/+$/, "");
  const { host } = new URL(base);
  // These two lie beside OpenAI's routes.
  const root = base.replace(/\/v\d+$/, "");
  const headers = { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) };
  const read = async (path: string, signal: AbortSignal) => {
    const response = await fetch(`${base}${path}`, { headers, signal });
    if (!response.ok) throw refusal(host, response.status, await response.text());
    return (await response.json()) satisfies unknown;
  };
  const post = async (path: string, body: object, signal: AbortSignal) => {
    const response = await fetch(`${base}${path}`, { method: "POST", headers, body: JSON.stringify(body), signal });
    if (!response.ok) throw refusal(host, response.status, await response.text());
    return response;
  };
  return {
    kind,
    url: base,
    key,
    isHealthy: (signal) =>
      read("/models", AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])).then(
        () => true,
        () => false,
      ),
    models: async (signal) =>
      Models.parse(await reached(host, signal, read("/models", signal))).data.map(({ id }) => id),
    generate: (model, asked) => reached(host, asked.signal, stream(model, asked)),
    embed: async (model, texts, signal) => {
      const response = await reached(host, signal, post("/embeddings", { model, input: texts }, signal));
      return Embedded.parse(await response.json()).data.map(({ embedding }) => embedding);
    },
    tokenize: async (model, text, signal) => {
      if (kind !== "llamacpp" && kind !== "vllm") throw untold(kind);
      const body = JSON.stringify(kind === "vllm" ? { model, prompt: text } : { content: text });
      const asked = fetch(`${root}/tokenize`, { method: "POST", headers, body, signal });
      return Tokens.parse(
        await reached(
          host,
          signal,
          asked.then((response) => response.json()),
        ),
      ).tokens;
    },
    metrics: async (signal) => {
      const response = await reached(host, signal, fetch(`${root}/metrics`, { headers, signal }));
      return response.ok ? metricsIn(await response.text()) : {};
    },
  };

  async function stream(model: string, asked: Asked): Promise<Generated> {
    const { prompt, messages, max_tokens, temperature, seed, signal } = asked;
    const heard = new Pieces(asked.onPiece);
    const options = {
      ...{ model, max_tokens, temperature, seed, stream: true, stream_options: { include_usage: true } },
      // A field of theirs; others refuse what they do not know.
      ...(asked.ignore_eos && (kind === "llamacpp" || kind === "vllm") && { ignore_eos: true }),
    };
    const response =
      prompt === undefined
        ? await post("/chat/completions", { ...options, messages, ...(asked.schema && heldTo(asked.schema)) }, signal)
        : await post("/completions", { ...options, prompt }, signal);
    let [usage, finish]: [Generated["usage"], string | undefined] = [undefined, undefined];
    for await (const data of events(bodyOf(response))) {
      if (data === "[DONE]") break;
      const chunk = Chunk.parse(JSON.parse(data));
      if (chunk.error !== undefined) throw broken(host);
      usage = chunk.usage ?? usage;
      const [choice] = chunk.choices;
      heard.hear(choice?.delta?.content ?? choice?.text ?? "");
      finish = choice?.finish_reason ?? finish;
    }
    if (finish === undefined) throw broken(host);
    return {
      ...heard.whole(),
      finish_reason: finish === "length" ? "length" : "stop",
      usage: usage && { prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens },
    };
  }
}

/** As OpenAI has it, which all of them take; vLLM's own `guided_json` of earlier versions is ignored by it without a word. */
const heldTo = (schema: object) => ({
  response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
});

export const untold = (kind: ServedBy) =>
  new ToolError("unavailable", `${kind} does not say what a text's tokens are.`, "llamacpp and vllm do.");

/** Prometheus' text format: the last value of each name, labels left out. */
const metricsIn = (text: string): Record<string, number> =>
  Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const [, name, value] = /^([A-Za-z_:][\w:]*)(?:\{[^}]*\})? (\S+)/.exec(line) ?? [];
      return name === undefined || !Number.isFinite(Number(value)) ? [] : [[name, Number(value)]];
    }),
  );

export function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  if (!body) throw new ToolError("failed", "The server answered without a body.");
  return body;
}

export const broken = (host: string) =>
  new ToolError(
    "failed",
    `The server at ${host} broke off before its answer was whole.`,
    "ml_inference_serve with action `status` shows its last lines; `start` starts it again.",
  );

/** What a server answered, or why nobody did. */
export async function reached<T>(host: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ToolError || signal.aborted) throw error;
    const cut = error instanceof Error && /terminated|aborted|closed|reset|JSON|premature/i.test(error.message);
    const told =
      cut || error instanceof SyntaxError || error instanceof z.ZodError
        ? broken(host)
        : new ToolError(
            "unavailable",
            `No server answers at ${host}.`,
            "ml_inference_serve with action `start` starts one.",
          );
    told.cause = error;
    throw told;
  }
}

export function refusal(host: string, status: number, body: string): ToolError {
  const error = said(host, status, body);
  error.cause = body.slice(0, 2000);
  return error;
}

function said(host: string, status: number, body: string): ToolError {
  const where = `The server at ${host}`;
  if (OVERFLOW.test(body) && status < 500) return overflow();
  if (status === 401 || status === 403) return new ToolError("refused", `${where} wants another key (${status}).`);
  if (status === 404)
    return new ToolError("not_found", `${where} has no such model or route (404).`, "Action `list` names its models.");
  return new ToolError("failed", `${where} answered ${status}.`, "Action `status` shows its last lines.");
}

export const overflow = (more = "") =>
  new ToolError(
    "invalid_input",
    `context_overflow: the prompt and \`max_tokens\` are more than the model's context holds${more}.`,
    "Shorten the prompt, lower `max_tokens`, or start the model with a larger `context_tokens`.",
  );
