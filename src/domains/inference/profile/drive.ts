import type { Attached, Generated } from "../../../kernel/backends.ts";
import { ToolError } from "../../../kernel/errors.ts";
import { mulberry } from "../../../kernel/statistics.ts";

/** What a server is asked, and how hard. */
export interface Load {
  readonly prompts: readonly string[];
  readonly output_tokens: number;
  /** Requests under way at most. */
  readonly concurrency: number;
  /** Requests that arrive a second, at moments of chance (Poisson); undefined where each follows the one before. */
  readonly rate: number | undefined;
  readonly seed: number;
}

/** One request as it was seen from here, milliseconds. */
export interface Sample {
  readonly prompt: string;
  readonly text: string;
  readonly ttft_ms: number;
  /** Between one piece of text and the next. */
  readonly itl_ms: readonly number[];
  /** The mean time of a token after the first. */
  readonly tpot_ms: number | null;
  readonly e2e_ms: number;
  readonly prompt_tokens: number | null;
  readonly output_tokens: number;
  readonly pieces: number;
}

export interface Driven {
  readonly samples: readonly Sample[];
  readonly failed: number;
  readonly seconds: number;
}

/** Asks all prompts under a load. A request that fails is counted; when all fail, the first one's error is thrown. */
export async function drive(
  { backend, model }: Attached,
  load: Load,
  signal: AbortSignal,
  onDone: (count: number) => void,
): Promise<Driven> {
  const samples: Sample[] = [];
  const errors: unknown[] = [];
  const queue = load.prompts.entries();
  const arrivals = load.rate === undefined ? undefined : arrivalTimes(load.prompts.length, load.rate, load.seed);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const began = performance.now();
  const work = async () => {
    for (const [place, prompt] of queue) {
      either.throwIfAborted();
      const due = arrivals?.[place];
      if (due !== undefined) await sleep(began + due - performance.now());
      try {
        samples.push(await ask({ backend, model }, prompt, load, either));
      } catch (error) {
        if (either.aborted || (error instanceof ToolError && error.kind === "invalid_input")) {
          // The others of this load would go on asking otherwise.
          stop.abort(error);
          throw error;
        }
        errors.push(error);
      }
      onDone(samples.length + errors.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(load.concurrency, load.prompts.length) }, work));
  if (samples.length === 0) throw errors[0];
  return { samples, failed: errors.length, seconds: (performance.now() - began) / 1000 };
}

async function ask(
  { backend, model }: Pick<Attached, "backend" | "model">,
  prompt: string,
  { output_tokens, seed }: Load,
  signal: AbortSignal,
): Promise<Sample> {
  const generated = await backend.generate(model, {
    prompt,
    messages: undefined,
    max_tokens: output_tokens,
    temperature: 0,
    seed,
    ignore_eos: true,
    signal,
  });
  return sampleOf(prompt, generated);
}

export function sampleOf(prompt: string, { text, pieces, usage }: Generated): Sample {
  const [first] = pieces;
  const last = pieces.at(-1);
  if (!first || !last) throw new ToolError("failed", "The server answered with no text.", "Try another prompt.");
  const output_tokens = usage?.completion_tokens ?? pieces.length;
  return {
    prompt,
    text,
    ttft_ms: first.at_ms,
    itl_ms: pieces.slice(1).map(({ at_ms }, place) => at_ms - (pieces[place]?.at_ms ?? 0)),
    tpot_ms: output_tokens > 1 ? (last.at_ms - first.at_ms) / (output_tokens - 1) : null,
    e2e_ms: last.at_ms,
    prompt_tokens: usage?.prompt_tokens ?? null,
    output_tokens,
    pieces: pieces.length,
  };
}

/** Milliseconds from the start at which requests of a Poisson process arrive. */
function arrivalTimes(count: number, rate: number, seed: number): number[] {
  const chance = mulberry(seed);
  let time = 0;
  return Array.from({ length: count }, () => {
    const at = time;
    time += (-Math.log(1 - chance()) / rate) * 1000;
    return at;
  });
}

const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, Math.max(0, milliseconds));
  });
