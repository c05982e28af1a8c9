/** What a sentence says, word by word, so that two sentences can be held against each other. */
export interface Token {
  /** What is compared: a word's stem, a number's value, `date:2024-05-03`. */
  readonly stem: string;
  readonly word: string;
  readonly kind: "word" | "name" | "number";
  /** What a number counts, `%`, `year` or `date`; empty where nothing is said. */
  readonly unit: string;
  readonly negated: boolean;
  /** UTF-16 offsets of the text. */
  readonly start: number;
  readonly end: number;
}

const words = (text: string) => new Set(text.split(" "));

/** Words that say nothing of their own. Those that change what is said (must, may, or, only, before) are not among them. */
const STOP = words(
  "a an the this that these those of in on at to for from by with as and so it its is are was were be been being am has have had having do does did i we you he she they them their our your his her which who whom what there here will would also then than such into about per each both can could",
);
const NEGATIONS = words(
  "not no never none neither nor without cannot nobody nothing nicht kein keine keinen keiner nie ohne ne pas jamais sans nunca sin não sem не нет без",
);
const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALE: Readonly<Record<string, number>> = {
  hundred: 1e2,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  trillion: 1e12,
};
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\\.?";
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";
/** Dates in three ways to write them, numbers with their scale and percent sign, words. */
const SCAN = new RegExp(
  [
    "\\b(\\d{4})-(\\d{2})-(\\d{2})\\b",
    `\\b${DAY}\\s+(?:of\\s+)?${MONTH},?\\s+(\\d{4})\\b`,
    `\\b${MONTH}\\s+${DAY},?\\s+(\\d{4})\\b`,
    "((?<![\\p{L}\\p{N}])[-−])?(?<![\\p{L}\\p{N}])(\\d{1,3}(?:[,'\\u202f\\u00a0]\\d{3})+(?:\\.\\d+)?|\\d+(?:[.,]\\d+)*)(?![\\p{L}])(?:\\s*(%|percent\\b|per cent\\b|hundred\\b|thousand\\b|million\\b|billion\\b|trillion\\b))?",
    "[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}]*(?:['’_.][\\p{L}\\p{N}]+)*",
  ].join("|"),
  "giu",
);
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** The tokens of a text that say something; a negation is not one but marks the next. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let negated = false;
  let counted: { place: number; end: number } | undefined;
  for (const { word, start, read } of scanned(text)) {
    const lower = word.toLowerCase().replaceAll("’", "'");
    const end = start + word.length;
    // What stands next to a number is what it counts; words that say nothing count nothing.
    const before = counted && /^[\s-]*$/.test(text.slice(counted.end, start)) ? tokens[counted.place] : undefined;
    counted = undefined;
    if (NEGATIONS.has(lower) || lower.endsWith("n't")) negated = true;
    else if (!STOP.has(lower)) {
      const token = tokenOf(lower, read, isName(word, text, start));
      if (before?.unit === "" && token.kind !== "number") tokens[tokens.length - 1] = { ...before, unit: token.stem };
      tokens.push({ ...token, negated, start, end });
      if (token.kind === "number") counted = { place: tokens.length - 1, end };
      negated = false;
    }
  }
  return tokens;
}

function tokenOf(lower: string, read: Scanned["read"], name: boolean) {
  const number = read ?? numberWord(lower);
  if (number) return { ...number, word: lower, kind: "number" as const };
  return { stem: stemOf(lower), unit: "", word: lower, kind: name ? ("name" as const) : ("word" as const) };
}

interface Scanned {
  readonly word: string;
  readonly start: number;
  readonly read: { stem: string; unit: string } | undefined;
}

function* scanned(text: string): Generator<Scanned> {
  for (const match of text.matchAll(SCAN)) {
    const [word] = match;
    const read = dateOf(match) ?? numberOf(match);
    if (read || !UNSPACED.test(word)) yield { word, start: match.index, read };
    else
      for (const part of segmenter.segment(word))
        if (part.isWordLike) yield { word: part.segment, start: match.index + part.index, read: undefined };
  }
}

function dateOf([, y1, m1, d1, d2, m2, y2, m3, d3, y3]: RegExpExecArray) {
  const year = y1 ?? y2 ?? y3;
  const day = d1 ?? d2 ?? d3;
  const month = m1 ?? MONTHS.indexOf((m2 ?? m3 ?? "").slice(0, 3).toLowerCase()) + 1;
  if (year === undefined || day === undefined) return undefined;
  return { stem: `date:${year}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")}`, unit: "date" };
}

