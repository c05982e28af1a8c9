import type { Embedder } from "../kernel/collections.ts";
import { sentenceStarts } from "./units.ts";

/** A text turns where two neighbouring sentences differ more than this share of all such pairs do. */
const PERCENTILE = 0.9;
/** Sentences to either side that a sentence is read with, so that a short one has a meaning. */
const AROUND = 1;
const LONGEST_TEXT = 2000;
const AT_ONCE = 256;

/** Where the meaning turns: UTF-16 offsets of sentences that say something else than those before them. */
export async function turnsOf(text: string, embedder: Embedder, signal?: AbortSignal): Promise<ReadonlySet<number>> {
  const starts = [...sentenceStarts(text)].filter((start) => start < text.length).sort((one, other) => one - other);
  const windows = starts.map((_, place) => {
    const end = starts[place + AROUND + 1] ?? text.length;
    return text.slice(starts[Math.max(0, place - AROUND)], end).slice(0, LONGEST_TEXT);
  });
  const distances: number[] = [];
  let before: Float32Array | undefined;
  for (let from = 0; from < windows.length; from += AT_ONCE)
    for (const vector of await embedder.embed(windows.slice(from, from + AT_ONCE), "document", signal)) {
      if (before) distances.push(1 - dot(before, vector));
      before = vector;
    }
  const least = [...distances].sort((one, other) => one - other)[Math.floor(PERCENTILE * distances.length)];
  if (least === undefined) return new Set();
  return new Set(starts.slice(1).filter((_, place) => (distances[place] ?? 0) >= least));
}

const dot = (one: Float32Array, other: Float32Array) =>
  one.reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0);
