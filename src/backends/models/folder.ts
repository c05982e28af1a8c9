import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import type { ModelFile } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";
import { mostOf } from "./gguf.ts";

const Header = z.record(
  z.string(),
  z.looseObject({
    dtype: z.string().optional(),
    shape: z.array(z.number()).optional(),
    data_offsets: z.tuple([z.number(), z.number()]).optional(),
  }),
);
/** Those of Hugging Face's configurations that say how large the cache of keys and values is. */
const Config = z.looseObject({
  model_type: z.string().default("unknown"),
  num_hidden_layers: z.number().optional(),
  num_attention_heads: z.number().optional(),
  num_key_value_heads: z.number().optional(),
  hidden_size: z.number().optional(),
  head_dim: z.number().nullish(),
  max_position_embeddings: z.number().optional(),
  quantization_config: z.looseObject({ quant_method: z.string(), bits: z.number().optional() }).optional(),
});
const Named = z.looseObject({ name: z.string() });
const MOST_HEADER_BYTES = 100e6;
const PICKLES = /\.(bin|pt|pth|pkl|ckpt)$/;

/** What a folder of safetensors says of itself, by its configuration and the files' headers. */
export function readFolder(folder: string): ModelFile {
  const files = readdirSync(folder);
  const weights = files.filter((name) => name.endsWith(".safetensors"));
  const refuse = (why: string, hint: string) =>
    new ToolError("invalid_input", `model: \`${basename(folder)}\` ${why}.`, hint);
  if (existsSync(join(folder, "adapter_config.json"))) throw adapterAlone(folder);
  if (weights.length === 0) {
    if (files.some((name) => PICKLES.test(name)))
      throw new ToolError(
        "refused",
        `model: \`${basename(folder)}\` holds pickled weights, which run code when they are loaded.`,
        "Convert them to safetensors where they come from.",
      );
    throw refuse("holds no *.safetensors and no *.gguf", "Name a folder with a model, or a GGUF file.");
  }
  if (!existsSync(join(folder, "config.json"))) throw refuse("has no config.json", "Bring the model's whole folder.");
  const config = Config.parse(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")));
  let [parameters, bytes] = [0, 0];
  const types = new Map<string, number>();
  for (const name of weights) {
    const { header, size } = headerOf(join(folder, name));
    bytes += size;
    for (const { dtype = "unknown", shape = [] } of Object.values(header)) {
      const count = shape.reduce((product, length) => product * length, 1);
      if (shape.length === 0) continue;
      parameters += count;
      types.set(dtype, (types.get(dtype) ?? 0) + count);
    }
  }
  const { quantization_config: quantized } = config;
  const quantization = quantized
    ? `${quantized.quant_method}${quantized.bits === undefined ? "" : ` ${quantized.bits}-bit`}`
    : mostOf(types);
  return {
    path: folder,
    format: "safetensors",
    architecture: config.model_type,
    parameters,
    bytes,
    quantization,
    context_tokens: config.max_position_embeddings,
    kv_bytes_per_token: kvBytesPerToken(config),
    license: licenseOf(folder),
    has_chat_template:
      existsSync(join(folder, "chat_template.jinja")) ||
      /"chat_template"/.test(
        existsSync(join(folder, "tokenizer_config.json"))
          ? readFileSync(join(folder, "tokenizer_config.json"), "utf8")
          : "",
      ),
  };
}

/** As the card's front matter has it (Hugging Face). */
function licenseOf(folder: string): string | undefined {
  const card = join(folder, "README.md");
  if (!existsSync(card)) return undefined;
  return /^---\n[\s\S]*?^license: *(\S+)[\s\S]*?^---/m.exec(readFileSync(card, "utf8"))?.[1];
}

/** What to serve instead of an adapter: the model that it was merged into when it was made. */
function adapterAlone(folder: string): ToolError {
  const path = join(folder, "model.json");
  const { name } = Named.parse(existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { name: basename(folder) });
  return new ToolError(
    "invalid_input",
    `model: \`${name}\` is an adapter, which is not served alone.`,
    `Serve \`${name.replace(/-adapter$/, "")}\`, base and adapter in one (ml_llm_finetune with action merge makes it), or its base with this as \`adapter\`.`,
  );
}

/** 2 · layers · heads of keys and values · their width · 2 bytes; undefined where the configuration does not say. */
export function kvBytesPerToken(config: unknown): number | undefined {
  const {
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kv = heads,
    hidden_size: width,
    head_dim,
  } = Config.parse(config);
  const each = head_dim ?? (width && heads && width / heads);
  return layers && kv && each && 2 * layers * kv * each * 2;
}

/** The JSON at the head of a safetensors file, and its size; a file that is cut off is refused. */
function headerOf(path: string): { header: z.output<typeof Header>; size: number } {
  const { size } = statSync(path);
  const file = openSync(path, "r");
  try {
    const length = Buffer.alloc(8);
    readSync(file, length, 0, 8, 0);
    const bytes = Number(length.readBigUInt64LE());
    if (size < 8 || bytes > Math.min(size - 8, MOST_HEADER_BYTES)) throw cut(path, size);
    const text = Buffer.alloc(bytes);
    readSync(file, text, 0, bytes, 8);
    const { __metadata__: _, ...header } = Header.parse(JSON.parse(text.toString("utf8")));
    const end = Math.max(0, ...Object.values(header).map((one) => one.data_offsets?.[1] ?? 0));
    if (size < 8 + bytes + end) throw cut(path, size, 8 + bytes + end);
    return { header, size };
  } finally {
    closeSync(file);
  }
}

const cut = (path: string, size: number, needed?: number) =>
  new ToolError(
    "invalid_input",
    `model: \`${basename(path)}\` is cut off: it has ${size} bytes${needed === undefined ? "" : ` of ${needed}`}.`,
    "Bring the file once more, whole.",
  );
