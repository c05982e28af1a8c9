import { digits, table, warned } from "../../../kernel/words.ts";
import type { Profiled } from "../profile.ts";

export function words({ model, backend, points, batches, memory_bytes, warnings }: Profiled): string {
  const [first] = points;
  const memory = memory_bytes === null ? "" : `, ${digits(memory_bytes / 1e9)} GB`;
  if (!first)
    return [
      `${model}: ${digits(batches[0]?.ms.p50 ?? 0)} ms a prediction at the median${memory}.`,
      ...warned(warnings),
      ...table([
        ["rows at once", "mean ms", "p50", "p90", "p99", "rows/s"],
        ...batches.map(({ rows, ms, rows_per_second }) => [
          String(rows),
          ...[ms.mean, ms.p50, ms.p90, ms.p99, rows_per_second].map(digits),
        ]),
      ]),
    ].join("\n");
  const { figures } = first;
  const read = figures.prompt_tokens === null ? "" : ` of ${digits(figures.prompt_tokens)} tokens`;
  return [
    `${model} on ${backend}: ${figures.requests} requests${read}, ${digits(figures.output_tokens)} written each; ${digits(figures.tokens_per_second)} tokens/s${memory}.`,
    ...warned(warnings),
    ...table([
      ["ms", "mean", "p50", "p90", "p99"],
      ...(["ttft_ms", "itl_ms", "tpot_ms", "e2e_ms"] as const).map((name) => {
        const { mean, p50, p90, p99 } = figures[name];
        return [name.replace("_ms", ""), ...[mean, p50, p90, p99].map(digits)];
      }),
    ]),
    ...(figures.goodput === null ? [] : [`Within the objective: ${digits(figures.goodput)} requests/s.`]),
    ...(points.length < 2 ? [] : table([LOADS, ...points.map(loadOf)])),
  ].join("\n");
}

const LOADS = [
  "at once",
  "arriving/s",
  "tokens/s",
  "requests/s",
  "goodput",
  "ttft p50",
  "ttft p99",
  "tpot p50",
  "failed",
];

const loadOf = ({ concurrency, rate, figures }: Profiled["points"][number]) => [
  rate === null ? String(concurrency) : "–",
  rate === null ? "–" : digits(rate),
  ...[figures.tokens_per_second, figures.requests_per_second].map(digits),
  figures.goodput === null ? "–" : digits(figures.goodput),
  ...[figures.ttft_ms.p50, figures.ttft_ms.p99, figures.tpot_ms.p50, figures.failed].map(digits),
];
