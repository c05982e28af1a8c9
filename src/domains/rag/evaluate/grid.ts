import type { Collection, Embedder } from "../../../kernel/collections.ts";
import { Chunking } from "../../../kernel/documents.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Evaluated, EvaluateParams } from "../evaluate.ts";
import { bringIn } from "../ingest/bring-in.ts";
import { checkLimits } from "../ingest/model.ts";
import { holm, randomizationTest } from "./metrics.ts";
import { meansOf, run, type Scored, type Setup, timesOf } from "./run.ts";

const SURE = 0.05;

type Cell = Evaluated["grid"][number];
interface Tried extends Setup {
  readonly chunking: Chunking;
  readonly chunks: number;
  readonly scored: readonly Scored[];
}

/**
 * Every combination of the grid on the same questions, best first. What is cut otherwise is a collection of its own for as
 * long as it is measured. The best is only recommended where a paired test, corrected for their number (Holm), tells it from
 * what the collection has now: the best of many is else likely to be luck.
 */
export async function tryAll(
  params: EvaluateParams,
  now: readonly Scored[],
  collection: Collection,
  embedder: Embedder,
  ports: Ports,
): Promise<{ grid: Cell[]; recommendation: string | null; warnings: string[] }> {
  const { grid } = params;
  if (!grid) return { grid: [], recommendation: null, warnings: [] };
  const own = collection.settings.chunking;
  const cuts = grid.chunking.map((chunking) => Chunking.parse({ ...own, ...chunking }));
  for (const chunking of cuts) checkLimits(chunking);
  const key = `ndcg@${params.k}`;
  const tried: Tried[] = [];
  const warnings: string[] = [];
  for (const chunking of unique([own, ...cuts])) {
    await cutAs(chunking, collection, ports, async (place) => {
      const { chunks } = await place.size();
      for (const strategy of unique([params.strategy, ...grid.strategy]))
        for (const rerank of unique([params.rerank, ...grid.rerank])) {
          const isNow = place === collection && strategy === params.strategy && rerank === params.rerank;
          const found = isNow ? undefined : await run({ strategy, rerank }, params, place, embedder, ports);
          warnings.push(...(found?.warnings ?? []));
          tried.push({ chunking, strategy, rerank, chunks, scored: found?.scored ?? now });
        }
    });
  }
  const of = (scored: readonly Scored[]) => scored.map(({ scores }) => scores[key] ?? 0);
  const tests = tried.map(({ scored }) => randomizationTest(of(scored), of(now)));
  const corrected = holm(tests.map(({ p }) => p));
  const cells = tried
    .map(({ scored, ...one }, place) => ({
      ...one,
      metrics: meansOf(scored),
      milliseconds: timesOf(scored).p50,
      difference: tests[place]?.difference ?? 0,
      p: corrected[place] ?? 1,
    }))
    .sort((one, other) => (other.metrics[key] ?? 0) - (one.metrics[key] ?? 0) || one.chunks - other.chunks);
  const [best] = cells;
  const better = best !== undefined && best.difference > 0 && best.p < SURE;
  const chosen = better ? best : { chunking: own, strategy: params.strategy, rerank: params.rerank };
  ports.decide({
    type: "RetrievalStrategy",
    strategy: nameOf(chosen),
    alternatives: cells.map((cell) => ({ name: nameOf(cell), score: cell.metrics[key] ?? null })),
    rationale: better
      ? `best ${key}, by ${best.difference.toFixed(3)} over what is there (p = ${best.p.toFixed(3)} after Holm)`
      : "nothing is surely better than what is there; scores are each one's",
  });
  return {
    grid: cells,
    recommendation:
      better && best
        ? wayTo(best, collection)
        : `Keep what is there: on ${params.queries.length} questions nothing is surely better.`,
    warnings,
  };
}

/** Works on the collection cut in a given way: itself, or one made of its texts that goes afterwards. */
async function cutAs(
  chunking: Chunking,
  collection: Collection,
  ports: Ports,
  work: (place: Collection) => Promise<void>,
): Promise<void> {
  if (same(chunking, collection.settings.chunking)) return await work(collection);
  const name = ports.collections.temporary(collection.name, chunking);
  try {
    await bringIn(
      {
        collection: name,
        source: `collection:${collection.name}`,
        chunking,
        labels: [],
        sync: true,
        wait_seconds: 0,
        cancel: false,
      },
      ports,
    );
    const made = await ports.collections.open(name);
    if (made) await work(made);
  } finally {
    await ports.collections.drop(name);
  }
}

const wayTo = (best: Cell, { name, settings }: Collection) =>
  [
    ...(same(best.chunking, settings.chunking)
      ? []
      : [`ml_rag_ingest with source "collection:${name}", a new name and chunking ${JSON.stringify(best.chunking)}.`]),
    `ml_rag_query with strategy ${best.strategy}${best.rerank === "none" ? "" : ` and rerank ${best.rerank}`}.`,
  ].join(" Then ");

const nameOf = ({ chunking, strategy, rerank }: Pick<Cell, "chunking" | "strategy" | "rerank">) =>
  `${chunking.strategy}/${chunking.size_tokens}/${chunking.overlap_tokens}, ${strategy}${rerank === "none" ? "" : `, ${rerank}`}`;

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

function unique<T>(values: readonly T[]): T[] {
  return values.filter((value, place) => values.findIndex((one) => same(one, value)) === place);
}
