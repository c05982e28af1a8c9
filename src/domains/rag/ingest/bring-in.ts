import {
  Chunking,
  type Collection,
  type Embedder,
  FORMAT,
  type Parsed,
  type Prepared,
  type Settings,
} from "../../../kernel/collections.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { DEFAULT_MODEL } from "../fields.ts";
import type { Ingested, IngestParams } from "../ingest.ts";
import { type Failure, type FoundFile, OpResult } from "./op.ts";

/** Files that are parsed in one go, and the most bytes of them. */
const [FILES_AT_ONCE, BYTES_AT_ONCE] = [32, 16 * 2 ** 20];
/** Chunks that are written in one go. */
const CHUNKS_AT_ONCE = 512;
const LONGEST_TEXT_BYTES = 512 * 2 ** 20;
const SHOWN_FAILURES = 50;

/** Parses, cuts, embeds and writes what is new or changed, a few documents at a time: what was written stays written. */
export async function bringIn(params: IngestParams, ports: Ports): Promise<Ingested> {
  const { collections } = ports;
  const before = await collections.open(params.collection);
  const chunking = Chunking.parse({ ...before?.settings.chunking, ...params.chunking });
  const embedder = await embedderOf(params, before, ports);
  const warnings = limits(chunking, embedder);
  const sources = [params.source].flat();
  ports.progress(0, 1, "finding files");
  const found = await op(ports, { step: "list", sources, files: [] });
  const failures: Failure[] = [...found.failures];
  if (found.files.length === 0 && failures.length === 0)
    throw new ToolError(
      "invalid_input",
      "source: there are no files in it.",
      "Name a file, or a folder with documents.",
    );

  const collection = before ?? (await collections.create(params.collection, settingsOf(params, chunking, embedder)));
  const known = new Map((await collection.documents()).map((row) => [row.id, row]));
  const made = collections.madeBy(chunking, embedder.name);
  const labels = JSON.stringify(params.labels);
  const fresh = found.files.filter(({ id, hash }) => {
    const row = known.get(id);
    return row?.hash !== hash || row.made !== made || row.labels !== labels;
  });
  const gone = params.sync ? missing(found.files, failures, known.values()) : [];

  const counts = { added: 0, updated: 0, chunks: 0, tokens: 0 };
  const write = async (prepared: readonly Prepared[]) => {
    await collection.write(prepared);
    for (const { document } of prepared) {
      if (known.has(document.id)) counts.updated += 1;
      else counts.added += 1;
      counts.chunks += document.chunks;
      counts.tokens += document.tokens;
    }
  };
  let [waiting, done] = [[] as Prepared[], 0];
  for (const batch of batches(fresh)) {
    const read = await parsed(batch, params.labels, ports, failures);
    for (const document of read) {
      ports.signal.throwIfAborted();
      ports.progress(done, fresh.length, document.id);
      warnings.push(...document.warnings.map((warning) => `${document.id}: ${warning}`));
      waiting.push(await collections.prepare(document, chunking, embedder, ports.signal));
      if (waiting.reduce((sum, one) => sum + one.chunks.length, 0) >= CHUNKS_AT_ONCE) {
        await write(waiting);
        waiting = [];
      }
      done += 1;
    }
  }
  await write(waiting);
  await collection.remove(gone);
  if (counts.chunks + gone.length > 0) {
    ports.progress(done, fresh.length + 1, "indexing");
    warnings.push(...(await collection.tend()));
  }
  return {
    collection: collection.name,
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
    total: await collection.size(),
    failures: failures.slice(0, SHOWN_FAILURES),
    warnings: warnings.slice(0, 100),
  };
}

async function embedderOf(params: IngestParams, before: Collection | undefined, ports: Ports): Promise<Embedder> {
  const made = before?.settings.embedding;
  if (made && params.embedding && params.embedding !== made.model)
    throw new ToolError(
      "conflict",
      `embedding: \`${params.collection}\` is embedded by ${made.model}, not by ${params.embedding}.`,
      "Leave it out, or make another collection.",
    );
  return await ports.collections.embedder(made?.model ?? params.embedding ?? DEFAULT_MODEL);
}

function limits({ size_tokens, overlap_tokens }: Chunking, { name, max_tokens }: Embedder): string[] {
  if (overlap_tokens >= size_tokens)
    throw new ToolError(
      "invalid_input",
      `chunking: overlap_tokens is ${overlap_tokens}, not less than size_tokens, ${size_tokens}.`,
    );
  return size_tokens > max_tokens
    ? [`${name} reads ${max_tokens} tokens: of longer chunks the rest is found by its words alone.`]
    : [];
}

const settingsOf = ({ language }: IngestParams, chunking: Chunking, embedder: Embedder): Settings => ({
  format: FORMAT,
  embedding: { model: embedder.name, dimensions: embedder.dimensions },
  chunking,
  language: language ?? "English",
  created: new Date().toISOString(),
});

const op = async (ports: Ports, params: object) => OpResult.parse(await ports.python(params));

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

function batches(files: readonly FoundFile[]): FoundFile[][] {
  const all: FoundFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = all.at(-1);
    if (last && last.length < FILES_AT_ONCE && bytes + file.bytes <= BYTES_AT_ONCE) last.push(file);
    else {
      all.push([file]);
      bytes = 0;
    }
    bytes += file.bytes;
  }
  return all;
}

/** What could be read of a batch. Where a file takes the worker down with it, the others are read without it. */
async function parsed(
  files: readonly FoundFile[],
  labels: readonly string[],
  ports: Ports,
  failures: Failure[],
): Promise<Parsed[]> {
  try {
    const { documents, failures: failed } = await op(ports, { step: "parse", sources: [], files });
    failures.push(...failed);
    return documents.map(({ file, text_file, ...rest }) => ({
      ...rest,
      id: file.id,
      source: file.path,
      root: file.root,
      hash: file.hash,
      bytes: file.bytes,
      labels,
      text: ports.readText("source", text_file, LONGEST_TEXT_BYTES),
    }));
  } catch (error) {
    if (ports.signal.aborted || !(error instanceof ToolError)) throw error;
    const [only] = files;
    if (only && files.length === 1) {
      failures.push({ document: only.id, error: error.message });
      return [];
    }
    const middle = files.length >> 1;
    return [
      ...(await parsed(files.slice(0, middle), labels, ports, failures)),
      ...(await parsed(files.slice(middle), labels, ports, failures)),
    ];
  }
}
