import { type ModelFile, SERVED_BY, type ServedBy } from "../../../kernel/backends.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Catalog, Ports } from "../../../kernel/ports.ts";
import type { Served } from "../serve.ts";

/** A model's files rather than its name: names have become paths where they are of something registered. */
export const isPath = (model: string) => /^([/\\]|[A-Za-z]:\\)/.test(model);

const lastOf = (path: string) => path.split(/[/\\]/).at(-1) ?? path;

/** What a person calls a model: its registered name, its file's, or the one it was asked by. */
export const nameOf = (model: string, catalog: Catalog): string =>
  isPath(model) ? (catalog.at(model)?.ref ?? lastOf(model)) : model;

/** `told` is what the headers do not say. */
export const factsOf = (
  file: ModelFile,
  told: { readonly sha256: string; readonly made_from: string[] },
): NonNullable<Served["facts"]> => ({
  format: file.format,
  architecture: file.architecture,
  parameters: file.parameters,
  bytes: file.bytes,
  quantization: file.quantization,
  context_tokens: file.context_tokens ?? null,
  kv_bytes_per_token: file.kv_bytes_per_token ?? null,
  license: file.license ?? null,
  ...told,
  has_chat_template: file.has_chat_template,
});

const SERVE: Readonly<Record<ModelFile["format"], readonly ServedBy[]>> = {
  gguf: ["llamacpp", "ollama", "candle"],
  safetensors: ["vllm", "candle"],
  onnx: [],
};

/** Whether a kind of server takes files of this format. */
export const serves = (kind: ServedBy, { format }: ModelFile) => SERVE[format].includes(kind);

/** What serves a format best of what is installed: llama.cpp for GGUF, else vLLM, else Candle. */
export async function usualBackend(model: string, { backends }: Ports): Promise<ServedBy> {
  const file = await backends.inspect(model);
  const fitting = SERVED_BY.filter((kind) => serves(kind, file));
  const installed = backends.programs().filter(({ path }) => path !== null);
  const found = fitting.find((kind) => installed.some(({ backend }) => backend === kind));
  if (found) return found;
  const [first = "llamacpp"] = fitting;
  throw new ToolError(
    "unavailable",
    `No backend that serves ${file.format} is installed.`,
    `Run \`npm run setup -- --with ${first}\`${file.format === "safetensors" ? ", or make a GGUF of it for llamacpp: ml_llm_quantize with type F16" : ""}.`,
  );
}
