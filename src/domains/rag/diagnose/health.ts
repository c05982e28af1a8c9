import type { Collection, Embedder } from "../../../kernel/collections.ts";
import type { Diagnosis } from "../diagnose.ts";

type Check = Diagnosis["health"][number];

const [SAMPLE, SHOWN] = [200, 5];
const EMBEDDED_ANEW = 20;
/** Below so near, a vector was not made by this model from this text. */
const SAME_COSINE = 0.99;
const ENOUGH_RECALL = 0.95;

/** What may be wrong with a collection whatever is asked of it. */
export async function healthOf(collection: Collection, embedder: Embedder, signal: AbortSignal): Promise<Check[]> {
  const [documents, orphans, indices, sample] = await Promise.all([
    collection.documents(),
    collection.orphans(),
    collection.indices(),
    collection.sample(SAMPLE),
  ]);
  const { name } = collection;
  const anew = `ingest the same source into ${name} again`;
  const check = (title: string, bad: readonly string[], of: string, fix: string): Check => ({
    check: title,
    ok: bad.length === 0,
    found: bad.length === 0 ? `none ${of}` : `${bad.length} ${of}`,
    examples: bad.slice(0, SHOWN),
    fix,
  });
  const long = sample.filter(({ body }) => embedder.count(body) > embedder.max_tokens);
  const empty = documents.filter(({ chunks }) => chunks === 0);
  const unindexed = indices.reduce((sum, one) => sum + one.unindexed, 0);
  const recall = await collection.recall();
  return [
    check(
      "documents of equal content",
      repeated(documents.map(({ id, hash }) => [id, hash])),
      `of ${documents.length} documents repeat another`,
      "ml_rag_manage delete_documents takes copies out.",
    ),
    check(
      "chunks of equal text",
      repeated(sample.map(({ document, body }) => [document, body])),
      `of ${sample.length} sampled chunks repeat another`,
      "Headers, footers and copied pages repeat: clean the sources; diversity_lambda 0.7 keeps them apart meanwhile.",
    ),
    check(
      "empty documents",
      empty.map(({ id }) => id),
      `of ${documents.length} documents have no chunk`,
      `Look at their text by ml_rag_manage read, then ${anew}.`,
    ),
    check(
      "over-long chunks",
      long.map(({ document }) => document),
      `of ${sample.length} sampled chunks are longer than the ${embedder.max_tokens} tokens that ${embedder.name} reads`,
      "Ingest with a smaller chunking.size_tokens.",
    ),
    check(
      "chunks without document",
      orphans.chunks_of,
      "documents are gone while chunks of theirs are there",
      `ml_rag_manage optimize takes them away.`,
    ),
    check(
      "documents without their chunks",
      orphans.documents,
      `of ${documents.length} documents miss chunks`,
      `delete_documents, then ${anew}.`,
    ),
    await drift(
      sample.filter((_, at) => at % Math.max(1, Math.ceil(sample.length / EMBEDDED_ANEW)) === 0),
      embedder,
      signal,
    ),
    {
      check: "rows no index knows",
      ok: unindexed === 0,
      found: `${unindexed} rows in ${indices.length} indices`,
      examples: indices.filter((one) => one.unindexed > 0).map(({ column }) => column),
      fix: `ml_rag_manage optimize; until then they are searched one by one.`,
    },
    {
      check: "recall@10 of the vector index",
      ok: recall >= ENOUGH_RECALL,
      found: `${recall.toFixed(3)} against exact search`,
      examples: [],
      fix: `ml_rag_manage index builds it anew.`,
    },
  ];
}

/** Names whose key an earlier one has. */
function repeated(pairs: readonly (readonly [string, string])[]): string[] {
  const seen = new Set<string>();
  return pairs.flatMap(([id, key]) => {
    if (seen.has(key)) return [id];
    seen.add(key);
    return [];
  });
}

async function drift(
  sample: Awaited<ReturnType<Collection["sample"]>>,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Check> {
  const vectors = await embedder.embed(
    sample.map(({ body }) => body),
    "document",
    signal,
  );
  const away = sample.filter(({ vector }, at) => cosine(vector, vectors[at] ?? vector) < SAME_COSINE);
  return {
    check: "drifted vectors",
    ok: away.length === 0,
    found: `${away.length} of ${sample.length} differ from what ${embedder.name} makes of the text now`,
    examples: away.slice(0, SHOWN).map(({ document }) => document),
    fix: "The model changed: ingest into a new collection and compare both by ml_rag_evaluate.",
  };
}

const cosine = (one: Float32Array, other: Float32Array) =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
