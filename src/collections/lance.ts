import { createHash } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "@lancedb/lancedb";
import type { Collection, Collections, Embedder } from "../kernel/collections.ts";
import { Settings, type Settings as SettingsType } from "../kernel/documents.ts";
import { ToolError } from "../kernel/errors.ts";
import { LanceCollection } from "./collection.ts";
import { imported, type Rows, rowsOf, writeWhole } from "./copies.ts";
import { Leases } from "./leases.ts";
import { madeBy, prepare } from "./prepare.ts";
import { chunkSchema, documentSchema, SETTINGS_KEY } from "./rows.ts";

/** Collections that stay open, with what they hold in memory. */
const MOST_OPEN = 8;

/** Beside each collection's table of chunks stands one of its documents. */
const DOCUMENTS = ".documents";

export interface LanceOptions {
  /** A folder, or `s3://`, `gs://`, `az://`. */
  readonly uri: string;
  readonly embedder: (model: string) => Promise<Embedder>;
  readonly modelFolder: Collections["modelFolder"];
  /** Does work while no other process of this workspace does work under the same name. */
  readonly exclusively: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Whether other workspaces may work at the same address. */
  readonly shared: boolean;
}

/** The collections at one LanceDB address. Nothing is loaded or opened before the first that is asked for. */
export function lanceCollections({
  uri,
  embedder,
  modelFolder,
  exclusively,
  shared,
}: LanceOptions): Collections & { close(): void } {
  let connecting: Promise<Connection> | undefined;
  const connection = () => {
    connecting ??= connect(uri).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const leases = new Leases(connection);
  const alone = <T>(collection: string, work: () => Promise<T>): Promise<T> => {
    const name = `collection:${collection}`;
    return exclusively(name, shared ? () => leases.hold(name, work) : work);
  };
  /** Asked before all else of an address, so that it is here that one is found not to answer. */
  const tables = async () => {
    try {
      return new Set(await (await connection()).tableNames({ limit: 100_000 }));
    } catch (error) {
      throw unreached(uri, error);
    }
  };

  /** Opened ones of this machine's own folders, for as long as their folders are the same. */
  const known = new Map<string, { of: string; collection: LanceCollection }>();
  const openNow = async (name: string): Promise<LanceCollection | undefined> => {
    const of = foldersOf(uri, [name, name + DOCUMENTS]);
    const before = known.get(name);
    if (of !== undefined && before?.of === of) return before.collection;
    known.delete(name);
    const there = await tables();
    if (!(there.has(name) && there.has(name + DOCUMENTS))) return undefined;
    const lance = await connection();
    const [chunks, documents] = await Promise.all([lance.openTable(name), lance.openTable(name + DOCUMENTS)]);
    const stored = Settings.safeParse(JSON.parse((await chunks.schema()).metadata.get(SETTINGS_KEY) ?? "null"));
    if (!stored.success)
      throw new ToolError(
        "conflict",
        `collection: the table \`${name}\` was not made by this version of ML Engine.`,
        'Ingest its files anew after ml_rag_manage {action: "delete"}, or use another name.',
      );
    const collection = new LanceCollection(name, stored.data, { chunks, documents }, (work) => alone(name, work));
    if (of !== undefined) known.set(name, { of, collection });
    const [oldest] = known.keys();
    if (known.size > MOST_OPEN && oldest !== undefined) known.delete(oldest);
    return collection;
  };

  /** A table that another process makes or drops at this moment cannot be opened; after that it can, or is not there. */
  const open = (name: string) =>
    openNow(name).catch((error: unknown) => {
      if (error instanceof ToolError) throw error;
      return alone(name, () => openNow(name));
    });

  const create = async (name: string, settings: SettingsType): Promise<Collection> => {
    const made = await alone(name, async () => {
      const [lance, there] = [await connection(), await tables()];
      if (there.has(name) && there.has(name + DOCUMENTS)) return await openNow(name);
      // One without the other is what a kill left.
      for (const table of [name, name + DOCUMENTS]) if (there.has(table)) await lance.dropTable(table);
      await (await lance.createEmptyTable(name, chunkSchema(settings))).setUnenforcedPrimaryKey("id");
      await (await lance.createEmptyTable(name + DOCUMENTS, documentSchema())).setUnenforcedPrimaryKey("id");
      return await openNow(name);
    });
    if (!made) throw new ToolError("failed", `collection: \`${name}\` could not be made.`);
    return made;
  };

  /** A new collection of rows that are there already. */
  const whole = async (to: string, settings: SettingsType, rows: Rows): Promise<Collection> => {
    const made = await alone(to, async () => {
      if (await openNow(to))
        throw new ToolError("conflict", `to: there is a collection \`${to}\` already.`, "Choose another name.");
      await writeWhole(await connection(), { chunks: to, documents: to + DOCUMENTS }, settings, rows);
      return await openNow(to);
    });
    if (!made) throw new ToolError("failed", `to: \`${to}\` could not be made.`);
    await made.tend();
    return made;
  };

  return {
    names: async () => wholeOnes(await tables()),
    open,
    create,
    drop: (name) =>
      alone(name, async () => {
        const [lance, there] = [await connection(), await tables()];
        for (const table of [name, name + DOCUMENTS]) if (there.has(table)) await lance.dropTable(table);
      }),
    clone: async (name, to) => {
      const from = await open(name);
      if (!from) throw new ToolError("not_found", `collection: there is no collection \`${name}\`.`);
      return await whole(to, from.settings, rowsOf(from.tables));
    },
    import: async (to, file) => {
      const { settings, rows } = imported(file);
      return await whole(to, settings, rows);
    },
    embedder,
    modelFolder,
    prepare,
    madeBy,
    temporary: (name, chunking) =>
      `temporary-${createHash("sha256")
        .update(`${name}\0${JSON.stringify(chunking)}`)
        .digest("hex")
        .slice(0, 16)}`,
    close: () => {
      void connecting?.then((lance) => lance.close());
    },
  };
}

/** A table of chunks without documents is what a kill left of one in the making. */
const wholeOnes = (tables: ReadonlySet<string>) =>
  [...tables].filter((name) => !name.endsWith(DOCUMENTS) && tables.has(name + DOCUMENTS)).sort();

/** Which folders tables lie in: another one where a table was made anew. Undefined where they are not this machine's. */
function foldersOf(uri: string, names: readonly string[]): string | undefined {
  if (uri.includes("://")) return undefined;
  const found = names.map((name) => statSync(join(uri, `${name}.lance`), { bigint: true, throwIfNoEntry: false }));
  return found.every((one) => one !== undefined)
    ? found.map(({ dev, ino, birthtimeNs }) => `${dev}/${ino}/${birthtimeNs}`).join()
    : undefined;
}

function unreached(uri: string, error: unknown): ToolError {
  return new ToolError(
    "unavailable",
    `lancedb: the collections at \`${uri}\` cannot be reached.`,
    uri.includes("://")
      ? "Check the address, and the region, keys and endpoint in the server's environment (docs/rag.md); the event log has what the store said."
      : "Check that the server's user may write to this folder, and that its disk has room.",
    error,
  );
}

async function connect(uri: string): Promise<Connection> {
  // Set before the native part is loaded: it writes a warning or two for each query otherwise.
  process.env["LANCEDB_LOG"] ??= "error";
  if (!uri.includes("://")) mkdirSync(uri, { recursive: true, mode: 0o700 });
  const lance = await import("@lancedb/lancedb");
  return await lance.connect(uri, { readConsistencyInterval: 0, storageOptions: storageOptions(uri, process.env) });
}

/**
 * What opens an object store. LanceDB takes region, keys and endpoint from the environment by itself (`AWS_…`, `GOOGLE_…`,
 * `AZURE_STORAGE_…`); the endpoint that whoever runs the server names may be one without TLS.
 */
function storageOptions(uri: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const endpoint = env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"] ?? env["AWS_ENDPOINT"];
  if (!uri.startsWith("s3://") || endpoint === undefined) return {};
  return { endpoint, ...(endpoint.startsWith("http://") && { allow_http: "true" }) };
}

/** Whether LanceDB's native part runs on this machine; throws its own error where it does not. */
export async function loadLance(): Promise<void> {
  const { connect: open } = await import("@lancedb/lancedb");
  (await open("memory://")).close();
}
