import { join } from "node:path";
import type { Embedder } from "../../kernel/collections.ts";
import { ToolError } from "../../kernel/errors.ts";
import { openOnnxEmbedder } from "./onnx.ts";

/** Embedding models that set-up brings. */
export const BUNDLED = ["all-MiniLM-L6-v2", "all-MiniLM-L6-v2-int8"] as const;

const opened = new Map<string, Promise<Embedder>>();

/** The embedder of a name, loaded once in a process. */
export function openEmbedder(
  model: string,
  config: { readonly root: string; readonly threads: number },
): Promise<Embedder> {
  if (!BUNDLED.some((name) => name === model))
    return Promise.reject(
      new ToolError("invalid_input", `embedding: there is no model \`${model}\`.`, `There are: ${BUNDLED.join(", ")}.`),
    );
  const known = opened.get(model);
  if (known) return known;
  const opening = openOnnxEmbedder(join(config.root, ".cache/models", model), config.threads);
  opened.set(model, opening);
  opening.catch(() => opened.delete(model));
  return opening;
}
