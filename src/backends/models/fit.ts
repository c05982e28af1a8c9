import { availableParallelism } from "node:os";
import type { Fit, ModelFile, ServedBy, ServeSettings } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";

/** Memory a server takes beside weights and cache: measured on small models with one slot, and generous. */
const OVERHEAD_BYTES: Readonly<Record<ServedBy, number>> = {
  llamacpp: 150e6,
  ollama: 250e6,
  candle: 300e6,
  vllm: 2300e6,
  openai: 0,
};
/** Of activations, as a share of the weights. */
const OVERHEAD_SHARE = 0.05;
/** Bits of one value of the cache against the 16 it is counted with. */
const KV_SHARE = { f16: 1, q8_0: 8.5 / 16, q4_0: 4.5 / 16 };

/** What a model needs to be served so, and whether there is as much. */
export function fitOf(
  file: Pick<ModelFile, "bytes" | "kv_bytes_per_token">,
  backend: ServedBy,
  { context_tokens, parallel, kv_type }: Pick<ServeSettings, "context_tokens" | "parallel" | "kv_type">,
  available_bytes: number,
): Fit {
  const kv_bytes = Math.ceil((file.kv_bytes_per_token ?? 0) * context_tokens * parallel * KV_SHARE[kv_type]);
  const overhead_bytes = Math.ceil(OVERHEAD_BYTES[backend] + file.bytes * OVERHEAD_SHARE);
  const needed_bytes = file.bytes + kv_bytes + overhead_bytes;
  return {
    fits: needed_bytes <= available_bytes,
    needed_bytes,
    available_bytes,
    weights_bytes: file.bytes,
    kv_bytes,
    overhead_bytes,
  };
}

export function refuseMisfit({ needed_bytes, available_bytes, weights_bytes, kv_bytes, overhead_bytes }: Fit): never {
  throw new ToolError(
    "refused",
    `The model does not fit: it needs ${gb(needed_bytes)} (weights ${gb(weights_bytes)}, keys and values ${gb(kv_bytes)}, else ${gb(overhead_bytes)}), and ${gb(available_bytes)} are free.`,
    "Lower `context_tokens` or `parallel` of `settings`, give `kv_type` q8_0, or quantize it with ml_llm_quantize.",
  );
}

const gb = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

/**
 * Threads of a server when nobody says. ggml's wait in a loop for each other, so on few cores a second one makes
 * decoding many times slower as soon as anything else runs; beyond, half are about the physical cores.
 */
export const defaultThreads = (cores = availableParallelism()) => (cores <= 4 ? 1 : Math.floor(cores / 2));
