import type { Ports } from "../../../kernel/ports.ts";
import { bootstrap } from "../../../kernel/statistics.ts";
import type { Evaluated, EvaluateParams } from "../evaluate.ts";
import { opened } from "../fields.ts";
import { answersOf } from "./answers.ts";
import { tryAll } from "./grid.ts";
import { randomizationTest, ranking } from "./metrics.ts";
import { meansOf, run, timesOf } from "./run.ts";

const [SHOWN_WORST, SHOWN_FOUND] = [10, 5];

export async function evaluate(params: EvaluateParams, ports: Ports): Promise<Evaluated> {
  const collection = await opened(params.collection, ports.collections);
  const embedder = await ports.collections.embedder(collection.settings.embedding.model);
  const { queries, unknown } = named(
    params.queries,
    (await collection.documents()).map(({ id }) => id),
  );
  const asked = { ...params, queries };
  const { rerank } = params;
  const { scored, warnings } = await run(params, asked, collection, embedder, ports);
  const against =
    params.against && (await run({ strategy: params.against, rerank }, asked, collection, embedder, ports));
  const other = against ? against.scored : undefined;
  const tried = await tryAll(asked, scored, collection, embedder, ports);
  const answers = await answersOf(asked, collection, embedder, ports);
  const means = meansOf(scored);
  const key = `ndcg@${params.k}`;
  const worst = [...scored].sort((one, two) => (one.scores[key] ?? 0) - (two.scores[key] ?? 0)).slice(0, SHOWN_WORST);
  return {
    collection: collection.name,
    strategy: params.strategy,
    queries: scored.length,
    metrics: means,
    intervals: Object.fromEntries(
      Object.keys(means).map((name) => [name, bootstrap(scored.map(({ scores }) => scores[name] ?? 0))]),
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
    grid: tried.grid,
    recommendation: tried.recommendation,
    answers,
    milliseconds: timesOf(scored),
    warnings: [
      ...(unknown.length > 0
        ? [`Judged documents that the collection does not hold count as missed: ${unknown.slice(0, 10).join(", ")}.`]
        : []),
      ...new Set([...warnings, ...tried.warnings]),
    ],
  };
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
