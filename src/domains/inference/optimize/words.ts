import { digits, percent, table, warned } from "../../../kernel/words.ts";
import type { Optimized } from "../optimize.ts";

export function words({ model, backend, objective, before, after, gain, settings, tried, ...rest }: Optimized): string {
  const interval = gain.low === null || gain.high === null ? "" : ` [${percent(gain.low)}, ${percent(gain.high)}]`;
  return [
    `${model} on ${backend}: ${objective} ${digits(before.value.value)} before, ${digits(after.value.value)} after (${gain.value >= 0 ? "+" : ""}${percent(gain.value)}${interval}); ${percent(after.quality)} of the quality (${rest.quality_is}).`,
    `Start it so: ml_inference_serve with settings ${JSON.stringify(settings)}.`,
    ...warned(rest.warnings),
    ...table([
      ["settings", objective, "quality", "requests", ""],
      ...tried
        .slice(0, 20)
        .map(({ name, value, quality, requests, outcome }) => [
          name,
          value === null ? "–" : digits(value),
          quality === null ? "–" : percent(quality),
          String(requests),
          outcome,
        ]),
    ]),
    ...(tried.length > 20 ? [`… and ${tried.length - 20} more.`] : []),
  ].join("\n");
}
