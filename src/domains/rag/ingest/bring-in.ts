import type { Collection, Embedder } from "../../../kernel/collections.ts";
import { Chunking, FORMAT, type Parsed, type Settings } from "../../../kernel/documents.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Ingested, IngestParams } from "../ingest.ts";
import { languageOf } from "./language.ts";
import { checkLimits, embedderOf } from "./model.ts";
import type { Failure, FoundFile } from "./op.ts";
import { originOf } from "./origin.ts";

/** Characters that are embedded and written in one go: what a kill loses at most is the work on these. */
const CHARACTERS_AT_ONCE = 200_000;
const [SHOWN_FAILURES, SHOWN_WARNINGS] = [50, 100];

/** Parses, cuts, embeds and writes what is new or changed, a few documents at a time: what was written stays written. */
export async function bringIn(params: IngestParams, ports: Ports): Promise<Ingested> {
  const { collections } = ports;
  const before = await collections.open(params.collection);
  ports.progress(0, 1, "finding documents");
  const found = await originOf(params, ports);
  const like = before ?? found.collection;
  const chunking = Chunking.parse({ ...like?.settings.chunking, ...params.chunking });
  checkLimits(chunking);
  const embedder = await embedderOf(params, before, like, ports);
  const failures: Failure[] = [...found.failures];
  if (found.files.length === 0 && failures.length === 0)
    throw new ToolError(
      "invalid_input",
      "source: there are no documents in it.",
      "Name a file, or a folder with documents.",
    );

  let collection = before;
  const opened = async (documents: readonly Parsed[]): Promise<Collection> => {
    collection ??= await collections.create(params.collection, {
      ...settingsOf(chunking, embedder),
      language: params.language ?? like?.settings.language ?? languageOf(documents),
    });
    return collection;
  };
  const made = collections.madeBy(chunking, embedder.name);
  const known = new Map((await before?.documents())?.map((row) => [row.id, row]));
  const fresh = found.files.filter(({ id, hash }) => {
    const row = known.get(id);
    return row?.hash !== hash || row.made !== made || row.labels !== found.labels(id);
  });
  const gone = params.sync ? missing(found.files, failures, known.values()) : [];

  const counts = { added: 0, updated: 0, chunks: 0, tokens: 0, done: 0 };
  const warnings: string[] = [];
  for await (const { documents, failures: failed } of found.read(fresh)) {
    failures.push(...failed);
    counts.done += failed.length;
    for (const group of groups(documents)) {
      ports.signal.throwIfAborted();
      ports.progress(counts.done, fresh.length, group[0]?.id ?? "");
      const prepared = await collections.prepare(group, chunking, embedder, ports.signal);
      await (await opened(group)).write(prepared);
      counts.done += group.length;
      for (const { document } of prepared) {
        counts[known.has(document.id) ? "updated" : "added"] += 1;
        counts.chunks += document.chunks;
        counts.tokens += document.tokens;
      }
      warnings.push(...group.flatMap(({ id, warnings: own }) => own.map((warning) => `${id}: ${warning}`)));
    }
  }
  const whole = await opened([]);
  await whole.remove(gone);
  // Chunks that no document counts were left by a kill.
  const kept = [...known.values()].reduce((sum, { chunks }) => sum + chunks, 0);
  if (counts.chunks + gone.length > 0 || (await whole.size()).chunks !== kept) {
    ports.progress(counts.done, fresh.length + 1, "indexing");
    warnings.push(...(await whole.tend()));
  }
  return {
    collection: whole.name,
    documents: {
      added: counts.added,
      updated: counts.updated,
      unchanged: found.files.length - fresh.length,
      removed: gone.length,
      failed: failures.length,
    },
    chunks: counts.chunks,
    tokens: counts.tokens,
    embedding: embedder.name,
    chunking,
    total: await whole.size(),
    failures: failures.slice(0, SHOWN_FAILURES),
    warnings: warnings.slice(0, SHOWN_WARNINGS),
  };
}

const settingsOf = (
  chunking: Chunking,
  { name, dimensions, query_prefix, document_prefix }: Embedder,
): Omit<Settings, "language"> => ({
  format: FORMAT,
  embedding: { model: name, dimensions, query_prefix, document_prefix },
  chunking,
  created: new Date().toISOString(),
});

/** Documents of the folders that were looked through which are there no more. A file that failed is there. */
function missing(
  files: readonly FoundFile[],
  failures: readonly Failure[],
  known: Iterable<{ id: string; root: string }>,
): string[] {
  const roots = new Set(files.map(({ root }) => root).filter((root) => root !== ""));
  const there = new Set([...files.map(({ id }) => id), ...failures.map(({ document }) => document)]);
  return [...known].filter(({ id, root }) => roots.has(root) && !there.has(id)).map(({ id }) => id);
}

/** Documents of about so many characters together. */
function groups(documents: readonly Parsed[]): Parsed[][] {
  const all: Parsed[][] = [];
  let characters = 0;
  for (const document of documents) {
    const last = all.at(-1);
    if (last && characters + document.text.length <= CHARACTERS_AT_ONCE) last.push(document);
    else {
      all.push([document]);
      characters = 0;
    }
    characters += document.text.length;
  }
  return all;
}
