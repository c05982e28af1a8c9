import type { Embedder, Hit } from "../../../kernel/collections.ts";
import { type Claim, claimsOf, lexical, type Window, windowsOf } from "./claims.ts";

export const VERDICTS = ["supported", "contradicted", "not_found"] as const;
type Verdict = (typeof VERDICTS)[number];
export const TIERS = ["lexical", "embedding"] as const;

/** A claim, and the place in the documents that bears it out or speaks against it. */
export interface Checked {
  readonly text: string;
  readonly verdict: Verdict;
  /** The result it rests on, from 1; null where none comes near. */
  readonly citation: number | null;
  /** Code points of that document's text. */
  readonly start: number | null;
  readonly end: number | null;
  readonly evidence: string;
  /** Overlap of words or cosine, by tier; 0..1. */
  readonly score: number;
  readonly tier: (typeof TIERS)[number];
  /** Why it is not supported; empty where it is. */
  readonly reason: string;
}

/** So much of a claim's words in one or two sentences is the claim itself. */
const SAID = 0.75;
/** As much, and a number, a name or a denial that differs, is a contradiction. */
const SPOKEN_OF = 0.6;
/** Another wording of the same: near in meaning, and not without a common word. */
const [SAME_MEANING, SOME_WORDS] = [0.75, 0.3];
const CANDIDATES = 6;

/**
 * Checks each claim of an answer against the results. Words first, with numbers, names, quotes and denials that must agree;
 * then the meaning, by the collection's own model. A claim counts as supported only where all that can be checked agrees.
 */
export async function grounded(
  answer: string,
  results: readonly Hit[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Checked[]> {
  const windows = results.flatMap((hit, at) =>
    windowsOf(hit.text).map((window) => ({ ...window, hit, citation: at + 1 })),
  );
  const vectors = new Map<string, Float32Array>();
  const embed = async (texts: readonly string[]) => {
    const fresh = [...new Set(texts)].filter((text) => !vectors.has(text));
    const made = await embedder.embed(fresh, "document", signal);
    for (const [at, text] of fresh.entries()) vectors.set(text, made[at] ?? new Float32Array());
    return texts.map((text) => vectors.get(text) ?? new Float32Array());
  };
  const checked: Checked[] = [];
  for (const claim of claimsOf(answer)) checked.push(await check(claim, windows, embed));
  return checked;
}

interface Placed extends Window {
  readonly hit: Hit;
  readonly citation: number;
}

type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

async function check(claim: Claim, windows: readonly Placed[], embed: Embed): Promise<Checked> {
  const rated = windows
    .map((window) => ({ window, found: lexical(claim.text, window.text) }))
    .sort(
      (one, other) =>
        other.found.overlap - one.found.overlap ||
        disagreements(one.found) - disagreements(other.found) ||
        one.window.text.length - other.window.text.length,
    )
    .slice(0, CANDIDATES);
  for (const { window, found } of rated)
    if (found.overlap >= SAID && disagreements(found) === 0)
      return told(claim, window, "supported", found.overlap, "lexical", "");
  const [nearest] = rated;
  if (nearest && nearest.found.overlap >= SPOKEN_OF) {
    const { window, found } = nearest;
    const reason = conflict(found);
    if (reason !== "") return told(claim, window, "contradicted", found.overlap, "lexical", reason);
  }
  if (!nearest) return nowhere(claim);
  const [own, ...others] = await embed([claim.text, ...rated.map(({ window }) => window.text)]);
  const near = rated
    .map((one, at) => ({ ...one, cosine: dot(own, others[at]) }))
    .sort((one, other) => other.cosine - one.cosine);
  const [best] = near;
  if (!best) return nowhere(claim);
  const agrees = best.found.overlap >= SOME_WORDS && disagreements(best.found) === 0;
  if (best.cosine >= SAME_MEANING && agrees) return told(claim, best.window, "supported", best.cosine, "embedding", "");
  return told(claim, best.window, "not_found", Math.max(0, best.cosine), "embedding", lack(best.found));
}

type Found = ReturnType<typeof lexical>;

const disagreements = (found: Found) =>
  found.numbers_missing.length +
  found.names_missing.length +
  found.quotes_missing.length +
  (found.negation_differs ? 1 : 0);

/** What speaks against the claim, where the text speaks of the same thing. */
function conflict({ numbers_missing, other_numbers, negation_differs }: Found): string {
  if (numbers_missing.length > 0 && other_numbers)
    return `the source has other numbers than ${numbers_missing.join(", ")}`;
  return negation_differs ? "one of the two denies it" : "";
}

function lack({ numbers_missing, names_missing, quotes_missing }: Found): string {
  const missing = [...numbers_missing, ...names_missing, ...quotes_missing.map((quote) => `“${quote}”`)];
  return missing.length > 0 ? `the nearest passage has no ${missing.slice(0, 5).join(", ")}` : "no passage says so";
}

const nowhere = ({ text }: Claim): Checked => ({
  text,
  verdict: "not_found",
  citation: null,
  start: null,
  end: null,
  evidence: "",
  score: 0,
  tier: "lexical",
  reason: "there is no passage",
});

function told(
  { text }: Claim,
  { hit, citation, ...window }: Placed,
  verdict: Verdict,
  score: number,
  tier: Checked["tier"],
  reason: string,
): Checked {
  const start = hit.start + [...hit.text.slice(0, window.start)].length;
  const end = start + [...window.text].length;
  return { text, verdict, citation, start, end, evidence: window.text, score, tier, reason };
}

const dot = (one: Float32Array | undefined, other: Float32Array | undefined) =>
  one && other ? one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0) : 0;
