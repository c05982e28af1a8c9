import type { ExperimentResult, Mirrored, RunSummary } from "./result.ts";

/** Runs as a table, one a line. */
export function csv(runs: readonly RunSummary[]): string {
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].sort();
  const params = [...new Set(runs.flatMap((run) => Object.keys(run.params)))].sort();
  const cell = (value: unknown) =>
    `"${String(value ?? "")
      .replace(/^[=+\-@](?!\d)/, "'$&")
      .replaceAll('"', '""')}"`;
  const head = [
    "run_id",
    "name",
    "experiment",
    "status",
    "started",
    "ended",
    ...params.map((key) => `params.${key}`),
    ...metrics.map((key) => `metrics.${key}`),
  ];
  const lines = runs.map((run) => [
    run.run_id,
    run.name,
    run.experiment,
    run.status,
    run.started,
    run.ended,
    ...params.map((key) => run.params[key]),
    ...metrics.map((key) => run.metrics[key]),
  ]);
  return `${[head, ...lines].map((line) => line.map(cell).join(",")).join("\n")}\n`;
}

/** The whole result for people. */
export function words(result: ExperimentResult): string {
  if (result.experiments)
    return (
      result.experiments
        .map(({ name, runs, description }) => `${name}: ${runs} runs${description ? `. ${description}` : ""}`)
        .join("\n") || "No experiment yet."
    );
  if (result.mlflow) return exchanged(result.action, result.mlflow);
  if (result.file) return `${result.total} runs exported.`;
  const lines = (result.runs ?? []).map(({ run_id, name, status, started, metrics, params, note, tags }) => {
    const shown = Object.entries(metrics)
      .filter(([key]) => !key.startsWith("baseline/"))
      .map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`);
    const settings = Object.entries(params)
      .filter(([key]) => !result.differing_params || result.differing_params.includes(key))
      .map(([key, value]) => `${key}=${String(value)}`);
    const labels = Object.entries(tags).map(([key, value]) => `${key}:${value}`);
    return `${run_id} ${name}, ${status.toLowerCase()}, ${started}\n  ${shown.join(", ") || "no metrics"}\n  ${settings.join(", ") || "same parameters"}${labels.length > 0 ? `\n  ${labels.join(", ")}` : ""}${note ? `\n  Note: ${note}` : ""}`;
  });
  const tests = (result.tests ?? []).map(
    ({ metric, difference, p_value, folds, verdict }) =>
      `${metric}: difference ${Number(difference.toPrecision(3))} over ${folds} folds, p = ${Number(p_value.toPrecision(3))}: ${verdict}`,
  );
  const info = result.info ? [JSON.stringify(result.info)] : [];
  return [
    `${result.total ?? lines.length} runs${result.next_cursor ? `; the rest with cursor "${result.next_cursor}"` : ""}.`,
    ...lines,
    ...tests,
    ...info,
  ].join("\n");
}

function exchanged(action: string, { store, experiments, added, updated, unchanged, metrics, warnings }: Mirrored) {
  const way = action === "import" ? "imported from" : "mirrored to";
  return [
    `${added} runs ${way} ${store}, ${updated} brought up to date, ${unchanged} there already; ${metrics} values of metrics.`,
    `Experiments: ${experiments.join(", ") || "none"}.`,
    ...warnings,
  ].join("\n");
}
