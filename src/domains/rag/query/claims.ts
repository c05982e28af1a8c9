/** A sentence of an answer that says something that can be checked. */
export interface Claim {
  readonly text: string;
  /** Citations `[n]` that stand in it. */
  readonly cited: readonly number[];
}

/** A part of a passage: one sentence or two, where they stand in its text (UTF-16). */
export interface Window {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" });
const LEAST_WORDS = 3;
const CITATION = /\[(\d{1,3})\]/g;

/** The sentences of an answer that claim something: no questions, no greetings of two words, no headings. */
export function claimsOf(answer: string): Claim[] {
  return answer
    .split(/\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)/)
    .flatMap((block) => [...sentences.segment(block.replaceAll(/\s+/g, " "))].map(({ segment }) => segment.trim()))
    .filter((text) => !text.endsWith("?") && wordsOf(text.replaceAll(CITATION, "")).length >= LEAST_WORDS)
    .map((text) => ({ text, cited: [...text.matchAll(CITATION)].map(([, number]) => Number(number)) }));
}

/** Sentences of a passage, and each pair of neighbours. */
export function windowsOf(passage: string): Window[] {
  const single = [...sentences.segment(passage)]
    .map(({ segment, index }) => ({ text: segment.trimEnd(), start: index, end: index + segment.trimEnd().length }))
    .filter(({ text }) => text !== "");
  const pairs = single.slice(1).map((two, at) => {
    const { start } = single[at] ?? two;
    return { text: passage.slice(start, two.end), start, end: two.end };
  });
  return [...single, ...pairs];
}

/** How far a text of the sources bears a claim out, by what is written alone. */
export interface Lexical {
  /** Share of the claim's words that count which stand in the text, 0..1. */
  readonly overlap: number;
  /** Numbers, dates among them, that the claim has and the text has not. */
  readonly numbers_missing: readonly string[];
  /** Whether the text has numbers of its own where the claim's are missing. */
  readonly other_numbers: boolean;
  readonly names_missing: readonly string[];
  readonly quotes_missing: readonly string[];
  /** Whether one of the two denies and the other does not. */
  readonly negation_differs: boolean;
}

export function lexical(claim: string, text: string): Lexical {
  const plain = claim.replaceAll(CITATION, "");
  const [wanted, there] = [stemsOf(plain), new Set(stemsOf(text))];
  const [numbers, known] = [numbersOf(plain), new Set(numbersOf(text))];
  const missing = numbers.filter((one) => !known.has(one));
  const lowered = squeezed(text);
  return {
    overlap: wanted.length === 0 ? 0 : wanted.filter((stem) => there.has(stem)).length / wanted.length,
    numbers_missing: missing,
    other_numbers: [...known].some((one) => !numbers.includes(one)),
    names_missing: namesOf(plain).filter((name) => !lowered.includes(name.toLowerCase())),
    quotes_missing: quotesOf(plain).filter((quote) => !lowered.includes(squeezed(quote))),
    negation_differs: denies(plain) !== denies(text),
  };
}

const squeezed = (text: string) => text.toLowerCase().replaceAll(/\s+/g, " ");
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu) ?? [];

const COMMON = new Set(
  "a an the of to in on at by for from with and or but as is are was were be been being it its this that these those he she they them his her their we you i our your my has have had do does did can could may might will would should must there here than then so if when which who whom what how not no nor also only very more most such into over under about up out each any all some other same own just too per via s t".split(
    " ",
  ),
);
/** A word's beginning stands for its forms: enough for inflection, and the same in every language with suffixes. */
const STEM = 6;

const stemsOf = (text: string): string[] => [
  ...new Set(
    wordsOf(text)
      .filter((word) => !(COMMON.has(word) || word in SPELT))
      .map((word) => word.replace(/['’]s$/, "").slice(0, STEM)),
  ),
];

const SPELT: Readonly<Record<string, string>> = Object.fromEntries(
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
    .split(" ")
    .map((word, value) => [word, String(value)]),
);
const TENS: Readonly<Record<string, string>> = {
  thirty: "30",
  forty: "40",
  fifty: "50",
  sixty: "60",
  seventy: "70",
  eighty: "80",
  ninety: "90",
  hundred: "100",
};
/** Words that are numbers only sometimes. */
const VAGUE = new Set(["one"]);

/** Numbers of a text in one spelling: 1,000.0, 1 000 and 1000 are one, and so are 3 and three. */
function numbersOf(text: string): string[] {
  const digits = (text.match(/\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?/g) ?? []).map((one) =>
    String(Number(one.replaceAll(/[,\s]/g, ""))),
  );
  const spelt = wordsOf(text).flatMap((word) => (VAGUE.has(word) ? [] : (SPELT[word] ?? TENS[word] ?? [])));
  return [...new Set([...digits, ...spelt])];
}

/** Words with a capital that do not open the sentence. */
function namesOf(text: string): string[] {
  const found = text.matchAll(/(?<!^|[.!?:]\s|["“«(]\s?)\b\p{Lu}[\p{L}\p{N}]+/gu);
  return [...new Set([...found].map(([name]) => name))];
}

const quotesOf = (text: string): string[] =>
  [...text.matchAll(/["“«]([^"”»]{3,300})["”»]/g)].map(([, quote]) => quote ?? "");

const DENIAL =
  /\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|nicht|kein\w*|nie|pas|jamais|no)\b|n['’]t\b/i;
const denies = (text: string) => DENIAL.test(text);
