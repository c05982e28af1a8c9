import type { ModelFile } from "../../../kernel/backends.ts";
import type { Catalog } from "../../../kernel/ports.ts";
import type { Served } from "../serve.ts";

/** A model's files rather than its name: names have become paths where they are of something registered. */
export const isPath = (model: string) => /^([/\\]|[A-Za-z]:\\)/.test(model);

const lastOf = (path: string) => path.split(/[/\\]/).at(-1) ?? path;

/** What a person calls a model: its registered name, its file's, or the one it was asked by. */
export const nameOf = (model: string, catalog: Catalog): string =>
  isPath(model) ? (catalog.at(model)?.ref ?? lastOf(model)) : model;

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
