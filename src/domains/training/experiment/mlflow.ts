import { z } from "zod";
import { ToolError } from "../../../kernel/errors.ts";
import { IMPORTED, type Ports, type Run } from "../../../kernel/ports.ts";
import { type CarriedRun, OpResult, RunInput } from "./exchange.ts";
import type { Mirrored } from "./result.ts";

const PAGE = 200;
/** What crosses to Python at once. */
const MOST_POINTS = 20_000;
const MOST_RUNS = 50;

/** Writes runs to an MLflow store, experiment by experiment; what is there already is left. */
export async function mirror(
  store: string,
  chosen: readonly Run[] | { experiment: string | undefined; filter: string | undefined },
  ports: Ports,
): Promise<Mirrored> {
  const runs = "length" in chosen ? chosen : searched(chosen, ports);
  const described = new Map(ports.runs.experiments().map(({ name, description }) => [name, description]));
  const totals = emptied(store);
  let done = 0;
  for (const [experiment, members] of Map.groupBy(runs, (run) => run.experiment)) {
    totals.experiments.push(experiment);
    for (const batch of batches(members, ports)) {
      const write = { store, experiment, description: described.get(experiment) ?? "", runs: batch };
      const { written } = OpResult.parse(await ports.python({ metrics: [], write }));
      if (written) add(totals, written);
      done += batch.length;
      ports.progress(done, runs.length, `runs of ${experiment}`);
    }
  }
  return totals;
}

/** Takes the runs of one experiment of an MLflow store into the workspace; runs made here are left as they are. */
export async function bring(store: string, experiment: string, ports: Ports): Promise<Mirrored> {
  const totals = { ...emptied(store), experiments: [experiment] };
  let page: string | null = null;
  do {
    const answer = OpResult.parse(await ports.python({ metrics: [], read: { store, experiment, page } }));
    const found: z.infer<typeof OpResult>["found"] = answer.found;
    if (found === null) break;
    ports.runs.createExperiment(experiment, found.description);
    for (const run of found.runs) {
      const tags = { ...run.tags, [IMPORTED.store]: totals.store, [IMPORTED.run]: run.source ?? run.id };
      const { outcome, points } = ports.runs.bring(landed({ ...run, tags }, experiment), run.metrics);
      add(totals, { added: 0, updated: 0, unchanged: 0, [outcome]: 1, metrics: points, warnings: [] });
    }
    totals.warnings.push(...found.warnings);
    page = found.next_page;
    const seen = totals.added + totals.updated + totals.unchanged;
    ports.progress(seen, page === null ? seen : seen + 1, `runs of ${experiment}`);
  } while (page !== null);
  return totals;
}

function searched(
  { experiment, filter }: { experiment: string | undefined; filter: string | undefined },
  ports: Ports,
) {
  const names = ports.runs.experiments().map(({ name }) => name);
  if (experiment !== undefined && !names.includes(experiment))
    throw new ToolError(
      "not_found",
      `experiment: there is no experiment \`${experiment}\`.`,
      names.length > 0 ? `There are: ${names.slice(0, 10).join(", ")}.` : "None was made yet: use ml_training_train.",
    );
  const found: Run[] = [];
  for (let cursor: string | undefined = "0"; cursor !== undefined; ) {
    const page = ports.runs.search({ experiment, filter, order_by: "start_time ASC", limit: PAGE, cursor });
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}

/** Runs with all they logged, as many at once as fit a message; a parent before its children, since it began first. */
function* batches(runs: readonly Run[], ports: Ports): Generator<CarriedRun[]> {
  let batch: CarriedRun[] = [];
  let points = 0;
  for (const run of runs) {
    const one = carried(run, ports);
    if (batch.length === MOST_RUNS || (batch.length > 0 && points + one.metrics.length > MOST_POINTS)) {
      yield batch;
      batch = [];
      points = 0;
    }
    batch.push(one);
    points += one.metrics.length;
  }
  if (batch.length > 0) yield batch;
}

const Inputs = z.array(RunInput);

function carried(run: Run, ports: Ports): CarriedRun {
  const { id, name, tool, status, parent, note, info } = run;
  const { inputs, ...rest } = info;
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    id,
    name,
    tool,
    status,
    source: null,
    parent,
    note,
    started: Date.parse(run.started),
    ended: run.ended === null ? null : Date.parse(run.ended),
    params: Object.fromEntries(Object.entries(run.params).map(([key, value]) => [key, text(value)])),
    tags: Object.fromEntries(
      Object.entries(run.tags).filter(([key]) => !Object.values<string>(IMPORTED).includes(key)),
    ),
    metrics: [...ports.runs.history(id)],
    inputs: Inputs.catch([]).parse(inputs),
    info: JSON.stringify(rest),
  };
}

function landed(run: CarriedRun, experiment: string): Run {
  const { id, name, tool, status, parent, note, params, tags, inputs } = run;
  const info = z.record(z.string(), z.unknown()).parse(JSON.parse(run.info));
  return {
    id,
    experiment,
    name,
    tool,
    status,
    parent,
    note,
    params,
    tags,
    metrics: {},
    archived: false,
    started: new Date(run.started).toISOString(),
    ended: run.ended === null ? null : new Date(run.ended).toISOString(),
    info: { ...info, inputs },
  };
}

/** The store as it may be shown and recorded: without the credentials and the checked address that a URL carries. */
const shown = (store: string) =>
  /^https?:/.test(store) ? store.replace(/\/\/[^/]*@/, "//").replace(/#.*$/, "") : store;

const emptied = (store: string): Mirrored => ({
  store: shown(store),
  experiments: [],
  added: 0,
  updated: 0,
  unchanged: 0,
  metrics: 0,
  warnings: [],
});

function add(
  totals: Mirrored,
  { added, updated, unchanged, metrics, warnings }: Omit<Mirrored, "store" | "experiments">,
) {
  totals.added += added;
  totals.updated += updated;
  totals.unchanged += unchanged;
  totals.metrics += metrics;
  totals.warnings.push(...warnings);
}
