import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession } from "onnxruntime-node";
import { z } from "zod";
import { ToolError } from "../../kernel/errors.ts";
import type { Reranker } from "../../kernel/reranker.ts";
import { onnxRuntime } from "../onnx-runtime.ts";

const FILES = ["model.onnx", "tokenizer.json"];
/** Pairs read at once; each as long as the longest among them. */
const BATCH = 8;
/** Where its tokenizer says nothing: what BERT reads. */
const MOST_TOKENS = 512;
const Config = z.looseObject({ model_max_length: z.number().optional() });

const opened = new Map<string, Promise<Reranker>>();

/** The cross-encoder of a folder as sentence-transformers or Optimum export it to ONNX, loaded once in a process. */
export function openCrossEncoder(folder: string, threads: number): Promise<Reranker> {
  const known = opened.get(folder);
  if (known) return known;
  const opening = load(folder, threads);
  opened.set(folder, opening);
  opening.catch(() => opened.delete(folder));
  return opening;
}

async function load(folder: string, threads: number): Promise<Reranker> {
  const missing = FILES.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    throw new ToolError(
      "not_found",
      `rerank: \`${basename(folder)}\` has no ${missing.join(" and no ")}.`,
      "Name a folder that a cross-encoder was exported to as ONNX.",
    );
  try {
    const tokenizer = new Tokenizer(json(folder, "tokenizer.json"), json(folder, "tokenizer_config.json"));
    const most = Math.min(Config.parse(json(folder, "tokenizer_config.json")).model_max_length ?? MOST_TOKENS, 8192);
    const runtime = await onnxRuntime();
    const session = await runtime.InferenceSession.create(join(folder, "model.onnx"), {
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
    });
    return {
      name: basename(folder),
      score: async (question, texts, signal) => {
        const scores: number[] = [];
        for (let from = 0; from < texts.length; from += BATCH) {
          signal.throwIfAborted();
          const pairs = texts.slice(from, from + BATCH).map((text) => pairOf(tokenizer, question, text, most));
          scores.push(...(await run(session, runtime.Tensor, pairs)));
        }
        return scores;
      },
    };
  } catch (error) {
    throw new ToolError(
      "invalid_input",
      `rerank: \`${basename(folder)}\` cannot be read as a cross-encoder.`,
      "It needs a model.onnx that answers logits, and its tokenizer.json.",
      error,
    );
  }
}

function json(folder: string, name: string): object {
  const path = join(folder, name);
  return existsSync(path) ? z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, "utf8"))) : {};
}

interface Pair {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** The text's end is what is cut where both are too long. */
function pairOf(tokenizer: Tokenizer, question: string, text: string, most: number): Pair {
  const { ids, token_type_ids } = tokenizer.encode(question, { text_pair: text, return_token_type_ids: true });
  if (ids.length <= most) return { ids, types: token_type_ids };
  return {
    ids: [...ids.slice(0, most - 1), ids.at(-1) ?? 0],
    types: [...token_type_ids.slice(0, most - 1), token_type_ids.at(-1) ?? 0],
  };
}

async function run(
  session: InferenceSession,
  Tensor: typeof import("onnxruntime-node").Tensor,
  pairs: readonly Pair[],
): Promise<number[]> {
  const longest = Math.max(...pairs.map(({ ids }) => ids.length));
  const tensor = (valuesOf: (pair: Pair) => readonly number[]) => {
    const filled = new BigInt64Array(pairs.length * longest);
    for (const [row, pair] of pairs.entries())
      for (const [place, value] of valuesOf(pair).entries()) filled[row * longest + place] = BigInt(value);
    return new Tensor("int64", filled, [pairs.length, longest]);
  };
  const feeds = {
    input_ids: () => tensor(({ ids }) => ids),
    attention_mask: () => tensor(({ ids }) => ids.map(() => 1)),
    token_type_ids: () => tensor(({ types }) => types),
  };
  const given = Object.fromEntries(
    Object.entries(feeds).flatMap(([name, feed]) => (session.inputNames.includes(name) ? [[name, feed()]] : [])),
  );
  const { logits } = await session.run(given).catch((error: unknown) => {
    throw new ToolError("failed", "The cross-encoder cannot read what it was given.", undefined, error);
  });
  const width = (logits?.data.length ?? 0) / pairs.length;
  if (!(logits?.data instanceof Float32Array) || width < 1)
    throw new ToolError("failed", "The cross-encoder gave no logits.");
  const { data } = logits;
  // One score, or one a class, of which the last is "relevant".
  return pairs.map((_, row) => data[row * width + width - 1] ?? 0);
}
