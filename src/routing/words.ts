import { stemmer } from "stemmer";
import { CERTAIN, LIKELY, NOT_YET, PHRASES, STOP_WORDS } from "./vocabulary.ts";

const LONGEST_REQUEST = 2000;
const LONGEST_WORD = 30;
const stop = new Set(STOP_WORDS);

/** The stems of a text's content words, in order. Names of things (`loans@2`, paths, numbers) say nothing of what is wanted. */
export function stems(text: string): string[] {
  let plain = text.slice(0, LONGEST_REQUEST).normalize("NFKD").toLowerCase();
  for (const [pattern, meaning] of PHRASES) plain = plain.replace(pattern, meaning);
  return plain
    .replace(/\S*[@/\\]\S*/g, " ")
    .split(/[^a-z_]+/)
    .flatMap((word) => word.split("_"))
    .filter((word) => word.length > 1 && word.length <= LONGEST_WORD && !stop.has(word))
    .map((word) => stemmer(word));
}

const stemmed = (words: readonly string[]): ReadonlySet<string> => new Set(words.map((word) => stemmer(word)));

export const certain = stemmed(CERTAIN);
export const likely = stemmed(LIKELY);
export const notYet = stemmed(NOT_YET);
