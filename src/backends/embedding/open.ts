import { join } from "node:path";
import type { Config } from "../../config.ts";
import type { Embedder } from "../../kernel/collections.ts";
import { ToolError } from "../../kernel/errors.ts";
import { ollamaServer } from "./ollama.ts";
import { openOnnxEmbedder } from "./onnx.ts";
import { openAiServer } from "./openai.ts";
import { openServerEmbedder } from "./server.ts";
import { openTokenizer } from "./tokenizer.ts";

/** Embedding models that set-up brings. */
const BUNDLED = ["all-MiniLM-L6-v2", "all-MiniLM-L6-v2-int8"];

export type EmbeddingConfig = Pick<
  Config,
  "root" | "workspace" | "threads" | "offline" | "ollama_url" | "openai_url" | "openai_key"
>;

const opened = new Map<string, Promise<Embedder>>();

/** The embedder of a name, loaded once in a process. */
export function openEmbedder(model: string, config: EmbeddingConfig): Promise<Embedder> {
  const known = opened.get(model);
  if (known) return known;
  const opening = open(model, config);
  opened.set(model, opening);
  opening.catch(() => opened.delete(model));
  return opening;
}

/** Where models lie that were made ready from folders. */
export const modelsFolder = (workspace: string) => join(workspace, "models", "embedding");

async function open(model: string, config: EmbeddingConfig): Promise<Embedder> {
  const { root, workspace, threads } = config;
  const bundled = (name: string) => join(root, ".cache/models", name);
  if (BUNDLED.includes(model))
    return await openOnnxEmbedder(
      model,
      bundled(model),
      threads,
      new ToolError("unavailable", "The embedding model is not set up on this machine.", "Run `npm run setup`."),
    );
  const [, kind, name] = /^(folder|ollama|openai):(.+)$/.exec(model) ?? [];
  // Most models that servers run for this are of BERT's family, and share its words.
  const count = () => openTokenizer(bundled("all-MiniLM-L6-v2")).count;
  if (kind === "folder" && name !== undefined && /^[\w.-]+@[0-9a-f]{12}$/.test(name))
    return await openOnnxEmbedder(
      model,
      join(modelsFolder(workspace), name),
      threads,
      new ToolError("not_found", `embedding: ${model} is not here.`, "Ingest once more with folder:PATH of the model."),
    );
  if (kind === "ollama" && name !== undefined) {
    allowed(config, config.ollama_url, "ollama_url");
    return await openServerEmbedder(await ollamaServer(name, { url: config.ollama_url, count: count() }));
  }
  if (kind === "openai" && name !== undefined) {
    allowed(config, config.openai_url, "openai_url");
    return await openServerEmbedder(
      openAiServer(name, { url: config.openai_url, key: config.openai_key, count: count() }),
    );
  }
  throw new ToolError(
    "invalid_input",
    `embedding: there is no model \`${model}\`.`,
    `There are ${BUNDLED.join(", ")}, ollama:MODEL, openai:MODEL and folder:PATH.`,
  );
}

function allowed({ offline }: EmbeddingConfig, url: string, setting: string): void {
  if (!offline || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)) return;
  throw new ToolError(
    "unavailable",
    `embedding: this server is offline (--offline), and ${setting} is on another machine.`,
    "Use all-MiniLM-L6-v2.",
  );
}
