import type { Database } from "better-sqlite3";
import { z } from "zod";
import type { AssetKind } from "../kernel/record.ts";
import { rows } from "./database.ts";

/** What is said of versions after they were made: names for one version, and marks on it. */
export class Labels {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The version that `alias` names. */
  version(kind: AssetKind, name: string, alias: string): string | undefined {
    const row = this.#database
      .prepare("SELECT version FROM aliases WHERE kind = ? AND name = ? AND alias = ?")
      .get(kind, name, alias);
    return row === undefined ? undefined : String(z.object({ version: z.int() }).parse(row).version);
  }

  tag(kind: AssetKind, name: string, alias: string, version: number | null): void {
    if (version === null)
      this.#database.prepare("DELETE FROM aliases WHERE kind = ? AND name = ? AND alias = ?").run(kind, name, alias);
    else this.#database.prepare("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?)").run(kind, name, alias, version);
  }

  tags(kind: AssetKind, name: string): Readonly<Record<string, number>> {
    const found = this.#database
      .prepare("SELECT alias, version FROM aliases WHERE kind = ? AND name = ? ORDER BY alias")
      .all(kind, name);
    const Row = z.object({ alias: z.string(), version: z.int() });
    return Object.fromEntries(rows(Row, found).map(({ alias, version }) => [alias, version]));
  }

  mark(place: { kind: AssetKind; name: string; version: number; key: string }, value: string | null): void {
    if (value === null)
      this.#database
        .prepare("DELETE FROM marks WHERE kind = @kind AND name = @name AND version = @version AND key = @key")
        .run(place);
    else
      this.#database
        .prepare("INSERT OR REPLACE INTO marks VALUES (@kind, @name, @version, @key, @value)")
        .run({ ...place, value });
  }

  marks(kind: AssetKind, name: string, version: number): Readonly<Record<string, string>> {
    const found = this.#database
      .prepare("SELECT key, value FROM marks WHERE kind = ? AND name = ? AND version = ? ORDER BY key")
      .all(kind, name, version);
    const Row = z.object({ key: z.string(), value: z.string() });
    return Object.fromEntries(rows(Row, found).map(({ key, value }) => [key, value]));
  }
}
