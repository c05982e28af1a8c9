import type { Mark } from "../kernel/documents.ts";

/** How good a place is to cut at, by what ends there. */
export const CUT = { word: 1, line: 2, sentence: 3, paragraph: 4, section: 5, page: 6 } as const;
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
const WITHOUT_BLANKS = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}]";
const PIECES = new RegExp(
  `${WITHOUT_BLANKS}\\p{M}{0,8}|(?:(?!${WITHOUT_BLANKS})\\S){1,${LONGEST_PIECE}}\\p{M}{0,8}`,
  "gu",
);
const BLANK_LINE = /\n[^\S\n]*\n/;
/** A blank line with nothing indented behind it. */
const TOP_LEVEL_CODE = /\n[^\S\n]*\n$/;

/**
 * Splits a text where blanks are, and between characters of scripts without blanks; a piece of more than 64 characters or
 * `most` tokens in several. Offsets are UTF-16; `count` is the number of a text's tokens.
 */
export function unitsOf(
  text: string,
  marks: readonly Mark[],
  { count, most, code }: { count: (text: string) => number; most: number; code: boolean },
): Unit[] {
  const units: Unit[] = [];
  const add = (piece: string, start: number) => {
    const tokens = count(piece);
    const middle = tokens > most ? middleOf(piece) : 0;
    if (middle > 0) {
      add(piece.slice(0, middle), start);
      add(piece.slice(middle), start + middle);
    } else units.push({ start, end: start + piece.length, tokens, cut: CUT.word });
  };
  for (const { 0: piece, index } of text.matchAll(PIECES)) add(piece, index);
  rateCuts(text, marks, units, code);
  return units;
}

/** The offset of a piece's middle character; 0 where it has but one. */
const middleOf = (piece: string) => {
  const characters = [...piece];
  return characters.slice(0, characters.length >> 1).join("").length;
};

function rateCuts(text: string, marks: readonly Mark[], units: readonly Unit[], code: boolean): void {
  const sentences = code ? new Set<number>() : sentenceStarts(text);
  const sections = new Set(marks.flatMap(({ kind, start }) => (isWhole(kind) ? [] : [start])));
  const pages = new Set(marks.flatMap(({ kind, start }) => (PAGES.has(kind) ? [start] : [])));
  const blocks = marks.filter(({ kind }) => isWhole(kind));
  let [inside, goesOn] = [0, false];
  for (const [place, unit] of units.entries()) {
    const next = units[place + 1];
    if (next === undefined) {
      unit.cut = CUT.section;
      break;
    }
    while (inside < blocks.length && (blocks[inside]?.end ?? 0) <= next.start) inside += 1;
    const within = (blocks[inside]?.start ?? text.length) < next.start;
    const gap = text.slice(unit.end, next.start);
    const turned = starts(pages, unit.end, next.start);
    if (turned && !sentenceGoesOn(text, unit, next)) unit.cut = CUT.page;
    else if (!within && starts(sections, unit.end, next.start)) unit.cut = CUT.section;
    else if (!(within || code) && sentences.has(next.start) && !BLANK_LINE.test(gap)) unit.cut = CUT.sentence;
    else unit.cut = cutOfGap(gap, within, code);
    goesOn ||= turned && unit.cut !== CUT.page;
    if (goesOn && !turned && unit.cut >= CUT.sentence) [unit.cut, goesOn] = [CUT.page, false];
  }
}

/** A passage is of one page, slide or sheet, so that a citation of it is right. */
const PAGES: ReadonlySet<Mark["kind"]> = new Set(["page", "slide", "sheet"]);

/** Whether a sentence begun on one page ends on the next: it belongs to where it began. */
const sentenceGoesOn = (text: string, last: Unit, next: Unit) =>
  /[\p{L}\d,;–-]$/u.test(text.slice(last.start, last.end)) && /^\p{Ll}/u.test(text.slice(next.start, next.end));

/** Tables and code are kept whole where they fit. */
const isWhole = (kind: Mark["kind"]) => kind === "table" || kind === "code";

function cutOfGap(gap: string, within: boolean, code: boolean): Cut {
  const ends = code ? TOP_LEVEL_CODE : BLANK_LINE;
  if (!within && ends.test(gap)) return CUT.paragraph;
  return gap.includes("\n") ? CUT.line : CUT.word;
}

function starts(places: ReadonlySet<number>, from: number, to: number): boolean {
  for (let at = from; at <= to; at += 1) if (places.has(at)) return true;
  return false;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });
const SEGMENTED_AT_ONCE = 20_000;

/** Where sentences begin (Unicode Annex 29), paragraph by paragraph: the segmenter is slow on long texts. */
export function sentenceStarts(text: string): Set<number> {
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
