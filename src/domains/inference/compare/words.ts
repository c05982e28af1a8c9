import { digits, percent, table, warned } from "../../../kernel/words.ts";
import type { Compared, Estimate } from "../compare.ts";

const band = ({ value, low, high }: Estimate) =>
  low === null || high === null ? digits(value) : `${digits(value)} [${digits(low)}, ${digits(high)}]`;

export function words({ targets, differences, measured_by, same_answers, unlike, ...rest }: Compared): string {
  return [
    `Pick: ${rest.pick}. ${rest.rationale}`,
    ...warned(rest.warnings),
    ...table([
      ["", measured_by || "quality", "tokens/s", "ttft ms", "e2e ms", "GB", "cost of 1000", "front"],
      ...targets.map((one) => [
        one.name,
        one.quality ? band(one.quality) : "–",
        ...[one.tokens_per_second, one.ttft_ms, one.e2e_ms].map(band),
        one.memory_bytes === null ? "–" : digits(one.memory_bytes / 1e9),
        one.cost === null ? "–" : digits(one.cost),
        one.best_of_its_kind ? "yes" : "no",
      ]),
    ]),
    ...(differences.length > 0 ? [`Against ${targets[0]?.name}, pair by pair:`] : []),
    ...differences.map(
      ({ name, metric, difference, verdict }) =>
        `${name}: ${metric} ${difference.value > 0 ? "+" : ""}${band(difference)}: ${verdict}.`,
    ),
    `All answer alike to ${percent(same_answers)} of the prompts.`,
    ...unlike.flatMap(({ prompt, answers }) => [
      `They part at: ${prompt}`,
      ...Object.entries(answers).map(([name, text]) => `  ${name}: ${text.replaceAll("\n", " ")}`),
    ]),
  ].join("\n");
}
