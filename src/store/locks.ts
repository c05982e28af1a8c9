import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import { z } from "zod";
import { isAlive, startedAt } from "../runtime/processes.ts";
import { inTransaction } from "./database.ts";

const Row = z.object({ pid: z.int(), started: z.int().nullable() });
const [LEAST_NAP_MS, NAP_MS] = [10, 60];

/** Locks that are held while work waits for other things, by one process of this machine at a time, in turn within one. */
export class Locks {
  readonly #database: Database;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Does `work` while nobody else does work under the same name. A lock whose process was killed is free. */
  hold<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const mine = before.then(() => this.#locked(name, work));
    const ended = mine.catch(() => {});
    this.#queues.set(name, ended);
    void ended.then(() => {
      if (this.#queues.get(name) === ended) this.#queues.delete(name);
    });
    return mine;
  }

  async #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    while (!this.#take(name)) await sleep(LEAST_NAP_MS + Math.random() * NAP_MS);
    try {
      return await work();
    } finally {
      this.#database.prepare("DELETE FROM locks WHERE name = ? AND pid = ?").run(name, process.pid);
    }
  }

  #take(name: string): boolean {
    return inTransaction(this.#database, () => {
      const row = Row.optional().parse(
        this.#database.prepare("SELECT pid, started FROM locks WHERE name = ?").get(name),
      );
      if (row && isAlive(row.pid, row.started)) return false;
      this.#database
        .prepare("INSERT OR REPLACE INTO locks VALUES (?, ?, ?)")
        .run(name, process.pid, startedAt(process.pid));
      return true;
    });
  }
}
