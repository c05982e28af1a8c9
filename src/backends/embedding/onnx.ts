import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession } from "onnxruntime-node";
import { z } from "zod";
import type { Embedder } from "../../kernel/collections.ts";
import { ToolError } from "../../kernel/errors.ts";

const Manifest = z.object({ name: z.string(), dimensions: z.int(), max_tokens: z.int() });
const LONGEST_BATCH = 32;
/** Most tokens, padding included, that run at once: what decides how much memory a batch takes. */
const BATCH_TOKENS = 4096;
/** Two special tokens open and close what the model reads. */
const SPECIAL = 2;

/** A sentence-transformers encoder as ONNX, from a folder that set-up made. */
export async function openOnnxEmbedder(folder: string, threads: number): Promise<Embedder> {
  if (!existsSync(join(folder, "model.onnx")))
    throw new ToolError("unavailable", "The embedding model is not set up on this machine.", "Run `npm run setup`.");
  const json = (name: string): object =>
    z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const { name, dimensions, max_tokens } = Manifest.parse(json("embedder.json"));
  const tokenizer = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(join(folder, "model.onnx"), {
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  const plain = { add_special_tokens: false };
  const encode = (text: string) => {
    const { ids } = tokenizer.encode(text);
    return ids.length <= max_tokens ? ids : [...ids.slice(0, max_tokens - 1), ids.at(-1) ?? 0];
  };

  return {
    name,
    dimensions,
    max_tokens: max_tokens - SPECIAL,
    count: (text) => tokenizer.encode(text, plain).ids.length,
    embed: async (texts, _as, signal) => {
      const vectors: Float32Array[] = new Array(texts.length);
      for (const batch of batchesOf(texts.map(encode))) {
        signal?.throwIfAborted();
        const run = await runBatch(session, Tensor, batch);
        for (const [row, { place }] of batch.entries())
          vectors[place] = run.slice(row * dimensions, (row + 1) * dimensions);
      }
      return vectors;
    },
  };
}

interface Encoded {
  readonly ids: readonly number[];
  readonly place: number;
}

/** Texts of about one length together, so that little padding is computed. */
function batchesOf(encoded: readonly (readonly number[])[]): Encoded[][] {
  const sorted = encoded.map((ids, place) => ({ ids, place })).sort((one, other) => other.ids.length - one.ids.length);
  const batches: Encoded[][] = [];
  for (const one of sorted) {
    const last = batches.at(-1);
    const longest = last?.[0]?.ids.length ?? 0;
    if (last && last.length < LONGEST_BATCH && (last.length + 1) * longest <= BATCH_TOKENS) last.push(one);
    else batches.push([one]);
  }
  return batches;
}

type TensorKind = typeof import("onnxruntime-node").Tensor;

async function runBatch(
  session: InferenceSession,
  Tensor: TensorKind,
  batch: readonly Encoded[],
): Promise<Float32Array> {
  const longest = batch[0]?.ids.length ?? 0;
  const shape = [batch.length, longest];
  const ids = new Int32Array(batch.length * longest);
  const mask = new Int32Array(batch.length * longest);
  for (const [row, one] of batch.entries()) {
    ids.set(one.ids, row * longest);
    mask.fill(1, row * longest, row * longest + one.ids.length);
  }
  const { embedding } = await session.run({
    input_ids: new Tensor("int32", ids, shape),
    attention_mask: new Tensor("int32", mask, shape),
  });
  if (!(embedding?.data instanceof Float32Array)) throw new ToolError("failed", "The embedding model gave no vectors.");
  return embedding.data;
}
