import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";

const Parts = z.looseObject({ pre_tokenizer: z.object({ type: z.string() }).nullish() });
const [REMEMBERED, LONGEST_REMEMBERED] = [100_000, 64];
const plain = { add_special_tokens: false };

export interface Tokens {
  /** Tokens of a text, without those the model adds. */
  ids(text: string): number[];
  /** How many these are. */
  count(text: string): number;
  /** What the model adds before and behind. */
  readonly first: number;
  readonly last: number;
}

/** The tokenizer of a folder that holds it as the Hugging Face libraries write it. */
export function openTokenizer(folder: string): Tokens {
  const json = (name: string): object =>
    z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const whole = json("tokenizer.json");
  const tokenizer = new Tokenizer(whole, json("tokenizer_config.json"));
  const [first = 0, last = 0] = tokenizer.encode("").ids;
  const encode = (text: string): number[] => tokenizer.encode(text, plain).ids;
  // BERT's tokens never reach over a blank, and words come again and again: each is taken apart once.
  const byWord = Parts.parse(whole).pre_tokenizer?.type === "BertPreTokenizer";
  return { first, last, ...(byWord ? wordByWord(encode) : { ids: encode, count: (text) => encode(text).length }) };
}

function wordByWord(encode: (text: string) => number[]): Pick<Tokens, "ids" | "count"> {
  const known = new Map<string, readonly number[]>();
  const words = (text: string) => text.split(/[ \t\n\r]+/);
  const ofWord = (word: string): readonly number[] => {
    const before = known.get(word);
    if (before !== undefined || word === "") return before ?? [];
    const ids = encode(word);
    if (word.length <= LONGEST_REMEMBERED && known.size < REMEMBERED) known.set(word, ids);
    return ids;
  };
  return {
    ids: (text) => words(text).flatMap(ofWord),
    count: (text) => words(text).reduce((sum, word) => sum + ofWord(word).length, 0),
  };
}
