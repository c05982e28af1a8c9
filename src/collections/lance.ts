import { mkdirSync } from "node:fs";
import type { Connection } from "@lancedb/lancedb";
import type { Collection, Collections, Embedder, Settings as SettingsType } from "../kernel/collections.ts";
import { Settings } from "../kernel/collections.ts";
import { ToolError } from "../kernel/errors.ts";
import { LanceCollection } from "./collection.ts";
import { madeBy, prepare } from "./prepare.ts";
import { chunkSchema, documentSchema, SETTINGS_KEY } from "./rows.ts";

/** Beside each collection's table of chunks stands one of its documents. */
const DOCUMENTS = ".documents";

export interface LanceOptions {
  /** A folder, or `s3://`, `gs://`, `az://`. */
  readonly uri: string;
  readonly embedder: (model: string) => Promise<Embedder>;
  readonly modelFolder: Collections["modelFolder"];
  /** Does work while no other process does work under the same name. */
  readonly exclusively: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

/** The collections at one LanceDB address. Nothing is loaded or opened before the first that is asked for. */
export function lanceCollections({
  uri,
  embedder,
  modelFolder,
  exclusively,
}: LanceOptions): Collections & { close(): void } {
  let connecting: Promise<Connection> | undefined;
  const connection = () => {
    connecting ??= connect(uri);
    return connecting;
  };
  const tables = async () => new Set(await (await connection()).tableNames({ limit: 100_000 }));

  const open = async (name: string): Promise<Collection | undefined> => {
    const there = await tables();
    if (!(there.has(name) && there.has(name + DOCUMENTS))) return undefined;
    const lance = await connection();
    const [chunks, documents] = await Promise.all([lance.openTable(name), lance.openTable(name + DOCUMENTS)]);
    const stored = Settings.safeParse(JSON.parse((await chunks.schema()).metadata.get(SETTINGS_KEY) ?? "null"));
    if (!stored.success)
      throw new ToolError(
        "conflict",
        `collection: the table \`${name}\` was not made by this version of ML Engine.`,
        "Use another name.",
      );
    return new LanceCollection(name, stored.data, { chunks, documents }, (work) =>
      exclusively(`collection:${name}`, work),
    );
  };

  const create = async (name: string, settings: SettingsType): Promise<Collection> => {
    const made = await exclusively(`collection:${name}`, async () => {
      const [lance, there] = [await connection(), await tables()];
      // The table of chunks comes last: where it is, the collection is whole.
      if (!there.has(name + DOCUMENTS))
        await (await lance.createEmptyTable(name + DOCUMENTS, documentSchema())).setUnenforcedPrimaryKey("id");
      if (!there.has(name))
        await (await lance.createEmptyTable(name, chunkSchema(settings))).setUnenforcedPrimaryKey("id");
      return await open(name);
    });
    if (!made) throw new ToolError("failed", `collection: \`${name}\` could not be made.`);
    return made;
  };

  return {
    names: async () => [...(await tables())].filter((name) => !name.endsWith(DOCUMENTS)).sort(),
    open,
    create,
    drop: (name) =>
      exclusively(`collection:${name}`, async () => {
        const [lance, there] = [await connection(), await tables()];
        for (const table of [name, name + DOCUMENTS]) if (there.has(table)) await lance.dropTable(table);
      }),
    embedder,
    modelFolder,
    prepare,
    madeBy,
    close: () => {
      void connecting?.then((lance) => lance.close());
    },
  };
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
