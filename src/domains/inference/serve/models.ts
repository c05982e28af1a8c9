import { basename, isAbsolute } from "node:path";
import type { ModelFile } from "../../../kernel/backends.ts";
import type { Catalog } from "../../../kernel/ports.ts";
import type { Served } from "../serve.ts";

/** What a person calls a model: its registered name, its file's, or the one it was asked by. */
export const nameOf = (model: string, catalog: Catalog): string =>
  isAbsolute(model) ? (catalog.at(model)?.ref ?? basename(model)) : model;

export const factsOf = (file: ModelFile): NonNullable<Served["facts"]> => ({
  format: file.format,
  architecture: file.architecture,
  parameters: file.parameters,
  bytes: file.bytes,
  quantization: file.quantization,
  context_tokens: file.context_tokens ?? null,
  kv_bytes_per_token: file.kv_bytes_per_token ?? null,
  license: file.license ?? null,
  has_chat_template: file.has_chat_template,
});
