import type { Hit } from "../../../kernel/collections.ts";
import { tokensOf } from "./tokens.ts";

/**
 * Below both, nothing found is about the question: the best cosine, which MiniLM gives to texts on other things, and the
 * share of the question's words that any one result has.
 */
const [LEAST_COSINE, LEAST_WORDS] = [0.3, 0.5];

/** Warns where nothing that was found reaches the floor. */
export function relevanceOf(query: string, hits: readonly Hit[]): string[] {
  const cosine = Math.max(-1, ...hits.map(({ stages }) => stages.similarity ?? -1));
  if (cosine >= LEAST_COSINE) return [];
  const asked = new Set(tokensOf(query).map(({ stem }) => stem));
  let share = 0;
  for (const { text, headings } of hits) {
    const there = new Set(tokensOf(`${headings} ${text}`).map(({ stem }) => stem));
    share = Math.max(share, asked.size === 0 ? 0 : [...asked].filter((stem) => there.has(stem)).length / asked.size);
    if (share >= LEAST_WORDS) return [];
  }
  const nearest = cosine > -1 ? `the nearest passage's similarity is ${cosine.toFixed(2)}, and ` : "";
  return [
    `The collection seems not to answer this: ${nearest}no result has more than ${Math.round(100 * share)} % of the question's words.`,
  ];
}
