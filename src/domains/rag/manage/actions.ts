import type { Collection } from "../../../kernel/collections.ts";
import type { DocumentBrief } from "../../../kernel/documents.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { noCollection, opened, strings } from "../fields.ts";
import type { Managed, ManageParams } from "../manage.ts";

const MOST_CHARACTERS = 20_000;
const MOST_BYTES = 2 ** 31;

type Found = Partial<Omit<Managed, "action">>;

export async function manage(params: ManageParams, ports: Ports): Promise<Managed> {
  const found = await ACTIONS[params.action](params, ports);
  return {
    action: params.action,
    collections: [],
    documents: [],
    next_cursor: null,
    indices: [],
    recall: null,
    versions: [],
    text: null,
    total_characters: null,
    changed: 0,
    files: [],
    notes: [],
    warnings: [],
    ...found,
  };
}

const ACTIONS: Readonly<Record<ManageParams["action"], (params: ManageParams, ports: Ports) => Promise<Found>>> = {
  list: async (_, { collections }) => {
    const warnings: string[] = [];
    const all = (await collections.names()).map(async (name) => {
      try {
        return await collections.open(name);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        warnings.push(`${error.message} ${error.hint ?? ""}`);
        return undefined;
      }
    });
    const whole = (await Promise.all(all)).filter((one) => one !== undefined);
    return { collections: await Promise.all(whole.map(infoOf)), warnings };
  },
  describe: async (params, ports) => {
    const collection = await named(params, ports);
    return {
      collections: [await infoOf(collection)],
      indices: [...(await collection.indices())],
      versions: [...(await collection.versions())],
    };
  },
  documents: async (params, ports) => {
    const collection = await named(params, ports);
    const passing = params.filter === undefined ? undefined : new Set(await collection.matching(params.filter));
    const all = [...(await collection.documents())]
      .filter(({ id }) => passing?.has(id) ?? true)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .filter(({ id }) => params.cursor === undefined || id > params.cursor);
    const shown = all.slice(0, params.limit);
    return { documents: shown.map(told), next_cursor: all.length > shown.length ? (shown.at(-1)?.id ?? null) : null };
  },
  read: async (params, ports) => {
    const collection = await named(params, ports);
    const id = wanted(params.document, "document", "a document's name, as `documents` lists it");
    const row = await collection.document(id);
    if (!row) throw await noSuchDocument(id, collection);
    const points = [...row.text];
    const end = params.start + MOST_CHARACTERS;
    return {
      documents: [told(row)],
      text: points.slice(params.start, end).join(""),
      total_characters: points.length,
      notes: points.length > end ? [`There is more: start ${end} of ${points.length} characters.`] : [],
    };
  },
  versions: async (params, ports) => ({ versions: [...(await (await named(params, ports)).versions())] }),
  export: async (params, ports) => {
    const collection = await named(params, ports);
    const name = `${collection.name}.collection.jsonl`;
    return { files: [ports.artifacts.write(name, "Collection, whole", await collection.export())] };
  },
  clone: async (params, { collections }) => {
    const { name } = await opened(wanted(params.collection, "collection", "the one to copy"), collections);
    return { collections: [await infoOf(await collections.clone(name, target(params)))] };
  },
  import: async (params, { collections, readBytes }) => {
    const path = wanted(params.source, "source", "the file that `export` wrote");
    return {
      collections: [await infoOf(await collections.import(target(params), readBytes("source", path, MOST_BYTES)))],
    };
  },
  tag: async (params, ports) => {
    const collection = await named(params, ports);
    await collection.tag(wanted(params.version, "version", "the name to give it"));
    return { versions: [...(await collection.versions())] };
  },
  rollback: async (params, ports) => {
    const collection = await named(params, ports);
    const name = wanted(params.version, "version", "one of `versions`");
    const known = (await collection.versions()).map((one) => one.name);
    if (!known.includes(name))
      throw new ToolError(
        "not_found",
        `version: there is no version \`${name}\`.`,
        `There are: ${known.join(", ") || "none"}.`,
      );
    await collection.rollback(name);
    const warnings = [...(await collection.tend())];
    return { collections: [await infoOf(collection)], versions: [...(await collection.versions())], warnings };
  },
  optimize: async (params, ports) => {
    const collection = await named(params, ports);
    const warnings = [...(await collection.tend(true))];
    return { collections: [await infoOf(collection)], indices: [...(await collection.indices())], warnings };
  },
  index: async (params, ports) => {
    const collection = await named(params, ports);
    const { type, rows, recall } = await collection.indexVectors(params.force);
    return {
      indices: [...(await collection.indices())],
      recall: type === "none" ? null : recall,
      notes: [
        type === "none"
          ? `No index of vectors: ${rows} chunks are searched exactly, which misses nothing.`
          : `${type} over ${rows} chunks.`,
      ],
    };
  },
  rename: async (params, { collections }) => {
    const { name } = await opened(wanted(params.collection, "collection", "the one to rename"), collections);
    const made = await collections.clone(name, target(params));
    await collections.drop(name);
    return { collections: [await infoOf(made)], notes: ["Its earlier versions are gone."] };
  },
  delete_documents: async (params, ports) => {
    const collection = await named(params, ports);
    const filter = wanted(params.filter, "filter", "what to delete, such as document = 'a.pdf' or label = 'team=hr'");
    const ids = await collection.matching(filter);
    await collection.remove(ids);
    return {
      changed: ids.length,
      collections: [await infoOf(collection)],
      notes: [
        ids.length === 0
          ? "No document passes the filter."
          : `Deleted: ${ids.slice(0, 20).join(", ")}${ids.length > 20 ? " …" : ""}.`,
      ],
      warnings: ids.length === 0 ? [] : [...(await collection.tend())],
    };
  },
  delete: async (params, { collections }) => {
    const name = wanted(params.collection, "collection", "the one to delete");
    const names = await collections.names();
    // One that another version made cannot be opened, and can go all the same.
    if (!names.includes(name)) throw noCollection(name, names);
    await collections.drop(name);
    return { notes: [`${name} is deleted.`] };
  },
};

