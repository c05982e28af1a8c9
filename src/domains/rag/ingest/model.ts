import type { Collection, Embedder } from "../../../kernel/collections.ts";
import type { Chunking } from "../../../kernel/documents.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { DEFAULT_MODEL } from "../fields.ts";
import type { IngestParams } from "../ingest.ts";
import { op } from "./files.ts";

const FOLDER = "folder:";

/** The model that the collection is embedded by, or will be; a new one's is that of `like`, where none is named. */
export async function embedderOf(
  params: IngestParams,
  before: Collection | undefined,
  like: Collection | undefined,
  ports: Ports,
): Promise<Embedder> {
  const made = before?.settings.embedding;
  const asked = params.embedding === undefined ? undefined : await named(params.embedding, ports);
  const conflict = (what: string) =>
    new ToolError(
      "conflict",
      `embedding: \`${params.collection}\` is embedded by ${made?.model}${what}.`,
      "Leave `embedding` out, or make another collection.",
    );
  if (made && asked !== undefined && asked !== made.model) throw conflict(`, not by ${asked}`);
  const embedder = await ports.collections.embedder(
    made?.model ?? asked ?? like?.settings.embedding.model ?? DEFAULT_MODEL,
  );
  if (made && embedder.dimensions !== made.dimensions)
    throw conflict(` in ${made.dimensions} dimensions; the model of this name has ${embedder.dimensions}`);
  if (made && (embedder.query_prefix !== made.query_prefix || embedder.document_prefix !== made.document_prefix))
    throw conflict(
      ` with the prefixes "${made.query_prefix}" and "${made.document_prefix}", not "${embedder.query_prefix}" and "${embedder.document_prefix}"`,
    );
  return embedder;
}

/** A folder's model is made ready for use once, and is known by what is in it from then on. */
async function named(model: string, ports: Ports): Promise<string> {
  if (!model.startsWith(FOLDER) || /^folder:[\w.-]+@[0-9a-f]{12}$/.test(model)) return model;
  const { source, target } = ports.collections.modelFolder(model.slice(FOLDER.length));
  ports.progress(0, 1, "making the model ready");
  const { model: name } = await op(ports, "model", { sources: [source], target });
  return `${FOLDER}${name}`;
}

export function checkLimits({ size_tokens, overlap_tokens }: Chunking): void {
  if (overlap_tokens >= size_tokens)
    throw new ToolError(
      "invalid_input",
      `chunking: overlap_tokens is ${overlap_tokens}, not less than size_tokens, ${size_tokens}.`,
      `Leave it out, or give less: ${Math.floor(size_tokens / 5)} is common.`,
    );
}
