import type { Ollama } from "ollama";
import { ToolError } from "../../kernel/errors.ts";
import { reason } from "./openai.ts";
import type { EmbeddingServer } from "./server.ts";

/** Ollama's own default where a model does not say how much it reads at once. */
const DEFAULT_CONTEXT = 2048;

/** A model that an Ollama server runs. It is asked to refuse what is too long, not to cut it. */
export async function ollamaServer(
  model: string,
  { url, count }: { url: string; count: (text: string) => number },
): Promise<EmbeddingServer> {
  const { Ollama: Server } = await import("ollama");
  const asking = <T>(signal: AbortSignal | undefined, work: (server: Ollama) => Promise<T>): Promise<T> =>
    work(
      new Server({
        host: url,
        ...(signal && {
          fetch: (input: string | URL | Request, init?: RequestInit) => fetch(input, { ...init, signal }),
        }),
      }),
    ).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw failure(model, url, error);
    });
  const { model_info } = await asking(undefined, (server) => server.show({ model }));
  const entries: [string, unknown][] = Object.entries(model_info ?? {});
  const context = entries.find(([name]) => name.endsWith(".context_length"))?.[1];
  return {
    name: `ollama:${model}`,
    max_tokens: typeof context === "number" ? context : DEFAULT_CONTEXT,
    count,
    request: async (texts, signal) =>
      (await asking(signal, (server) => server.embed({ model, input: [...texts], truncate: false }))).embeddings,
  };
}

function failure(model: string, url: string, error: unknown): ToolError {
  const why = reason(error);
  if (/not found/i.test(why))
    return new ToolError("not_found", `embedding: Ollama has no model \`${model}\`.`, `Run \`ollama pull ${model}\`.`);
  if (/context length|too long/i.test(why))
    return new ToolError(
      "invalid_input",
      `embedding: a chunk is longer than ${model} reads (${why}).`,
      "Give chunking a smaller size_tokens.",
    );
  return new ToolError(
    "unavailable",
    `embedding: Ollama at ${url} failed: ${why}.`,
    "Check that it runs, and the setting ollama_url.",
  );
}
