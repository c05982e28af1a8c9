import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";

/** Migrations lie beside this file, in the sources and in the built server alike. */
const MIGRATIONS = new URL("./migrations/", import.meta.url);

const BUSY_MS = 15_000;

/** A value as SQLite keeps it. */
export type Cell = string | number | null;

/** `engine.db` of a workspace, migrated to what this code knows. Several processes may have it open. */
export async function openDatabase(workspace: string): Promise<Database> {
  const { default: Sqlite } = await import("better-sqlite3");
  mkdirSync(workspace, { recursive: true, mode: 0o700 });
  const database = new Sqlite(join(workspace, "engine.db"), { timeout: BUSY_MS });
  try {
    await toWriteAheadLog(database);
    // A killed process loses nothing at this level; only a machine that loses power may lose its last moments, whole.
    database.pragma("synchronous = NORMAL");
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite does not wait where two processes change a new database's mode together: one of them is told at once that it is busy. */
async function toWriteAheadLog(database: Database): Promise<void> {
  const until = Date.now() + BUSY_MS;
  for (;;) {
    try {
      database.pragma("journal_mode = WAL");
      return;
    } catch (error) {
      const busy = error instanceof Error && "code" in error && error.code === "SQLITE_BUSY";
      if (!busy || Date.now() > until) throw error;
      await sleep(10 + Math.random() * 40);
    }
  }
}

/** Runs `write` alone among all processes, or joins the transaction already under way. */
export function inTransaction<T>(database: Database, write: () => T): T {
  return database.inTransaction ? write() : database.transaction(write).immediate();
}

/** Parses every row of a query. */
export const rows = <S extends z.ZodType>(schema: S, found: readonly unknown[]): z.output<S>[] =>
  found.map((row) => schema.parse(row));

function migrate(database: Database): void {
  const files = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  if (applied(database).join() === files.join()) return;
  inTransaction(database, () => {
    database.exec("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, time TEXT NOT NULL) WITHOUT ROWID");
    const done = applied(database);
    const unknown = done.filter((name) => !files.includes(name));
    if (unknown.length > 0) {
      throw new ToolError(
        "conflict",
        `This workspace was written by a newer ML Engine (${unknown.join(", ")}).`,
        "Update ML Engine, or name another folder with --workspace.",
      );
    }
    for (const name of files.filter((file) => !done.includes(file))) {
      database.exec(readFileSync(new URL(name, MIGRATIONS), "utf8"));
      database.prepare("INSERT INTO migrations VALUES (?, ?)").run(name, new Date().toISOString());
    }
  });
}

function applied(database: Database): string[] {
  const exists = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").get();
  return exists
    ? rows(z.object({ name: z.string() }), database.prepare("SELECT name FROM migrations ORDER BY name").all()).map(
        ({ name }) => name,
      )
    : [];
}
