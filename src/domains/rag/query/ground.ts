import type { Embedder } from "../../../kernel/collections.ts";
import { type Alignment, align } from "./align.ts";
import { sentencesOf, type Token, tokensOf } from "./tokens.ts";

/** What an answer may be grounded in: a text of the context and where it stands in its document. */
export interface Source {
  readonly citation: number;
  readonly document: string;
  readonly headings: string;
  readonly text: string;
  /** Code points of the document's text. */
  readonly start: number;
}

export const VERDICTS = ["supported", "contradicted", "not_found"] as const;
export const TIERS = ["exact", "words", "meaning"] as const;

export interface Claim {
  readonly text: string;
  readonly verdict: (typeof VERDICTS)[number];
  readonly citation: number | null;
  /** Code points of the cited document's text. */
  readonly start: number | null;
  readonly end: number | null;
  readonly evidence: string;
  /** Share of the claim's words that are there, or the cosine with the evidence where tier is `meaning`. */
  readonly score: number;
  readonly tier: (typeof TIERS)[number];
  /** Why it is not supported; empty where it is. */
  readonly reason: string;
  /** The citations the claim itself gives. */
  readonly cited: number[];
}

export interface Grounded {
  readonly claims: Claim[];
  /** Share of claims that are supported; null where nothing is claimed. */
  readonly grounded: number | null;
  readonly abstained: boolean;
}

/** A sentence, or up to three of one passage in a row, as evidence. */
interface Window {
  readonly source: Source;
  readonly text: string;
  /** UTF-16 offset of the source's text. */
  readonly start: number;
  readonly tokens: readonly Token[];
  readonly around: ReadonlySet<string>;
}

const MOST_SENTENCES = 3;
/** Otherwise the same: what must be there for a difference to be a contradiction. */
const SAME_OTHERWISE = 0.75;
/**
 * The tier of meaning: sentences this alike, at least half the claim's words there, and each missing word with a word of
 * the evidence this near. Set so that no pair of tests/domains/rag/ground.test.ts that says otherwise is supported.
 */
const [ALIKE, HALF, NEAR] = [0.75, 0.5, 0.7];
const CANDIDATES = 12;
/** Below this share of supported claims an answer is not one of these documents. */
const ENOUGH_SUPPORTED = 0.5;

const ABSTAINS =
  /\b(?:(?:i|we) (?:do not|don't|cannot|can't|could not|couldn't) (?:know|find|answer|tell|determine)|(?:not|isn't|is not|nothing|no information|no answer)\b[^.]{0,60}\b(?:found|stated|mentioned|specified|provided|given|available|said)?\s*(?:in|from|by) the (?:context|documents?|passages?|sources?|collection|text)|(?:context|documents?|passages?|sources?|collection|text) (?:does not|doesn't|do not|don't) (?:say|contain|mention|state|specify|answer|include|provide)|insufficient (?:information|context)|not enough information)/i;

export const abstains = (text: string) => ABSTAINS.test(text.replaceAll("’", "'"));

