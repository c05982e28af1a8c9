import { z } from "zod";
import { needed, ToolError } from "../../kernel/errors.ts";
import { Artifact, cursor, limit, rare } from "../../kernel/fields.ts";
import type { Metric, Ports, Run } from "../../kernel/ports.ts";
import { nativeTool } from "../../kernel/tool.ts";

const RunSummary = z
  .strictObject({
    run_id: z.string(),
    name: z.string(),
    experiment: z.string(),
    tool: z.string(),
    status: z.enum(["RUNNING", "FINISHED", "FAILED", "CANCELLED"]),
    started: z.string(),
    ended: z.string().nullable(),
    metrics: z.record(z.string(), z.number()),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    tags: z.record(z.string(), z.string()),
    note: z.string(),
  })
  .meta({ id: "RunSummary" });
type RunSummary = z.infer<typeof RunSummary>;

const Series = z
  .strictObject({ run_id: z.string(), key: z.string(), steps: z.array(z.int()), values: z.array(z.number()) })
  .meta({ id: "MetricSeries" });

const Test = z
  .strictObject({
    metric: z.string(),
    folds: z.int(),
    difference: z.number(),
    statistic: z.number(),
    p_value: z.number().min(0).max(1),
    verdict: z.string(),
  })
  .meta({ id: "FoldTest" });

const ExperimentResult = z.strictObject({
  action: z.string(),
  experiments: z.array(z.strictObject({ name: z.string(), description: z.string(), runs: z.int() })).optional(),
  runs: z.array(RunSummary).optional(),
  total: z.int().optional(),
  next_cursor: z.string().optional(),
  info: z.record(z.string(), z.unknown()).optional().describe("Data, environment and machine: what a rerun needs."),
  curves: z.array(Series).optional().describe("Metrics logged over more than one step."),
  differing_params: z.array(z.string()).optional(),
  tests: z.array(Test).optional().describe("Corrected resampled t-test over shared folds (Nadeau & Bengio 2003)."),
  file: Artifact.optional(),
});
type ExperimentResult = z.infer<typeof ExperimentResult>;

const MOST_POINTS = 200;

export default nativeTool({
  name: "ml_training_experiment",
  title: "Runs and experiments",
  description:
    "Runs of training and sweeps: `search` with MLflow's filters, `best`, `compare` with a test over folds, `show`, `info` for a rerun.",
  effect: {
    create: "creates",
    list: "reads",
    search: "reads",
    show: "reads",
    compare: "reads",
    best: "reads",
    note: "creates",
    tag: "creates",
    info: "reads",
    archive: "creates",
    export: "reads",
  },
  action: "EvaluationRun",
  examples: [
    "compare my last two runs",
    "which run had the best AUC?",
    "list my experiments",
    "show all lightgbm runs with accuracy above 0.9",
    "what settings did that run use?",
    "add a note to this run",
    "what do I need to reproduce that run?",
    "export the runs of this experiment as CSV",
  ],
  input: z.strictObject({
    action: z
      .enum(["create", "list", "search", "show", "compare", "best", "note", "tag", "info", "archive", "export"])
      .describe("See above."),
    experiment: z.string().min(1).max(64).optional().describe("Its name."),
    runs: z.array(z.string().min(1).max(64)).min(1).max(10).optional().describe("Run ids."),
    filter: z.string().max(1000).optional().describe("metrics.roc_auc > 0.9 AND params.family = 'svm'"),
    order_by: z.string().max(200).optional().describe("metrics.roc_auc DESC"),
    metric: rare(z.string().max(200).optional().describe("best: by this one.")),
    minimize: rare(z.boolean().default(false).describe("best: less is better.")),
    text: rare(z.string().max(4000).optional().describe("The note; create: a description.")),
    tags: rare(z.record(z.string().max(100), z.string().max(500)).optional().describe("tag: names to values.")),
    format: rare(z.enum(["json", "csv"]).default("json").describe("export: as this.")),
    limit,
    cursor,
  }),
  output: ExperimentResult,
  op: {
    params: z.strictObject({
      metrics: z.array(z.strictObject({ metric: z.string(), first: z.array(z.number()), second: z.array(z.number()) })),
    }),
    result: z.strictObject({ tests: z.array(Test) }),
  },
  details: ({ action, experiment }, result) => ({
    evaluator: "experiment",
    scope: experiment ? `${action}:${experiment}` : action,
    count: result?.runs?.length ?? result?.experiments?.length ?? 0,
  }),
  summarize: (result) => words(result),
  run: async (params, ports) => {
    const { action } = params;
    switch (action) {
      case "create": {
        ports.runs.createExperiment(needed(params.experiment, "experiment", action), params.text ?? "");
        return { action, experiments: experiments(ports).filter(({ name }) => name === params.experiment) };
      }
      case "list":
        return { action, experiments: experiments(ports) };
      case "search":
        return { action, ...search(params, ports) };
      case "best": {
        const metric = needed(params.metric, "metric", action);
        const found = search(
          {
            ...params,
            order_by: `metrics.\`${metric}\` ${params.minimize ? "ASC" : "DESC"}`,
            filter: [params.filter, `metrics.\`${metric}\` > -1e308`].filter(Boolean).join(" AND "),
          },
          ports,
        );
        if (found.runs.length === 0)
          throw new ToolError(
            "not_found",
            `metric: no run has a metric \`${metric}\`.`,
            "`search` shows which metrics runs have.",
          );
        return { action, ...found, runs: found.runs.slice(0, params.limit) };
      }
      case "compare":
        return {
          action,
          ...(await compare(
            needed(params.runs, "runs", action).map((id) => one(id, ports)),
            ports,
          )),
        };
      case "export": {
        const { runs } = search({ ...params, limit: 200 }, ports);
        const file =
          params.format === "json"
            ? ports.artifacts.write("runs.json", "Runs", JSON.stringify(runs, null, 2))
            : ports.artifacts.write("runs.csv", "Runs", csv(runs));
        return { action, total: runs.length, file };
      }
      default: {
        const run = one(needed(params.runs?.[0], "runs", action), ports);
        if (action === "note") ports.runs.note(run.id, needed(params.text, "text", action));
        if (action === "tag") ports.runs.tag(run.id, needed(params.tags, "tags", action));
        if (action === "archive") ports.runs.archive(run.id);
        const now = one(run.id, ports);
        return {
          action,
          runs: [summary(now)],
          ...(action === "info" && { info: { ...now.info } }),
          ...(action === "show" && { curves: curves(now, ports) }),
        };
      }
    }
  },
});

