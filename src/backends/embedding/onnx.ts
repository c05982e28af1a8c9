import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import { z } from "zod";
import type { Embedder } from "../../kernel/collections.ts";
import { ToolError } from "../../kernel/errors.ts";
import { onnxRuntime } from "../onnx-runtime.ts";
import { prefixesOf } from "./prefixes.ts";
import { openTokenizer } from "./tokenizer.ts";
import { addUp, unit } from "./vectors.ts";

const Manifest = z.object({
  dimensions: z.int(),
  max_tokens: z.int(),
  /** Where its own settings say what it is told; else its name does. */
  query_prefix: z.string().optional(),
  document_prefix: z.string().optional(),
});
const LONGEST_BATCH = 32;
/** Most tokens, padding included, that run at once: this server does nothing else meanwhile. */
const BATCH_TOKENS = 512;
/** Two special tokens open and close what the model reads. */
const SPECIAL = 2;

/** A sentence-transformers encoder as ONNX, from a folder that set-up or an ingest made. */
export async function openOnnxEmbedder(
  name: string,
  folder: string,
  threads: number,
  missing: ToolError,
): Promise<Embedder> {
  if (!existsSync(join(folder, "model.onnx"))) throw missing;
  const { dimensions, max_tokens, ...own } = Manifest.parse(
    JSON.parse(readFileSync(join(folder, "embedder.json"), "utf8")),
  );
  const trained = prefixesOf(name);
  const { query_prefix = trained.query_prefix, document_prefix = trained.document_prefix } = own;
  const tokenizer = openTokenizer(folder);
  const { InferenceSession, Tensor } = await onnxRuntime();
  const session = await InferenceSession.create(join(folder, "model.onnx"), {
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    // Threads that wait by spinning take the processor from whatever else this machine does.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  /** What the model reads of a text: all of it, in several pieces where it is too long for one. */
  const piecesOf = (text: string, place: number): Piece[] => {
    const own = tokenizer.ids(text);
    const most = max_tokens - SPECIAL;
    const pieces: Piece[] = [];
    for (let from = 0; from === 0 || from < own.length; from += most)
      pieces.push({ ids: [tokenizer.first, ...own.slice(from, from + most), tokenizer.last], place });
    return pieces;
  };

  return {
    name,
    dimensions,
    query_prefix,
    document_prefix,
    max_tokens: max_tokens - SPECIAL,
    count: tokenizer.count,
    embed: async (texts, as, signal) => {
      const prefix = as === "query" ? query_prefix : document_prefix;
      const sums: Float32Array[] = texts.map(() => new Float32Array(dimensions));
      for (const batch of batchesOf(texts.flatMap((text, place) => piecesOf(prefix + text, place)))) {
        signal?.throwIfAborted();
        const run = await runBatch(session, Tensor, batch);
        for (const [row, { ids, place }] of batch.entries())
          addUp(sums[place], run.subarray(row * dimensions, (row + 1) * dimensions), ids.length - SPECIAL || 1);
      }
      return sums.map(unit);
    },
  };
}

interface Piece {
  readonly ids: readonly number[];
  readonly place: number;
}

/** Pieces of about one length together, so that little padding is computed. */
function batchesOf(pieces: readonly Piece[]): Piece[][] {
  const sorted = [...pieces].sort((one, other) => other.ids.length - one.ids.length);
  const batches: Piece[][] = [];
  for (const one of sorted) {
    const last = batches.at(-1);
    const longest = last?.[0]?.ids.length ?? 0;
    if (last && last.length < LONGEST_BATCH && (last.length + 1) * longest <= BATCH_TOKENS) last.push(one);
    else batches.push([one]);
  }
  return batches;
}

type TensorKind = typeof import("onnxruntime-node").Tensor;

async function runBatch(session: InferenceSession, Tensor: TensorKind, batch: readonly Piece[]): Promise<Float32Array> {
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
