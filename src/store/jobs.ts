import type { Database } from "better-sqlite3";
import { z } from "zod";
import { ERROR_KINDS } from "../kernel/errors.ts";
import { type Cell, inTransaction, rows } from "./database.ts";

const JobError = z.object({ kind: z.enum(ERROR_KINDS), message: z.string(), hint: z.string().nullable() });
const opened = z.string().transform((text): unknown => JSON.parse(text));

const Job = z.object({
  id: z.string(),
  tool: z.string(),
  /** What another process needs to end it: the call's state, as JSON. */
  call: z.string(),
  state: z.enum(["running", "done", "error", "cancelled"]),
  run_id: z.string().nullable(),
  pid: z.int().nullable(),
  pid_started: z.number().nullable(),
  owner_pid: z.int(),
  owner_started: z.number().nullable(),
  created: z.string(),
  ended: z.string().nullable(),
  result: opened.nullable(),
  error: opened.pipe(JobError).nullable(),
});
export type Job = z.output<typeof Job>;

/** How a job ended. */
export type JobOutcome =
  | { readonly state: "done"; readonly result: unknown }
  | { readonly state: "error" | "cancelled"; readonly error: z.infer<typeof JobError> };

/** Long calls, whichever server started them. */
export class Jobs {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  create(job: {
    id: string;
    tool: string;
    call: string;
    run_id: string | null;
    owner_pid: number;
    owner_started: number | null;
  }): void {
    this.#database
      .prepare(
        "INSERT INTO jobs (id, tool, call, state, run_id, owner_pid, owner_started, created) VALUES (@id, @tool, @call, 'running', @run_id, @owner_pid, @owner_started, @created)",
      )
      .run({ ...job, created: new Date().toISOString() });
  }

  /** Its worker began. */
  started(id: string, pid: number, pidStarted: number | null): void {
    this.#database.prepare("UPDATE jobs SET pid = ?, pid_started = ? WHERE id = ?").run(pid, pidStarted, id);
  }

  get(id: string): Job | undefined {
    const row = this.#database.prepare("SELECT * FROM jobs WHERE id = ?").get(id);
    return row === undefined ? undefined : Job.parse(row);
  }

  /** Newest first. */
  list(limit: number): readonly Job[] {
    return this.#select("ORDER BY created DESC LIMIT ?", limit);
  }

  running(): readonly Job[] {
    return this.#select("WHERE state = 'running' ORDER BY created");
  }

  /** Ends a job exactly once: `write` and the new state commit together, and only if no other process was first. */
  settle(id: string, write: () => JobOutcome): void {
    inTransaction(this.#database, () => {
      if (this.get(id)?.state !== "running") return;
      const outcome = write();
      const result = "result" in outcome ? JSON.stringify(outcome.result) : null;
      const error = "error" in outcome ? JSON.stringify(outcome.error) : null;
      this.#database
        .prepare("UPDATE jobs SET state = ?, ended = ?, result = ?, error = ? WHERE id = ?")
        .run(outcome.state, new Date().toISOString(), result, error, id);
    });
  }

  #select(rest: string, ...values: readonly Cell[]): readonly Job[] {
    return rows(Job, this.#database.prepare(`SELECT * FROM jobs ${rest}`).all(...values));
  }
}
