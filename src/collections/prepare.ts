import { createHash } from "node:crypto";
import { z } from "zod";
import type { Embedder } from "../kernel/collections.ts";
import type { Chunking, ChunkRow, Mark, Parsed, Prepared } from "../kernel/documents.ts";
import { type Chunk, chunksOf } from "./chunking.ts";
import { CodePoints } from "./code-points.ts";
import { CHUNK } from "./rows.ts";
import { turnsOf } from "./turns.ts";

/** Chunks documents and embeds their chunks, those of all documents together: alike lengths go well with each other. */
export async function prepare(
  parsed: readonly Parsed[],
  chunking: Chunking,
  embedder: Embedder,
  signal?: AbortSignal,
): Promise<Prepared[]> {
  const cut: Cut[] = [];
  for (const document of parsed) {
    signal?.throwIfAborted();
    cut.push(await cutUp(document, chunking, embedder, signal));
  }
  const vectors = await embedder.embed(
    cut.flatMap(({ bodies }) => bodies),
    "document",
    signal,
  );
  let from = 0;
  return cut.map((one) => {
    const own = vectors.slice(from, from + one.bodies.length);
    from += one.bodies.length;
    return preparedOf(one, own, madeBy(chunking, embedder.name));
  });
}

interface Cut {
  readonly parsed: Parsed;
  readonly points: CodePoints;
  /** By UTF-16 offsets. */
  readonly marks: readonly Mark[];
  readonly chunks: readonly Chunk[];
  readonly bodies: readonly string[];
}

async function cutUp(parsed: Parsed, chunking: Chunking, embedder: Embedder, signal?: AbortSignal): Promise<Cut> {
  const { text } = parsed;
  const points = new CodePoints(text);
  const marks = parsed.marks.map((mark) => ({
    ...mark,
    start: points.offset(mark.start),
    end: points.offset(mark.end),
  }));
  const chunks = await chunksOf(text, marks, chunking, embedder.count, (part) => turnsOf(part, embedder, signal));
  return { parsed, points, marks, chunks, bodies: chunks.map((chunk) => bodyOf(text, chunk, embedder)) };
}

function preparedOf(
  { parsed, points, marks, chunks, bodies }: Cut,
  vectors: readonly Float32Array[],
  made: string,
): Prepared {
  const { text } = parsed;
  const pageAt = lastBefore(marks.filter(({ kind }) => kind === "page"));
  const sectionAt = lastBefore(marks.filter(({ kind }) => kind === "slide" || kind === "sheet"));
  const lineAt = lines(text);
  const rows = chunks.map((chunk, ordinal) => {
    const pageMark = pageAt(chunk.start);
    const row: ChunkRow = {
      id: createHash("sha256").update(`${parsed.id}\0${ordinal}`).digest("hex").slice(0, 32),
      document: parsed.id,
      ordinal,
      title: parsed.title,
      media_type: parsed.media_type,
      headings: chunk.headings.join(" › "),
      text: text.slice(chunk.start, chunk.end),
      start: points.at(chunk.start),
      end: points.at(chunk.end),
      parent_start: points.at(chunk.parent.start),
      parent_end: points.at(chunk.parent.end),
      page: pageMark === undefined ? null : z.coerce.number().int().parse(pageMark.label),
      section: sectionAt(chunk.start)?.label ?? null,
      line: lineAt(chunk.start),
      tokens: chunk.tokens,
    };
    const { id, document, title, media_type, page, section, tokens } = row;
    return {
      ...{ id, document, title, media_type, page, section, tokens },
      labels: [...parsed.labels],
      body: bodies[ordinal] ?? "",
      vector: vectors[ordinal],
      [CHUNK]: JSON.stringify(row),
    };
  });
  const { labels, marks: _, warnings, ...plain } = parsed;
  const document = {
    ...plain,
    marks: JSON.stringify(parsed.marks),
    labels: JSON.stringify(labels),
    warnings: JSON.stringify(warnings),
    made,
    chunks: rows.length,
    tokens: rows.reduce((sum, row) => sum + row.tokens, 0),
    ingested: new Date().toISOString(),
  };
  return { document, chunks: rows };
}

/** What a document was made into chunks by: where it differs, they are made anew. */
export const madeBy = ({ strategy, size_tokens, overlap_tokens }: Chunking, model: string) =>
  `${strategy}/${size_tokens}/${overlap_tokens}/${model}`;

/** What is embedded and searched: the headings, as far as the model reads, then the text itself. */
function bodyOf(text: string, chunk: Chunk, { count, max_tokens }: Embedder): string {
  const own = text.slice(chunk.start, chunk.end);
  for (let from = 0; from < chunk.headings.length; from += 1) {
    const head = chunk.headings.slice(from).join(" › ");
    if (!own.startsWith(chunk.headings.at(-1) ?? "") && count(head) + chunk.tokens <= max_tokens)
      return `${head}\n${own}`;
  }
  return own;
}

/** The last mark that begins at an offset or before; offsets are asked for in ascending order. */
function lastBefore(marks: readonly Mark[]): (offset: number) => Mark | undefined {
  let [next, asked] = [0, 0];
  return (offset) => {
    if (offset < asked) next = 0;
    asked = offset;
    while ((marks[next]?.start ?? Number.POSITIVE_INFINITY) <= offset) next += 1;
    return marks[next - 1];
  };
}

/** The line, from 1, of an offset; offsets are asked for in ascending order. */
function lines(text: string): (offset: number) => number {
  let [line, at] = [1, 0];
  return (offset) => {
    if (offset < at) [line, at] = [1, 0];
    for (let next = text.indexOf("\n", at); next >= 0 && next < offset; next = text.indexOf("\n", at)) {
      line += 1;
      at = next + 1;
    }
    return line;
  };
}