function numberOf(match: RegExpExecArray) {
  const [, , , , , , , , , , minus, digits, after = ""] = match;
  if (digits === undefined) return undefined;
  const plain = /^\d{1,3}(?:[,'\u202f\u00a0]\d{3})+(?:\.\d+)?$/.test(digits)
    ? digits.replace(/[,'\u202f\u00a0]/g, "")
    : digits.replace(/^(\d+),(\d+)$/, "$1.$2");
  const value = Number(plain) * (SCALE[after.toLowerCase()] ?? 1);
  const stem = `${minus ? "-" : ""}${Number.isNaN(value) ? plain : value}`;
  if (/^(%|per)/i.test(after)) return { stem, unit: "%" };
  return { stem, unit: /^(1[5-9]|20)\d\d$/.test(digits) && after === "" ? "year" : "" };
}

function numberWord(lower: string) {
  const tens = TENS.indexOf(lower);
  const value = tens < 0 ? SMALL.indexOf(lower) : 10 * (tens + 2);
  // `one` is as often a pronoun as a number.
  return value < 0 || lower === "one" ? undefined : { stem: String(value), unit: "" };
}

/** Capitals where a sentence does not ask for one, several of them, or digits among letters. */
function isName(word: string, text: string, start: number): boolean {
  if (/^(?=.*\p{N})(?=.*\p{L})/u.test(word) || /\p{Lu}.*\p{Lu}/u.test(word)) return true;
  return /^\p{Lu}/u.test(word) && /[\p{L}\p{N},;)%'’-]\s+$/u.test(text.slice(0, start));
}

/** Enough for English plurals and past forms to meet; other words stay as they are. */
function stemOf(lower: string): string {
  const bare = lower.normalize("NFKC").replace(/'s$/, "");
  if (!/^[a-z]+$/.test(bare)) return bare;
  const cut = bare.replace(/(?<=[a-z]{3})(?:ies|y)$/, "i").replace(/(?<=[a-z]{3})(?:ing|ed|es|e|(?<!s)s)$/, "");
  return cut === bare ? bare : cut.replace(/([bdfgmnprt])\1$/, "$1");
}

const PAIRS =
  "increase decrease, rise fall, rose fell, grow shrink, grew shrank, more less, more fewer, before after, above below, over under, minimum maximum, least most, allow forbid, allow prohibit, allowed banned, accept reject, include exclude, must may, weekday weekend, add remove, require optional, mandatory optional, always never, all some, all few, first last, high low, higher lower, early late, start end, open close, public private, paid unpaid, true false, win lose, won lost, gain lose, same different, internal external, old new, enable disable, succeed fail, safe unsafe, legal illegal, possible impossible, and or";
const OPPOSITES = new Set(
  PAIRS.split(", ").flatMap((pair) => {
    const [one = "", other = ""] = pair.split(" ").map(stemOf);
    return [`${one} ${other}`, `${other} ${one}`];
  }),
);

export const areOpposite = (one: string, other: string) => OPPOSITES.has(`${one} ${other}`);

const sentences = new Intl.Segmenter("en", { granularity: "sentence" });
/** A sentence may begin with a name in small letters, such as `uuid4()`, which Unicode's rules do not see. */
const NAMED_START = /(?<=[.!?]\s)(?=[a-z]\w*(?:\(|[_\d]\w*\b))/;
const ABBREVIATED =
  /(?:\b(?:e\.g|i\.e|etc|vs|cf|fig|eq|dr|mr|mrs|ms|prof|st|inc|ltd|approx|art|sec|p|pp|[A-Z])\.)\s*$/i;

const parts = (text: string) => new Set(text.split(" ").map(stemOf));
const CONDITIONS = parts("if unless except only provided until");
const MEASURES = parts(
  "second minute hour day week month quarter year percent euro dollar pound cent gram kilogram kg ton metre meter km mile litre liter byte kb mb gb tb a.m p.m",
);
const BOUNDS = parts("plus minus least most up over under above below more less nearly almost about maximum minimum");

/** What makes the rest hold only sometimes. */
export const isCondition = ({ stem }: Token) => CONDITIONS.has(stem);
/** What is measured in: another one is another amount. */
export const isMeasure = (unit: string) => MEASURES.has(unit);
/** What makes a number the edge of what is meant. */
export const isBound = ({ stem }: Token) => BOUNDS.has(stem);

/** Where clauses end: UTF-16 offsets of what stands between them. */
export const clauseEnds = (text: string): number[] =>
  [...text.matchAll(/(?:[,;:!?]|(?<!\b[a-z])\.)(?=\s)|\b(?:and|or|but|while|whereas)\b/gi)].map(({ index }) => index);

export interface Piece {
  readonly text: string;
  /** UTF-16 offset of the text it is a piece of. */
  readonly start: number;
}

/** Sentences, lines and list items, without the blanks around them. */
export function sentencesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const line of text.matchAll(/[^\n]+(?:\n(?![\s]*(?:\n|[-*•#>|]|\d+[.)]\s))[^\n]+)*/g)) {
    let [open, offset] = ["", line.index];
    const add = (part: string) => {
      const trimmed = part.trim();
      if (trimmed !== "") pieces.push({ text: trimmed, start: offset + part.indexOf(trimmed) });
      offset += part.length;
    };
    for (const { segment } of sentences.segment(line[0]))
      for (const part of segment.split(NAMED_START)) {
        open += part;
        if (ABBREVIATED.test(open)) continue;
        add(open);
        open = "";
      }
    add(open);
  }
  return pieces;
}
