import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";

/** A tokenizer from a folder that holds it as the Hugging Face libraries write it. */
export function openTokenizer(folder: string): Tokenizer {
  const json = (name: string): object =>
    z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
  return new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
}

/** Tokens of a text, without those the model adds. */
export const counter = (tokenizer: Tokenizer) => (text: string) =>
  tokenizer.encode(text, { add_special_tokens: false }).ids.length;
