import type { Database, Statement } from "better-sqlite3";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import { IMPORTED, type Metric, type Page, type Run, type RunStatus, type Runs } from "../kernel/ports.ts";
import { type Cell, inTransaction, rows } from "./database.ts";
import { type Condition, parseFilter, parseOrder } from "./run-filter.ts";

const Row = z.object({
  id: z.string(),
  experiment: z.string(),
  name: z.string(),
  tool: z.string(),
  status: z.enum(["RUNNING", "FINISHED", "FAILED", "CANCELLED"]),
  started: z.string(),
  ended: z.string().nullable(),
  note: z.string(),
  archived: z.int().transform((flag) => flag === 1),
  parent: z.string().nullable(),
  info: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
});
const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const Pair = z.object({ key: z.string(), value: z.union([z.string(), z.number()]) });
const Point = z.object({ key: z.string(), step: z.int(), time: z.int(), value: z.number() });

/** Experiments, runs and their metrics. */
export class RunStore implements Runs {
  readonly #database: Database;
  readonly #point: Statement;
  readonly #latest: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#point = database.prepare("INSERT OR IGNORE INTO run_metrics VALUES (?, ?, ?, ?, ?)");
    this.#latest = database.prepare(
      "INSERT INTO run_latest VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET step = excluded.step, time = excluded.time, value = excluded.value WHERE (excluded.step, excluded.time) >= (step, time)",
    );
  }

  start({ id, experiment, name, tool, parent, info, params }: Parameters<Runs["start"]>[0]): void {
    inTransaction(this.#database, () => {
      this.createExperiment(experiment, "");
      this.#database
        .prepare(
          "INSERT INTO runs (id, experiment, name, tool, status, started, parent, info) VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, ?)",
        )
        .run(id, experiment, name, tool, new Date().toISOString(), parent ?? null, JSON.stringify(info));
      this.params(id, params);
    });
  }

  params(id: string, params: Record<string, string | number | boolean | null>): void {
    inTransaction(this.#database, () => {
      const insert = this.#database.prepare("INSERT OR REPLACE INTO run_params VALUES (?, ?, ?)");
      for (const [key, value] of Object.entries(params))
        insert.run(id, key, typeof value === "string" ? value : JSON.stringify(value));
    });
  }

  /** Answers how many were new. */
  metrics(id: string, metrics: readonly Metric[]): number {
    return inTransaction(this.#database, () => {
      let added = 0;
      for (const { key, step, time, value } of metrics) {
        added += this.#point.run(id, key, step, time, value).changes;
        this.#latest.run(id, key, step, time, value);
      }
      return added;
    });
  }

  end(id: string, status: Exclude<RunStatus, "RUNNING">): void {
    this.#database
      .prepare("UPDATE runs SET status = ?, ended = ? WHERE id = ? AND status = 'RUNNING'")
      .run(status, new Date().toISOString(), id);
  }

  bring(run: Run, history: readonly Metric[]): ReturnType<Runs["bring"]> {
    return inTransaction(this.#database, () => {
      const known = this.get(run.id);
      if (known && known.tags[IMPORTED.store] === undefined) return { outcome: "unchanged", points: 0 };
      this.createExperiment(run.experiment, "");
      const { id, experiment, name, tool, status, started, ended, note, parent } = run;
      const changes = [
        this.#database
          .prepare(
            "INSERT INTO runs (id, experiment, name, tool, status, started, ended, note, parent, info) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = excluded.status, ended = excluded.ended WHERE (status, ended) IS NOT (excluded.status, excluded.ended)",
          )
          .run(id, experiment, name, tool, status, started, ended, note, parent, JSON.stringify(run.info)).changes,
      ];
      const insert = (table: string, values: object) => {
        const pair = this.#database.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?, ?)`);
        for (const [key, value] of Object.entries(values)) changes.push(pair.run(id, key, String(value)).changes);
      };
      insert("run_params", run.params);
      insert("run_tags", run.tags);
      const points = this.metrics(id, history);
      const changed = points + changes.reduce((sum, count) => sum + count, 0) > 0;
      return { outcome: known ? (changed ? "updated" : "unchanged") : "added", points };
    });
  }

  get(id: string): Run | undefined {
    const row = this.#database.prepare("SELECT * FROM runs WHERE id = ?").get(id);
    return row === undefined ? undefined : this.#whole(Row.parse(row));
  }

  history(id: string, key?: string): readonly Metric[] {
    const where = key === undefined ? "" : "AND key = ?";
    const values: Cell[] = key === undefined ? [id] : [id, key];
    return rows(
      Point,
      this.#database
        .prepare(`SELECT key, step, time, value FROM run_metrics WHERE run_id = ? ${where} ORDER BY key, step, time`)
        .all(...values),
    );
  }

  search({
    experiment,
    filter,
    order_by,
    archived = false,
    limit = 20,
    cursor,
  }: Parameters<Runs["search"]>[0]): Page<Run> {
    const conditions: Condition[] = [{ sql: "archived = ?", values: [archived ? 1 : 0] }];
    if (experiment !== undefined) conditions.push({ sql: "experiment = ?", values: [experiment] });
    if (filter !== undefined && filter.trim() !== "") conditions.push(parseFilter(filter));
    const where = conditions.map(({ sql }) => sql).join(" AND ");
    const values = conditions.flatMap(({ values: bound }) => bound);
    const order = order_by === undefined ? { sql: "started DESC", values: [] } : parseOrder(order_by);
    const skip = Number(cursor ?? 0) || 0;
    const { total } = z
      .object({ total: z.int() })
      .parse(this.#database.prepare(`SELECT count(*) AS total FROM runs WHERE ${where}`).get(...values));
    const found = this.#database
      .prepare(`SELECT * FROM runs WHERE ${where} ORDER BY ${order.sql}, id DESC LIMIT ? OFFSET ?`)
      .all(...values, ...order.values, limit, skip);
    const items = rows(Row, found).map((row) => this.#whole(row));
    return { items, total, next_cursor: skip + items.length < total ? String(skip + items.length) : undefined };
  }

  ids(prefix = ""): readonly string[] {
    const found = this.#database
      .prepare("SELECT id FROM runs WHERE substr(id, 1, ?) = ? ORDER BY started DESC LIMIT 200")
      .all(prefix.length, prefix);
    return rows(z.object({ id: z.string() }), found).map(({ id }) => id);
  }

  note(id: string, note: string): void {
    this.#change("UPDATE runs SET note = ? WHERE id = ?", note, id);
  }

  tag(id: string, tags: Record<string, string>): void {
    inTransaction(this.#database, () => {
      this.#change("UPDATE runs SET id = id WHERE id = ?", id);
      for (const [key, value] of Object.entries(tags))
        this.#database.prepare("INSERT OR REPLACE INTO run_tags VALUES (?, ?, ?)").run(id, key, value);
    });
  }

  archive(id: string): void {
    this.#change("UPDATE runs SET archived = 1 WHERE id = ?", id);
  }

  createExperiment(name: string, description: string): void {
    this.#database
      .prepare(
        "INSERT INTO experiments VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET description = CASE excluded.description WHEN '' THEN description ELSE excluded.description END",
      )
      .run(name, description, new Date().toISOString());
  }

  experiments(): readonly { name: string; description: string; created: string; runs: number }[] {
    const Experiment = z.object({ name: z.string(), description: z.string(), created: z.string(), runs: z.int() });
    return rows(
      Experiment,
      this.#database
        .prepare(
          "SELECT *, (SELECT count(*) FROM runs WHERE experiment = experiments.name) AS runs FROM experiments ORDER BY created DESC",
        )
        .all(),
    );
  }

  /** Closes runs that no job will close: those left open by a server that was killed before its job was written. Imported ones go on elsewhere. */
  reap(): void {
    this.#database
      .prepare(
        "UPDATE runs SET status = 'FAILED', ended = ? WHERE status = 'RUNNING' AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.run_id = runs.id AND jobs.state = 'running') AND NOT EXISTS (SELECT 1 FROM run_tags WHERE run_id = runs.id AND key = ?)",
      )
      .run(new Date().toISOString(), IMPORTED.store);
  }

  #change(sql: string, ...values: readonly Cell[]): void {
    const { changes } = this.#database.prepare(sql).run(...values);
    if (changes === 0)
      throw new ToolError(
        "not_found",
        `run: there is no run \`${String(values.at(-1))}\`.`,
        "ml_training_experiment with action `search` lists them.",
      );
  }

  #whole(row: z.output<typeof Row>): Run {
    const pairs = (table: string) =>
      rows(Pair, this.#database.prepare(`SELECT key, value FROM ${table} WHERE run_id = ? ORDER BY key`).all(row.id));
    return {
      ...row,
      params: Object.fromEntries(pairs("run_params").map(({ key, value }) => [key, scalar(String(value))])),
      tags: Object.fromEntries(pairs("run_tags").map(({ key, value }) => [key, String(value)])),
      metrics: Object.fromEntries(pairs("run_latest").map(({ key, value }) => [key, Number(value)])),
    };
  }
}

/** Parameters are kept as text, as MLflow does; numbers and flags come back as what they were. */
function scalar(text: string): z.infer<typeof Scalar> {
  if (!/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(text)) return text;
  return Scalar.parse(JSON.parse(text));
}