const named = (params: ManageParams, { collections }: Ports) =>
  opened(wanted(params.collection, "collection", "one that `list` names"), collections);

const target = ({ to }: ManageParams) => wanted(to, "to", "the new collection's name");

function wanted(value: string | undefined, field: string, what: string): string {
  if (value === undefined) throw new ToolError("invalid_input", `${field}: this action needs it.`, `Give ${what}.`);
  return value;
}

async function infoOf(collection: Collection): Promise<Managed["collections"][number]> {
  const { embedding, chunking, language, created } = collection.settings;
  return {
    name: collection.name,
    ...(await collection.size()),
    embedding: embedding.model,
    dimensions: embedding.dimensions,
    chunking: `${chunking.strategy}, up to ${chunking.size_tokens} tokens${chunking.overlap_tokens > 0 ? `, ${chunking.overlap_tokens} shared` : ""}`,
    language,
    created,
  };
}

const told = ({ id, title, media_type, chunks, tokens, bytes, labels, ingested, warnings }: DocumentBrief) => ({
  document: id,
  title,
  media_type,
  chunks,
  tokens,
  bytes,
  labels: strings(labels),
  ingested,
  warnings: strings(warnings),
});

async function noSuchDocument(id: string, collection: Collection): Promise<ToolError> {
  const ids = (await collection.documents()).map((row) => row.id);
  const near = ids.filter((one) => one.toLowerCase().includes(id.toLowerCase().split("/").at(-1) ?? id)).slice(0, 5);
  return new ToolError(
    "not_found",
    `document: ${collection.name} has no document \`${id}\`.`,
    near.length > 0 ? `Did you mean ${near.join(", ")}?` : "`documents` lists them.",
  );
}
