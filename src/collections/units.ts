import type { Mark } from "../kernel/collections.ts";

/** How good a place is to cut at, by what ends there. */
export const CUT = { word: 1, line: 2, sentence: 3, paragraph: 4, section: 5 } as const;
export type Cut = (typeof CUT)[keyof typeof CUT];

/** A piece of text that is never cut, with the blanks behind it. */
export interface Unit {
  readonly start: number;
  /** Where its own characters end. */
  readonly end: number;
  readonly tokens: number;
  /** How good it is to cut behind it. */
  cut: Cut;
}

const LONGEST_PIECE = 64;
const PIECES = new RegExp(
  `[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}]|(?:(?![\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}])\\S){1,${LONGEST_PIECE}}`,
  "gu",
);
const BLANK_LINE = /\n[^\S\n]*\n/;
/** A blank line with nothing indented behind it. */
const TOP_LEVEL_CODE = /\n[^\S\n]*\n$/;

/**
 * Splits a text where blanks are, and between characters of scripts without blanks; a longer piece than 64 characters in
 * several. Offsets are UTF-16; `count` is the number of a text's tokens.
 */
export function unitsOf(text: string, marks: readonly Mark[], count: (text: string) => number, code = false): Unit[] {
  const units: Unit[] = [];
  for (const { 0: piece, index } of text.matchAll(PIECES))
    units.push({ start: index, end: index + piece.length, tokens: count(piece), cut: CUT.word });
  rateCuts(text, marks, units, code);
  return units;
}

function rateCuts(text: string, marks: readonly Mark[], units: readonly Unit[], code: boolean): void {
  const sentences = code ? new Set<number>() : sentenceStarts(text);
  const sections = new Set(marks.flatMap(({ kind, start }) => (isWhole(kind) ? [] : [start])));
  const blocks = marks.filter(({ kind }) => isWhole(kind));
  let inside = 0;
  for (const [place, unit] of units.entries()) {
    const next = units[place + 1];
    if (next === undefined) {
      unit.cut = CUT.section;
      break;
    }
    while (inside < blocks.length && (blocks[inside]?.end ?? 0) <= next.start) inside += 1;
    const within = (blocks[inside]?.start ?? text.length) < next.start;
    const gap = text.slice(unit.end, next.start);
    if (!within && startsSection(sections, unit.end, next.start)) unit.cut = CUT.section;
    else if (!(within || code) && sentences.has(next.start) && !BLANK_LINE.test(gap)) unit.cut = CUT.sentence;
    else unit.cut = cutOfGap(gap, within, code);
  }
}

/** Tables and code are kept whole where they fit. */
const isWhole = (kind: Mark["kind"]) => kind === "table" || kind === "code";

function cutOfGap(gap: string, within: boolean, code: boolean): Cut {
  const ends = code ? TOP_LEVEL_CODE : BLANK_LINE;
  if (!within && ends.test(gap)) return CUT.paragraph;
  return gap.includes("\n") ? CUT.line : CUT.word;
}

function startsSection(sections: ReadonlySet<number>, from: number, to: number): boolean {
  for (let at = from; at <= to; at += 1) if (sections.has(at)) return true;
  return false;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });
const SEGMENTED_AT_ONCE = 20_000;

/** Where sentences begin (Unicode Annex 29), paragraph by paragraph: the segmenter is slow on long texts. */
function sentenceStarts(text: string): Set<number> {
  const starts = new Set<number>();
  for (let from = 0; from < text.length; ) {
    const blank = text.indexOf("\n\n", from);
    const to = Math.min(blank < 0 ? text.length : blank + 2, from + SEGMENTED_AT_ONCE);
    for (const { index, segment } of segmenter.segment(text.slice(from, to)))
      starts.add(from + index + (segment.length - segment.trimStart().length));
    from = to;
  }
  return starts;
}
