import { statSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import type { ModelFile } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";

/**
 * Weights in a block and bytes of one, by type number (ggml.h, gguf-py's GGML_QUANT_SIZES). Types that are not here are
 * rare; of a file that has one, only the header is believed.
 */
const BLOCKS: Readonly<Record<number, readonly [name: string, weights: number, bytes: number]>> = {
  0: ["F32", 1, 4],
  1: ["F16", 1, 2],
  2: ["Q4_0", 32, 18],
  3: ["Q4_1", 32, 20],
  6: ["Q5_0", 32, 22],
  7: ["Q5_1", 32, 24],
  8: ["Q8_0", 32, 34],
  10: ["Q2_K", 256, 84],
  11: ["Q3_K", 256, 110],
  12: ["Q4_K", 256, 144],
  13: ["Q5_K", 256, 176],
  14: ["Q6_K", 256, 210],
  16: ["IQ2_XXS", 256, 66],
  18: ["IQ3_XXS", 256, 98],
  20: ["IQ4_NL", 32, 18],
  23: ["IQ4_XS", 256, 136],
  28: ["F64", 1, 8],
  30: ["BF16", 1, 2],
  39: ["MXFP4", 32, 17],
};
const Text = z.string().optional().catch(undefined);
const Count = z
  .union([z.number(), z.bigint().transform(Number)])
  .optional()
  .catch(undefined);

/** A GGUF file's header; `said` is what it says of itself. Throws whatever the reader does where it is none. */
export async function headerOf(path: string) {
  const { gguf } = await import("@huggingface/gguf");
  const { metadata, ...rest } = await gguf(path, { allowLocalFile: true });
  return { said: z.record(z.string(), z.unknown()).parse(metadata), ...rest };
}

/** Whether a header is of an adapter, which is no model by itself. */
export const isAdapter = (said: Readonly<Record<string, unknown>>) => said["general.type"] === "adapter";

/** What a GGUF file says of itself. Its weights are not read, but that they are all there is checked. */
export async function readGguf(path: string): Promise<ModelFile> {
  const { GGMLQuantizationType } = await import("@huggingface/gguf");
  const { size } = statSync(path);
  const broken = (why: string, cause?: unknown) =>
    new ToolError("invalid_input", `model: \`${basename(path)}\` ${why}.`, "Bring the file once more, whole.", cause);
  const { said, tensorInfos, tensorDataOffset } = await headerOf(path).catch((error: unknown) => {
    throw broken("is not a whole GGUF file: its header cannot be read", error);
  });
  if (isAdapter(said))
    throw new ToolError(
      "invalid_input",
      `model: \`${basename(path)}\` is an adapter, which is not served alone.`,
      "Give it as `adapter`, and the model it was learnt on as `model`.",
    );
  const architecture = Text.parse(said["general.architecture"]) ?? "unknown";
  const number = (key: string) => Count.parse(said[`${architecture}.${key}`]);
  let [parameters, end] = [0, 0];
  const types = new Map<string, number>();
  for (const { shape, dtype, offset } of tensorInfos) {
    const weights = shape.reduce((product, length) => product * Number(length), 1);
    const [name, each, bytes] = BLOCKS[dtype] ?? [GGMLQuantizationType[dtype] ?? String(dtype), 1, 0];
    parameters += weights;
    types.set(name, (types.get(name) ?? 0) + weights);
    end = Math.max(end, Number(offset) + (weights / each) * bytes);
  }
  const needed = Number(tensorDataOffset) + end;
  if (size < needed) throw broken(`is cut off: it has ${size} bytes of ${needed}`);
  const [heads, layers, width] = [number("attention.head_count"), number("block_count"), number("embedding_length")];
  const kvHeads = number("attention.head_count_kv") ?? heads;
  const [keys, values] = ["key", "value"].map(
    (part) => number(`attention.${part}_length`) ?? (width && heads && width / heads),
  );
  return {
    path,
    format: "gguf",
    architecture,
    parameters,
    bytes: size,
    quantization: mostOf(types),
    context_tokens: number("context_length"),
    kv_bytes_per_token: layers && kvHeads && keys && values && layers * kvHeads * (keys + values) * 2,
    license: Text.parse(said["general.license"]),
    has_chat_template: Text.parse(said["tokenizer.chat_template"]) !== undefined,
  };
}

/** The type that most weights have. */
export const mostOf = (types: ReadonlyMap<string, number>) =>
  [...types].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "unknown";