/** Checks an answer sentence by sentence. Nothing is supported that the sources only nearly say. */
export async function ground(
  answer: string,
  sources: readonly Source[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Grounded> {
  const windows = sources.flatMap(windowsOf);
  const said = sentencesOf(answer).map(({ text }) => ({
    text,
    bare: text.replace(/\[\d+(?:\s*[,;–-]\s*\d+)*\]/g, "").replace(/^(?:[-*•]|\d+[.)])\s+/, ""),
  }));
  const checked = said
    .filter(({ bare }) => !abstains(bare))
    .map((one) => ({ ...one, tokens: tokensOf(one.bare) }))
    .filter(({ tokens, bare }) => tokens.length > 0 && !/[:?]$/.test(bare.trim()));
  const claims: Claim[] = [];
  for (const { text, bare, tokens } of checked) {
    signal.throwIfAborted();
    const cited = citedIn(text);
    claims.push({ text, cited, ...(await verdictOf(bare, tokens, cited, windows, embedder, signal)) });
  }
  const supported = claims.filter(({ verdict }) => verdict === "supported").length;
  return {
    claims,
    grounded: claims.length === 0 ? null : supported / claims.length,
    abstained:
      claims.length === 0 ? said.some(({ bare }) => abstains(bare)) : supported < ENOUGH_SUPPORTED * claims.length,
  };
}

/** `[1]`, `[1, 3]`. */
const citedIn = (text: string): number[] => [
  ...new Set(
    [...text.matchAll(/\[(\d+(?:\s*[,;]\s*\d+)*)\]/g)].flatMap(([, list = ""]) => list.split(/\D+/).map(Number)),
  ),
];

type Verdict = Omit<Claim, "text" | "cited">;

async function verdictOf(
  text: string,
  tokens: readonly Token[],
  cited: readonly number[],
  windows: readonly Window[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Verdict> {
  const first = ({ source }: Window) => (cited.includes(source.citation) ? 0 : 1);
  const held = windows
    .filter((window) => quotesIn(text).every((quote) => plain(window.source.text).includes(quote)))
    .map((window) => ({ window, ...align(tokens, window.tokens, window.text, window.around) }))
    .sort(
      (one, other) =>
        other.covered - one.covered ||
        first(one.window) - first(other.window) ||
        one.window.text.length - other.window.text.length,
    );
  const whole = plain(text);
  const same = held.find(({ window }) => plain(window.text) === whole);
  if (same) return found("supported", same.window, 1, "exact");
  const inWords = held.find(({ covered, problem }) => covered === 1 && problem === undefined);
  if (inWords) return found("supported", inWords.window, 1, "words");
  const near = await byMeaning(text, held.slice(0, CANDIDATES), embedder, signal);
  if (near) return found("supported", near.window, near.cosine, "meaning");
  const otherwise = held.find((one) => one.problem === "differs" && isSameOtherwise(one));
  if (otherwise) return found("contradicted", otherwise.window, otherwise.covered, "words", reasonOf(otherwise));
  const [nearest] = held;
  const nowhere = { citation: null, start: null, end: null, evidence: "" };
  const reason = nearest ? reasonOf(nearest) : "no passage has its quote";
  return { verdict: "not_found", ...nowhere, score: nearest?.covered ?? 0, tier: "words", reason };
}

/** What keeps a claim from being what a passage says. */
function reasonOf({ missing, problem }: Held): string {
  const words = missing.slice(0, 5).map(({ word }) => word);
  if (problem === "differs")
    return words.length > 0
      ? `the source does not say ${words.join(", ")}`
      : "one of the two denies it or counts otherwise";
  return words.length > 0
    ? `the nearest passage has no ${words.join(", ")}`
    : "its words are there, but may belong together otherwise";
}

interface Held extends Alignment {
  readonly window: Window;
}

/** All names are there and, but for one word or number, the rest. */
const isSameOtherwise = ({ covered, missing }: Held) =>
  !missing.some(({ kind }) => kind === "name") && (missing.length <= 1 ? covered >= 0.5 : covered >= SAME_OTHERWISE);

async function byMeaning(text: string, held: readonly Held[], embedder: Embedder, signal: AbortSignal) {
  const candidates = held.filter(
    ({ covered, missing, problem }) =>
      problem === undefined && covered >= HALF && missing.every(({ kind }) => kind === "word"),
  );
  if (candidates.length === 0) return undefined;
  const words = [
    ...new Set(candidates.flatMap(({ window, missing }) => [...missing, ...window.tokens]).map(({ word }) => word)),
  ];
  const texts = [text, ...candidates.map(({ window }) => window.text), ...words];
  const vectors = await embedder.embed(texts, "document", signal);
  const [claim, ...rest] = vectors;
  const ofWord = new Map(words.map((word, place) => [word, rest[candidates.length + place]]));
  const scored = candidates
    .map((one, place) => ({ ...one, cosine: dot(claim, rest[place]) }))
    .filter(({ cosine, missing, window }) => {
      const others = window.tokens.filter(({ kind }) => kind === "word");
      const hasNear = ({ word }: Token) =>
        others.some((other) => dot(ofWord.get(word), ofWord.get(other.word)) >= NEAR);
      return cosine >= ALIKE && missing.every(hasNear);
    });
  return scored.sort((one, other) => other.cosine - one.cosine)[0];
}

function dot(one: Float32Array | undefined, other: Float32Array | undefined): number {
  return one && other ? one.reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0) : -1;
}

function found(verdict: Claim["verdict"], window: Window, score: number, tier: Claim["tier"], reason = ""): Verdict {
  const { source, text } = window;
  const start = source.start + points(source.text.slice(0, window.start));
  return { verdict, citation: source.citation, start, end: start + points(text), evidence: text, score, tier, reason };
}

const points = (text: string) => [...text].length;

function windowsOf(source: Source): Window[] {
  const pieces = sentencesOf(source.text);
  const around = new Set(tokensOf(source.headings).map(({ stem }) => stem));
  return pieces.flatMap(({ start }, place) =>
    pieces.slice(place, place + MOST_SENTENCES).map((last) => {
      const text = source.text.slice(start, last.start + last.text.length);
      return { source, text, start, tokens: tokensOf(text), around };
    }),
  );
}

const quotesIn = (text: string) =>
  [...text.matchAll(/["“„«]([^"”“»]{3,})["”“»]/g)]
    .map(([, quote = ""]) => plain(quote))
    .filter((quote) => quote !== "");

/** Without marks, case and the ways to write blanks. */
const plain = (text: string) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}%.,-]+|[.,-](?!\p{N})|(?<!\p{N})[.,]/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
