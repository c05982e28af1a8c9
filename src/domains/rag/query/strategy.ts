import type { Mode } from "../../../kernel/collections.ts";
import type { Decision } from "../../../kernel/record.ts";
import type { QueryParams } from "../query.ts";

export interface Strategy {
  readonly mode: Mode;
  /** Of meaning against words. */
  readonly vector_weight: number;
  readonly rationale: string;
}

/** Words that nobody says: identifiers, codes, file names, numbers with marks. */
const EXACT = /"[^"]+"|\b(?=\w*\d)(?=\w*[A-Za-z_])[\w.-]{3,}\b|\b\w+[_.]\w+\b|\b[a-z]+[A-Z]\w*\b|\b[A-Z]{2,}[-_]?\d+\b/;
const QUESTION_WORDS = 4;
const [BY_MEANING, BALANCED] = [0.7, 0.6];

/** How to search for a query, where that is left to us. */
export function strategyOf({
  strategy,
  query,
  vector_weight,
}: Pick<QueryParams, "strategy" | "query" | "vector_weight">): Strategy {
  const given = vector_weight === undefined ? {} : { vector_weight };
  if (strategy !== "auto") return { mode: strategy, vector_weight: BY_MEANING, rationale: "asked for", ...given };
  const words = query.trim().split(/\s+/).length;
  if (EXACT.test(query))
    return {
      mode: "hybrid",
      vector_weight: BALANCED,
      rationale: "it names something exactly, which words find as well as meaning",
      ...given,
    };
  return {
    mode: "hybrid",
    vector_weight: BY_MEANING,
    rationale:
      words >= QUESTION_WORDS
        ? "a question in words of its own, which meaning finds better than words"
        : "a few words, which may be meant or be there",
    ...given,
  };
}

/** The choice as the record keeps it. */
export function decisionOf({ mode, vector_weight, rationale }: Strategy): Decision {
  const share = mode === "vector" ? 1 : mode === "fulltext" ? 0 : vector_weight;
  const alternatives = [
    { name: "vector", score: share },
    { name: "fulltext", score: 1 - share },
    { name: "hybrid", score: mode === "hybrid" ? 1 : null },
  ];
  return {
    type: "RetrievalStrategy",
    strategy: mode,
    alternatives: alternatives.sort((one, other) => (other.score ?? -1) - (one.score ?? -1)),
    rationale: `${rationale}; scores are each one's weight`,
  };
}
