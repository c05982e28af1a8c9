import { z } from "zod";
import { ToolError } from "../../kernel/errors.ts";
import type { EmbeddingServer } from "./server.ts";

const Answer = z.object({ data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })) });
const Failure = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });
/** What OpenAI's models read at once; other servers say themselves that a text is too long. */
const MAX_TOKENS = 8191;
const [TRIES, FIRST_WAIT_MS] = [5, 500];

export interface OpenAiOptions {
  /** Up to and with its version, as `https://api.openai.com/v1`. */
  readonly url: string;
  readonly key: string | undefined;
  readonly count: (text: string) => number;
}

/** A model behind an endpoint that speaks OpenAI's `/embeddings`. */
export const openAiServer = (model: string, { url, key, count }: OpenAiOptions): EmbeddingServer => ({
  name: `openai:${model}`,
  max_tokens: MAX_TOKENS,
  count,
  request: async (texts, signal) => {
    const response = await patiently(signal, () =>
      fetch(`${url.replace(/\/+$/, "")}/embeddings`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
        body: JSON.stringify({ model, input: texts, encoding_format: "float" }),
        signal,
      }),
    );
    const { data } = Answer.parse(await response.json());
    return data.toSorted((one, other) => one.index - other.index).map(({ embedding }) => embedding);
  },
});

/** The answer; where the server is busy, waits as long as it says and asks again. */
async function patiently(signal: AbortSignal, ask: () => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await ask().catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ToolError(
        "unavailable",
        `embedding: the OpenAI endpoint cannot be reached (${reason(error)}).`,
        "Check the settings openai_url and openai_key.",
      );
    });
    if (response.ok) return response;
    const busy = response.status === 429 || response.status >= 500;
    if (!busy || attempt >= TRIES) throw await refused(response);
    const seconds = Number(response.headers.get("retry-after"));
    await response.body?.cancel();
    await pause(seconds > 0 ? Math.min(seconds, 60) * 1000 : FIRST_WAIT_MS * 2 ** (attempt - 1), signal);
  }
}

async function refused(response: Response): Promise<ToolError> {
  const text = (await response.text()).slice(0, 2000);
  const found = Failure.safeParse(parsedJson(text)).data?.error;
  const message = typeof found === "string" ? found : (found?.message ?? text);
  return new ToolError(
    "unavailable",
    `embedding: the OpenAI endpoint answered ${response.status}: ${message.slice(0, 300)}`,
    response.status === 401
      ? "Check the setting openai_key."
      : "Check the model's name, and that chunks fit its limit.",
  );
}

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
