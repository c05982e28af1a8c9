import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Database } from "better-sqlite3";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import { DatasetManifest, FeatureViewManifest, ModelManifest } from "../kernel/manifest.ts";
import type { Asset, Catalog, LineageEdge, Page } from "../kernel/ports.ts";
import { ASSET_KINDS, type AssetKind, type AssetRef } from "../kernel/record.ts";
import { inTransaction, rows } from "./database.ts";
import { Labels } from "./labels.ts";
import { walkLineage } from "./lineage.ts";

/** Where versions of each kind lie in the workspace, and what describes one. */
const KINDS = {
  dataset: { folder: "datasets", file: "dataset.json", manifest: DatasetManifest },
  model: { folder: "models", file: "model.json", manifest: ModelManifest },
  feature_view: { folder: "features", file: "feature_view.json", manifest: FeatureViewManifest },
} as const;

const Row = z.object({
  kind: z.enum(ASSET_KINDS),
  name: z.string(),
  version: z.int(),
  hash: z.string(),
  manifest: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  call_id: z.string(),
  created: z.string(),
});

/** The alias that a rollback sets. */
const CURRENT = "current";

const NEWEST = "SELECT *, max(version) AS version FROM assets WHERE kind = ? AND instr(name, ?) > 0 GROUP BY name";

/** Datasets, models and feature views by name and version. */
export class AssetCatalog implements Catalog {
  readonly #database: Database;
  readonly #workspace: string;
  readonly #labels: Labels;

  constructor(database: Database, workspace: string) {
    this.#database = database;
    this.#workspace = workspace;
    this.#labels = new Labels(database);
  }

  find(kind: AssetKind, ref: string): Asset | undefined {
    const [name = "", said] = ref.split("@");
    const version = this.#labels.version(kind, name, said ?? CURRENT) ?? said;
    const row =
      version === undefined
        ? this.#database
            .prepare("SELECT * FROM assets WHERE kind = ? AND name = ? ORDER BY version DESC LIMIT 1")
            .get(kind, name)
        : this.#database
            .prepare("SELECT * FROM assets WHERE kind = ? AND name = ? AND version = ?")
            .get(kind, name, Number(version) || 0);
    return row === undefined ? undefined : this.#asset(Row.parse(row));
  }

  at(folder: string): Asset | undefined {
    const [top, name, version] = relative(this.#workspace, folder).split(sep);
    const kind = ASSET_KINDS.find((each) => KINDS[each].folder === top);
    return kind === undefined ? undefined : this.find(kind, `${name}@${version}`);
  }

  list(
    kind: AssetKind,
    { limit = 20, cursor, query = "" }: { limit?: number; cursor?: string; query?: string } = {},
  ): Page<Asset> {
    const { total } = z
      .object({ total: z.int() })
      .parse(this.#database.prepare(`SELECT count(*) AS total FROM (${NEWEST})`).get(kind, query));
    const skip = Number(cursor ?? 0) || 0;
    const found = this.#database
      .prepare(`${NEWEST} ORDER BY created DESC, name LIMIT ? OFFSET ?`)
      .all(kind, query, limit, skip);
    const items = rows(Row, found).map((row) => this.#asset(row));
    return { items, total, next_cursor: skip + items.length < total ? String(skip + items.length) : undefined };
  }

  names(kind: AssetKind, prefix = ""): readonly string[] {
    const found = this.#database
      .prepare("SELECT DISTINCT name FROM assets WHERE kind = ? AND substr(name, 1, ?) = ? ORDER BY name")
      .all(kind, prefix.length, prefix);
    return rows(z.object({ name: z.string() }), found).map(({ name }) => name);
  }

  versions(kind: AssetKind, name: string): readonly Asset[] {
    const found = this.#database
      .prepare("SELECT * FROM assets WHERE kind = ? AND name = ? ORDER BY version DESC")
      .all(kind, name);
    return rows(Row, found).map((row) => this.#asset(row));
  }

  tag(kind: AssetKind, name: string, alias: string, version: number | null): void {
    this.#labels.tag(kind, name, alias, version);
  }

  tags(kind: AssetKind, name: string): Readonly<Record<string, number>> {
    return this.#labels.tags(kind, name);
  }

  mark({ kind, name, version }: Asset, key: string, value: string | null): void {
    this.#labels.mark({ kind, name, version, key }, value);
  }

  marks({ kind, name, version }: Asset): Readonly<Record<string, string>> {
    return this.#labels.marks(kind, name, version);
  }

  lineage(ref: AssetRef, direction: "up" | "down", depth: number): readonly LineageEdge[] {
    return walkLineage(this.#database, ref, direction, depth);
  }

  /**
   * Gives what an op staged its name and version and moves it to its place. Equal content under one name is the version
   * that is there. The move comes before the row: a kill between them leaves a folder that no row knows, which the next
   * registration replaces.
   */
  register({ kind, stagedFolder, callId }: { kind: AssetKind; stagedFolder: string; callId: string }): Asset {
    const { folder, file, manifest } = KINDS[kind];
    return inTransaction(this.#database, () => {
      const described = manifest.parse(JSON.parse(readFileSync(join(stagedFolder, file), "utf8")));
      const { name, hash } = described;
      const same = this.#database
        .prepare("SELECT * FROM assets WHERE kind = ? AND name = ? AND hash = ?")
        .get(kind, name, hash);
      if (same !== undefined) {
        return this.#asset(Row.parse(same));
      }
      const { version } = z
        .object({ version: z.int() })
        .parse(
          this.#database
            .prepare("SELECT coalesce(max(version), 0) + 1 AS version FROM assets WHERE kind = ? AND name = ?")
            .get(kind, name),
        );
      place(stagedFolder, join(this.#workspace, folder, name, String(version)));
      const row = {
        kind,
        name,
        version,
        hash,
        manifest: JSON.stringify(described),
        call_id: callId,
        created: new Date().toISOString(),
      };
      // What is new is what the name means from now on, also after a rollback.
      this.#labels.tag(kind, name, CURRENT, null);
      this.#database
        .prepare("INSERT INTO assets VALUES (@kind, @name, @version, @hash, @manifest, @call_id, @created)")
        .run(row);
      return this.#asset(Row.parse(row));
    });
  }

  #asset(row: z.output<typeof Row>): Asset {
    return {
      ...row,
      ref: `${row.name}@${row.version}`,
      path: join(this.#workspace, KINDS[row.kind].folder, row.name, String(row.version)),
    };
  }
}

/**
 * Puts what an op staged where it belongs, leaving the staged files where they are: until the transaction commits they are
 * all that a job taken over from a killed server has. Links cost no room; another file system gets copies.
 */
function place(from: string, to: string): void {
  if (!existsSync(from)) throw new ToolError("failed", "What the tool made is not where it said.");
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) place(source, target);
    else link(source, target);
  }
}

function link(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}
