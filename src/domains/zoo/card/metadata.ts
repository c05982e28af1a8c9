import type { Facts } from "./facts.ts";
import { pipelineTag } from "./kinds.ts";

type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

/** The Hugging Face Hub's model metadata, with only what is known: `model-index` holds the evaluation's results. */
export function metadata({ asset, manifest, evaluation, said }: Facts): Record<string, Yaml> {
  const task = pipelineTag(manifest);
  const license =
    said.license === undefined
      ? {}
      : /^[a-z0-9][a-z0-9.-]*$/.test(said.license)
        ? { license: said.license }
        : { license: "other", license_name: said.license };
  const results = evaluation
    ? [
        {
          task: { type: task },
          dataset: { name: evaluation.result.dataset, type: evaluation.result.dataset.replace(/@.*$/, "") },
          metrics: evaluation.result.intervals.map(({ metric, value, low, high }) => ({
            type: metric,
            value: Number(value.toPrecision(6)),
            name:
              low === null || high === null
                ? metric
                : `${metric} [95 % interval ${Number(low.toPrecision(4))} to ${Number(high.toPrecision(4))}]`,
          })),
        },
      ]
    : [];
  return {
    ...license,
    library_name: manifest.framework === "scikit-learn" ? "sklearn" : manifest.framework,
    pipeline_tag: task,
    tags: [...new Set([task, manifest.family, manifest.framework, manifest.format])],
    datasets: manifest.dataset ? [manifest.dataset.replace(/@.*$/, "")] : [],
    ...(manifest.base ? { base_model: manifest.base } : {}),
    ...(evaluation ? { metrics: evaluation.result.intervals.map(({ metric }) => metric) } : {}),
    ...(results.length ? { "model-index": [{ name: asset.ref, results }] } : {}),
  };
}

/** Block YAML; strings are quoted as JSON, which YAML 1.2 reads. */
export function toYaml(value: Yaml, indent = ""): string {
  if (Array.isArray(value)) return value.map((item) => `${indent}- ${nested(item, `${indent}  `)}`).join("\n");
  if (value !== null && typeof value === "object") {
    return Object.entries(value)
      .map(([key, item]) =>
        isDeep(item) ? `${indent}${key}:\n${toYaml(item, `${indent}  `)}` : `${indent}${key}: ${scalar(item)}`,
      )
      .join("\n");
  }
  return `${indent}${scalar(value)}`;
}

const nested = (value: Yaml, indent: string) => (isDeep(value) ? toYaml(value, indent).trimStart() : scalar(value));
const isDeep = (value: Yaml) => value !== null && typeof value === "object" && Object.keys(value).length > 0;

function scalar(value: Yaml): string {
  if (value !== null && typeof value === "object") return Array.isArray(value) ? "[]" : "{}";
  return typeof value === "string" &&
    /^[A-Za-z][A-Za-z0-9_-]*$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}
