import type { Attached } from "../../../kernel/backends.ts";
import { ToolError } from "../../../kernel/errors.ts";
import { mulberry } from "../../../kernel/statistics.ts";
import { type Sample, sampleOf } from "../profile/drive.ts";

export interface Question {
  readonly prompts: readonly string[];
  readonly output_tokens: number;
  readonly repeats: number;
  /** Whether each model's own template makes the prompt. */
  readonly chat: boolean;
  readonly seed: number;
}

/** What one target answered to one prompt in one round; undefined where it failed. */
export interface Answer {
  readonly target: number;
  readonly prompt: number;
  readonly round: number;
  readonly sample: Sample | undefined;
}

/**
 * Asks every target every prompt in every round, one request at a time. In each round the prompts, and for each prompt the
 * targets, come in an order of chance, so that a busy moment of the machine falls on all of them alike.
 */
export async function askAll(
  targets: readonly Attached[],
  question: Question,
  signal: AbortSignal,
  onDone: (done: number, total: number) => void,
): Promise<Answer[]> {
  const { prompts, repeats, seed } = question;
  const chance = mulberry(seed);
  const answers: Answer[] = [];
  const total = targets.length * prompts.length * repeats;
  // A server's first request is slower than all others.
  for (const target of targets) await ask(target, "Hello", { ...question, output_tokens: 1 }, signal);
  for (let round = 0; round < repeats; round += 1)
    for (const prompt of shuffled(prompts.length, chance))
      for (const target of shuffled(targets.length, chance)) {
        const attached = targets[target];
        const text = prompts[prompt];
        if (!attached || text === undefined) continue;
        answers.push({ target, prompt, round, sample: await ask(attached, text, question, signal) });
        onDone(answers.length, total);
      }
  return answers;
}

async function ask(
  { backend, model }: Attached,
  prompt: string,
  { output_tokens, chat }: Question,
  signal: AbortSignal,
): Promise<Sample | undefined> {
  try {
    const generated = await backend.generate(model, {
      prompt: chat ? undefined : prompt,
      messages: chat ? [{ role: "user", content: prompt }] : undefined,
      max_tokens: output_tokens,
      temperature: 0,
      seed: 0,
      signal,
    });
    // An answer may be empty: the model ended at once.
    return generated.pieces.length === 0 ? emptyAnswer(prompt, generated.total_ms) : sampleOf(prompt, generated);
  } catch (error) {
    if (signal.aborted || !(error instanceof ToolError) || error.kind === "invalid_input") throw error;
    return undefined;
  }
}

const emptyAnswer = (prompt: string, total_ms: number): Sample => ({
  prompt,
  text: "",
  ttft_ms: total_ms,
  itl_ms: [],
  tpot_ms: null,
  e2e_ms: total_ms,
  prompt_tokens: null,
  output_tokens: 0,
  pieces: 0,
});

/** 0 to `count` - 1 in an order of chance (Fisher and Yates). */
export function shuffled(count: number, chance: () => number): number[] {
  const order = Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(chance() * (last + 1));
    const [one, two] = [order[last], order[other]];
    if (one !== undefined && two !== undefined) [order[last], order[other]] = [two, one];
  }
  return order;
}
