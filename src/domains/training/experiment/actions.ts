import { z } from "zod";
import { needed, ToolError } from "../../../kernel/errors.ts";
import type { Metric, Ports, Run } from "../../../kernel/ports.ts";
import { effort } from "./energy.ts";
import { bring, mirror } from "./mlflow.ts";
import { type ExperimentResult, type RunSummary, type Series, Test } from "./result.ts";
import { csv } from "./words.ts";

const MOST_POINTS = 200;
const MOST_EXPORTED = 200;

export interface Given {
  readonly experiment?: string | undefined;
  readonly runs?: readonly string[] | undefined;
  readonly filter?: string | undefined;
  readonly order_by?: string | undefined;
  readonly metric?: string | undefined;
  readonly minimize: boolean;
  readonly text?: string | undefined;
  readonly tags?: Record<string, string> | undefined;
  readonly store?: string | undefined;
  readonly format: "json" | "csv";
  readonly limit: number;
  readonly cursor?: string | undefined;
}

type Action = (params: Given, ports: Ports) => Promise<Omit<ExperimentResult, "action">>;

/** What each action does. */
export const ACTIONS = {
  create: async ({ experiment, text }, ports) => {
    const name = needed(experiment, "experiment", "create");
    ports.runs.createExperiment(name, text ?? "");
    return { experiments: experiments(ports).filter((one) => one.name === name) };
  },

  list: async (_, ports) => ({ experiments: experiments(ports) }),

  search: async (params, ports) => search(params, ports),

  best: async (params, ports) => {
    const metric = needed(params.metric, "metric", "best");
    const order_by = `metrics.\`${metric}\` ${params.minimize ? "ASC" : "DESC"}`;
    const filter = [params.filter, `metrics.\`${metric}\` > -1e308`].filter(Boolean).join(" AND ");
    const found = search({ ...params, order_by, filter }, ports);
    if (found.runs.length === 0)
      throw new ToolError(
        "not_found",
        `metric: no run has a metric \`${metric}\`.`,
        "`search` shows which metrics runs have.",
      );
    return found;
  },

  compare: async ({ runs }, ports) =>
    compare(
      needed(runs, "runs", "compare").map((id) => one(id, ports)),
      ports,
    ),

  export: async (params, ports) => {
    const { runs } = search({ ...params, limit: MOST_EXPORTED }, ports);
    const file =
      params.format === "json"
        ? ports.artifacts.write("runs.json", "Runs", JSON.stringify(runs, null, 2))
        : ports.artifacts.write("runs.csv", "Runs", csv(runs));
    return { total: runs.length, file };
  },

  show: async ({ runs }, ports) => {
    const run = first(runs, "show", ports);
    return { runs: [summary(run)], curves: curves(run, ports) };
  },

  info: async ({ runs }, ports) => {
    const run = first(runs, "info", ports);
    return { runs: [summary(run)], info: { ...run.info, ...effort(run) } };
  },

  note: async ({ runs, text }, ports) =>
    changed(first(runs, "note", ports), ports, (id) => ports.runs.note(id, needed(text, "text", "note"))),

  tag: async ({ runs, tags }, ports) =>
    changed(first(runs, "tag", ports), ports, (id) => ports.runs.tag(id, needed(tags, "tags", "tag"))),

  archive: async ({ runs }, ports) => changed(first(runs, "archive", ports), ports, (id) => ports.runs.archive(id)),

  mirror: async ({ store, experiment, filter, runs }, ports) => ({
    mlflow: await mirror(
      needed(store, "store", "mirror"),
      runs ? runs.map((id) => one(id, ports)) : { experiment, filter },
      ports,
    ),
  }),

  import: async ({ store, experiment }, ports) => ({
    mlflow: await bring(needed(store, "store", "import"), needed(experiment, "experiment", "import"), ports),
  }),
} as const satisfies Readonly<Record<string, Action>>;

const first = (runs: readonly string[] | undefined, action: string, ports: Ports) =>
  one(needed(runs?.[0], "runs", action), ports);

function changed(run: Run, ports: Ports, change: (id: string) => void) {
  change(run.id);
  return { runs: [summary(one(run.id, ports))] };
}

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
function curves(run: Run, { runs }: Ports): Series[] {
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
