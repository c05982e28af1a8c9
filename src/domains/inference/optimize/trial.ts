import type { Attached, ServedBy } from "../../../kernel/backends.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { mean } from "../../../kernel/statistics.ts";
import { score } from "../compare/quality.ts";
import { commonLength } from "../compare/texts.ts";
import type { OBJECTIVES } from "../optimize.ts";
import { drive, type Sample } from "../profile/drive.ts";
import { figuresOf } from "../profile/figures.ts";
import type { Candidate } from "./space.ts";

export type Objective = (typeof OBJECTIVES)[number];

/** What every candidate is asked. */
export interface Task {
  readonly backend: ServedBy;
  readonly objective: Objective;
  readonly output_tokens: number;
  readonly concurrency: number;
  readonly seed: number;
}

export interface Outcome {
  readonly value: number;
  readonly samples: readonly Sample[];
}

/** Serves a candidate while work is done with it; what was started for that is stopped, however it ends. */
export async function served<T>(
  { model, settings }: Candidate,
  backend: ServedBy,
  { backends, signal, progress }: Ports,
  work: (attached: Attached) => Promise<T>,
): Promise<T> {
  const report = { signal, progress: (note: string) => progress(0, 1, note) };
  const { serving, attached } = await backends.start(backend, model, settings, report);
  try {
    return await work(await backends.attach({ backend, model: serving.id }, signal));
  } finally {
    if (!attached) await backends.stop(serving.id);
  }
}

/** One measurement of a candidate on these prompts, in a server that has read none of them. */
export const trial = (candidate: Candidate, prompts: readonly string[], task: Task, ports: Ports) =>
  served(candidate, task.backend, ports, async (attached): Promise<Outcome> => {
    const { output_tokens, concurrency, seed, objective } = task;
    const load = { output_tokens, seed, rate: undefined };
    await drive(attached, { ...load, output_tokens: 1, prompts: ["Hello"], concurrency: 1 }, ports.signal, () => {});
    const driven = await drive(attached, { ...load, prompts, concurrency }, ports.signal, () => {});
    const figures = figuresOf(driven, undefined);
    const memory = attached.serving && ports.backends.memory(attached.serving.id);
    const values = {
      tokens_per_second: figures.tokens_per_second,
      ttft_ms: figures.ttft_ms.p50,
      memory_bytes: memory ?? Number.POSITIVE_INFINITY,
    };
    return { value: values[objective], samples: driven.samples };
  });

/** More is better. */
export const worth = (objective: Objective, value: number) => (objective === "tokens_per_second" ? value : -value);

export interface Yardstick {
  readonly before: readonly Sample[];
  /** What an answer is to contain, by its prompt; undefined where what was answered before is what answers are held against. */
  readonly right: ReadonlyMap<string, string> | undefined;
}

/**
 * The share of the quality before that is left: of right answers where it is said what they contain, else of each greedy answer
 * how much comes before it first departs from the one before.
 */
export function qualityOf(samples: readonly Sample[], { before, right }: Yardstick): number {
  const old = new Map(before.map(({ prompt, text }) => [prompt, text]));
  if (right) {
    const scored = (found: readonly { prompt: string; text: string }[]) =>
      mean(found.map(({ prompt, text }) => score("contains", text, [right.get(prompt) ?? ""])));
    const then = scored(samples.map(({ prompt }) => ({ prompt, text: old.get(prompt) ?? "" })));
    return then === 0 ? 1 : scored(samples) / then;
  }
  return mean(
    samples.map(({ prompt, text }) => {
      const then = old.get(prompt) ?? "";
      return then === "" ? 1 : commonLength([then, text]) / then.length;
    }),
  );
}
