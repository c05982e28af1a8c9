import type { Parsed } from "../../../kernel/documents.ts";

const LOOKED_AT = 100_000;
/** Above this share of letters, words are found by a dictionary of scripts that set no blanks between them. */
const MANY = 0.1;

/** The language of a new collection whose call names none, by the first texts that go into it. */
export function languageOf(documents: readonly Parsed[]): string {
  const sample = documents.map(({ text }) => text.slice(0, LOOKED_AT / documents.length)).join(" ");
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  const unspaced = sample.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)?.length ?? 0;
  return unspaced > letters * MANY ? "other" : "English";
}
