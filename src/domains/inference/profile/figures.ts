import { z } from "zod";
import { mean, quantile } from "../../../kernel/statistics.ts";
import type { Driven, Sample } from "./drive.ts";

export const Spread = z
  .strictObject({ mean: z.number(), p50: z.number(), p90: z.number(), p99: z.number() })
  .meta({ id: "LatencySpread" });

/** Latencies as vLLM's benchmark defines them. */
export const Figures = z
  .strictObject({
    requests: z.int(),
    failed: z.int(),
    seconds: z.number(),
    prompt_tokens: z.number().nullable().describe("A request, mean."),
    output_tokens: z.number().describe("A request, mean."),
    ttft_ms: Spread.describe("To the first token."),
    itl_ms: Spread.describe("Between pieces."),
    tpot_ms: Spread.describe("A token after the first."),
    e2e_ms: Spread.describe("To the last token."),
    tokens_per_second: z.number().describe("Written, by all together."),
    requests_per_second: z.number(),
    goodput: z.number().nullable().describe("Requests a second within the objective."),
  })
  .meta({ id: "SpeedFigures" });
export type Figures = z.output<typeof Figures>;

/** Milliseconds that a request may take to count as good. */
export const Objective = z
  .strictObject({ ttft_ms: z.number().positive(), tpot_ms: z.number().positive(), e2e_ms: z.number().positive() })
  .partial()
  .meta({ id: "LatencyObjective" });
type Objective = z.output<typeof Objective>;

const spread = (values: readonly number[]): z.output<typeof Spread> => ({
  mean: mean(values),
  p50: quantile(values, 0.5),
  p90: quantile(values, 0.9),
  p99: quantile(values, 0.99),
});

export function figuresOf({ samples, failed, seconds }: Driven, objective: Objective | undefined): Figures {
  const written = samples.reduce((sum, { output_tokens }) => sum + output_tokens, 0);
  const read = samples.flatMap(({ prompt_tokens }) => prompt_tokens ?? []);
  return {
    requests: samples.length,
    failed,
    seconds,
    prompt_tokens: read.length === 0 ? null : mean(read),
    output_tokens: written / samples.length,
    ttft_ms: spread(samples.map(({ ttft_ms }) => ttft_ms)),
    itl_ms: spread(samples.flatMap(({ itl_ms }) => itl_ms)),
    tpot_ms: spread(samples.flatMap(({ tpot_ms }) => tpot_ms ?? [])),
    e2e_ms: spread(samples.map(({ e2e_ms }) => e2e_ms)),
    tokens_per_second: written / seconds,
    requests_per_second: samples.length / seconds,
    goodput: objective ? samples.filter((one) => isGood(one, objective)).length / seconds : null,
  };
}

const isGood = (one: Sample, { ttft_ms, tpot_ms, e2e_ms }: Objective) =>
  one.ttft_ms <= (ttft_ms ?? Number.POSITIVE_INFINITY) &&
  (one.tpot_ms ?? 0) <= (tpot_ms ?? Number.POSITIVE_INFINITY) &&
  one.e2e_ms <= (e2e_ms ?? Number.POSITIVE_INFINITY);
