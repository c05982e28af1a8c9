import type { Collection, Embedder } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Evaluated, EvaluateParams } from "../evaluate.ts";
import { opened } from "../fields.ts";
import { strategyOf } from "../query/strategy.ts";
import { type Judged, measures, type Run, randomizationTest, ranking } from "./metrics.ts";

/** Chunks looked through for each query, so that a hundred documents can be among them. */
const DEPTH = 400;
const [SHOWN_WORST, SHOWN_FOUND] = [10, 5];
const RESAMPLES = 1000;

type Strategy = EvaluateParams["strategy"];

interface Scored {
  readonly id: string;
  readonly text: string;
  readonly judged: Judged;
  readonly run: Run;
  readonly scores: Record<string, number>;
  readonly milliseconds: number;
}

export async function evaluate(params: EvaluateParams, ports: Ports): Promise<Evaluated> {
  const collection = await opened(params.collection, ports.collections);
  const embedder = await ports.collections.embedder(collection.settings.embedding.model);
  const { queries, unknown } = named(
    params.queries,
    (await collection.documents()).map(({ id }) => id),
  );
  const asked = { ...params, queries };
  const scored = await run(params.strategy, asked, collection, embedder, ports);
  const other = params.against ? await run(params.against, asked, collection, embedder, ports) : undefined;
  const means = meansOf(scored);
  const key = `ndcg@${params.k}`;
  const worst = [...scored].sort((one, two) => (one.scores[key] ?? 0) - (two.scores[key] ?? 0)).slice(0, SHOWN_WORST);
  const times = scored.map(({ milliseconds }) => milliseconds).sort((one, two) => one - two);
  return {
    collection: collection.name,
    strategy: params.strategy,
    queries: scored.length,
    metrics: means,
    intervals: Object.fromEntries(
      Object.keys(means).map((name) => [name, interval(scored.map(({ scores }) => scores[name] ?? 0))]),
    ),
    comparison: other
      ? {
          against: params.against ?? "",
          metrics: meansOf(other),
          differences: Object.fromEntries(
            Object.keys(means).map((name) => {
              const [mine, theirs] = [scored, other].map((all) => all.map(({ scores }) => scores[name] ?? 0));
              return [name, randomizationTest(mine ?? [], theirs ?? [])];
            }),
          ),
        }
      : null,
    worst: worst
      .filter(({ scores }) => (scores[key] ?? 0) < 1)
      .map(({ id, text, judged, run: found, scores }) => {
        const documents = ranking(found);
        return {
          id,
          text: text.slice(0, 300),
          ndcg: scores[key] ?? 0,
          found: documents.slice(0, SHOWN_FOUND),
          missed: Object.keys(judged).filter((one) => !documents.slice(0, params.k).includes(one)),
        };
      }),
    milliseconds: { p50: times[times.length >> 1] ?? 0, p95: times[Math.floor(times.length * 0.95)] ?? 0 },
    warnings:
      unknown.length > 0
        ? [`Judged documents that the collection does not hold count as missed: ${unknown.slice(0, 10).join(", ")}.`]
        : [],
  };
}

async function run(
  strategy: Strategy,
  { queries, k }: Pick<EvaluateParams, "queries" | "k">,
  collection: Collection,
  embedder: Embedder,
  ports: Ports,
): Promise<Scored[]> {
  const all: Scored[] = [];
  for (const { id, text, relevant } of queries) {
    ports.signal.throwIfAborted();
    const began = performance.now();
    const chosen = strategyOf({ strategy, query: text, vector_weight: undefined });
    const [vector] = chosen.mode === "fulltext" ? [undefined] : await embedder.embed([text], "query", ports.signal);
    const hits = await collection.search({
      query: text,
      vector,
      mode: chosen.mode,
      k: DEPTH,
      filter: undefined,
      fusion: "weighted",
      vector_weight: chosen.vector_weight,
      diversity_lambda: 1,
      candidates: DEPTH,
    });
    const found = hits.map(({ document, score }) => ({ document, score }));
    all.push({
      id,
      text,
      judged: relevant,
      run: found,
      scores: measures(found, relevant, k),
      milliseconds: performance.now() - began,
    });
    ports.progress(all.length, queries.length, strategy);
  }
  return all;
}

/** Judged documents by the names they have here: their own, or a file's name alone where that is clear. */
function named(queries: EvaluateParams["queries"], ids: readonly string[]) {
  const known = new Set(ids);
  const short = new Map<string, string | null>();
  const add = (name: string, id: string) => short.set(name, short.has(name) && short.get(name) !== id ? null : id);
  for (const id of ids) {
    const file = id.split("/").at(-1) ?? id;
    add(file, id);
    add(file.replace(/\.[^.]+$/, ""), id);
  }
  const unknown = new Set<string>();
  const name = (document: string) => {
    const found = known.has(document) ? document : short.get(document);
    if (!found) unknown.add(document);
    return found ?? document;
  };
  return {
    queries: queries.map((query) => ({
      ...query,
      relevant: Object.fromEntries(Object.entries(query.relevant).map(([document, grade]) => [name(document), grade])),
    })),
    unknown: [...unknown],
  };
}

function meansOf(scored: readonly Scored[]): Record<string, number> {
  const names = Object.keys(scored[0]?.scores ?? {});
  return Object.fromEntries(
    names.map((name) => [name, scored.reduce((sum, { scores }) => sum + (scores[name] ?? 0), 0) / scored.length]),
  );
}

/** Percentile bootstrap of the mean (Efron & Tibshirani 1993), the same each time. */
function interval(values: readonly number[]): [number, number] {
  let state = 12345;
  const pick = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return values[Math.floor((state / 0x80000000) * values.length)] ?? 0;
  };
  const means = Array.from({ length: RESAMPLES }, () => values.reduce((sum) => sum + pick(), 0) / values.length);
  means.sort((one, other) => one - other);
  return [means[Math.floor(RESAMPLES * 0.025)] ?? 0, means[Math.floor(RESAMPLES * 0.975)] ?? 0];
}
