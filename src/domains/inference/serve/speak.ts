import type { Generated } from "../../../kernel/backends.ts";
import { needed } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Served, ServeParams } from "../serve.ts";
import { nameOf } from "./models.ts";

const PROGRESS_MS = 100;

/** `generate` and `chat`: streams, and says how far it is with the text so far. */
export async function speak(params: ServeParams, ports: Ports): Promise<Partial<Served>> {
  const { action, max_tokens, temperature, seed } = params;
  const prompt = action === "generate" ? needed(params.prompt, "prompt", "generate") : undefined;
  const messages = action === "chat" ? needed(params.messages, "messages", "chat") : undefined;
  const { backend, model, serving } = await ports.backends.attach(params, ports.signal);
  let [text, count, told] = ["", 0, 0];
  const generated = await backend.generate(model, {
    prompt,
    messages,
    max_tokens,
    temperature,
    seed,
    signal: ports.signal,
    onPiece: (piece) => {
      text += piece.text;
      count += 1;
      if (piece.at_ms - told < PROGRESS_MS) return;
      told = piece.at_ms;
      ports.progress(Math.min(count, max_tokens), max_tokens, text);
    },
  });
  return {
    backend: backend.kind,
    model: serving ? nameOf(serving.model, ports.catalog) : model,
    url: backend.url,
    text: generated.text,
    finish_reason: generated.finish_reason,
    usage: generated.usage ?? null,
    timings: timingsOf(generated),
  };
}

/** Speed as it was seen from here; a server may send several tokens as one piece, so its own count is taken. */
export function timingsOf({ pieces, usage, total_ms }: Generated): NonNullable<Served["timings"]> {
  const first = pieces[0]?.at_ms ?? null;
  const last = pieces.at(-1)?.at_ms ?? null;
  const after = (usage?.completion_tokens ?? pieces.length) - 1;
  const took = first === null || last === null ? 0 : last - first;
  return { ttft_ms: first, tokens_per_second: after > 0 && took > 0 ? (1000 * after) / took : null, total_ms };
}

export async function embed(params: ServeParams, ports: Ports): Promise<Partial<Served>> {
  const input = needed(params.input, "input", "embed");
  const { backend, model, serving } = await ports.backends.attach(params, ports.signal);
  return {
    backend: backend.kind,
    model: serving ? nameOf(serving.model, ports.catalog) : model,
    url: backend.url,
    embeddings: (await backend.embed(model, typeof input === "string" ? [input] : input, ports.signal)).map((one) => [
      ...one,
    ]),
  };
}
