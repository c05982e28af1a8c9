import type { Attached } from "../../../kernel/backends.ts";

const WORDS = "the river runs past old stone houses where people talk about weather and work while children play".split(
  " ",
);
const TRIES = 6;

/**
 * Prompts of about `tokens` tokens each, as the server counts them; each begins with a number of its own, so that no
 * server has a part of one computed already. Where the server does not count, a word is taken for a token.
 */
export async function promptsOf(
  count: number,
  tokens: number,
  { backend, model }: Attached,
  signal: AbortSignal,
): Promise<string[]> {
  let words = tokens;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { usage } = await backend.generate(model, {
      prompt: text(attempt, words),
      messages: undefined,
      max_tokens: 1,
      temperature: 0,
      seed: 0,
      signal,
    });
    if (!usage || usage.prompt_tokens === tokens) break;
    words = Math.max(1, words + tokens - usage.prompt_tokens);
  }
  return Array.from({ length: count }, (_, place) => text(TRIES + place, words));
}

const text = (place: number, words: number) =>
  [
    String(100_000 + place),
    ...Array.from({ length: Math.max(0, words - 1) }, (_, at) => WORDS[(at + place) % WORDS.length]),
  ].join(" ");