function one(id: string, { runs }: Ports): Run {
  const run = runs.get(id);
  if (run) return run;
  const recent = runs.ids().slice(0, 5);
  throw new ToolError(
    "not_found",
    `runs: there is no run \`${id}\`.`,
    recent.length > 0 ? `The newest are ${recent.join(", ")}.` : "None was recorded yet: use ml_training_train.",
  );
}

const experiments = ({ runs }: Ports) =>
  runs.experiments().map(({ name, description, runs: count }) => ({ name, description, runs: count }));

function search(
  params: {
    experiment?: string | undefined;
    filter?: string | undefined;
    order_by?: string | undefined;
    limit: number;
    cursor?: string | undefined;
  },
  { runs }: Ports,
) {
  const { experiment, filter, order_by, limit: most, cursor: from } = params;
  const page = runs.search({ experiment, filter, order_by, limit: most, cursor: from });
  return {
    runs: page.items.map(summary),
    total: page.total,
    ...(page.next_cursor !== undefined && { next_cursor: page.next_cursor }),
  };
}

function summary({ id, name, experiment, tool, status, started, ended, metrics, params, tags, note }: Run): RunSummary {
  const whole = Object.fromEntries(Object.entries(metrics).filter(([key]) => !key.startsWith("fold/")));
  return {
    run_id: id,
    name,
    experiment,
    tool,
    status,
    started,
    ended,
    metrics: whole,
    params: { ...params },
    tags: { ...tags },
    note,
  };
}

/** Metrics with more than one step, thinned evenly where they are many. */
function curves(run: Run, { runs }: Ports): z.infer<typeof Series>[] {
  const byKey = Map.groupBy(runs.history(run.id), ({ key }) => key);
  return [...byKey].flatMap(([key, points]) => {
    if (points.length < 2) return [];
    const every = Math.ceil(points.length / MOST_POINTS);
    const kept = points.filter((_, at) => at % every === 0 || at === points.length - 1);
    return [{ run_id: run.id, key, steps: kept.map(({ step }) => step), values: kept.map(({ value }) => value) }];
  });
}

async function compare(runs: readonly Run[], ports: Ports): Promise<Omit<ExperimentResult, "action">> {
  const [first, second] = runs;
  if (!first || !second) throw new ToolError("invalid_input", "runs: `compare` needs at least two run ids.");
  const keys = [...new Set(runs.flatMap(({ params }) => Object.keys(params)))].sort();
  const differing_params = keys.filter(
    (key) => new Set(runs.map(({ params }) => JSON.stringify(params[key]))).size > 1,
  );
  const folds = (run: Run) =>
    Map.groupBy(
      ports.runs.history(run.id).filter(({ key }) => key.startsWith("fold/")),
      ({ key }) => key,
    );
  const [left, right] = [folds(first), folds(second)];
  const values = (points: readonly Metric[]) => points.map(({ value }) => value);
  const shared = [...left].flatMap(([key, points]) => {
    const others = right.get(key);
    return others && others.length === points.length && points.length > 1
      ? [{ metric: key.slice("fold/".length), first: values(points), second: values(others) }]
      : [];
  });
  const tests =
    shared.length > 0 ? z.object({ tests: z.array(Test) }).parse(await ports.python({ metrics: shared })).tests : [];
  return {
    runs: runs.map(summary),
    total: runs.length,
    differing_params,
    curves: runs.flatMap((run) => curves(run, ports)).filter(({ key }) => !key.startsWith("fold/")),
    tests,
  };
}

function csv(runs: readonly RunSummary[]): string {
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

function words(result: ExperimentResult): string {
  if (result.experiments)
    return (
      result.experiments
        .map(({ name, runs, description }) => `${name}: ${runs} runs${description ? `. ${description}` : ""}`)
        .join("\n") || "No experiment yet."
    );
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
