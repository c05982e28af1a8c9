import { basename, dirname } from "node:path";
import { openAiBackend } from "./openai.ts";
import { HOST, type Recipe } from "./recipe.ts";

/** mistral.rs, an engine on Candle. */
export const candle: Recipe = {
  program: "bin/mistralrs",
  onPath: "mistralrs",
  formats: ["gguf", "safetensors"],
  ready_seconds: 180,
  command: (_, { file }, { threads, parallel, gpu_layers, prompt_cache, context_tokens }, port) => ({
    args: [
      ...["--token-source", "none", "serve", ...(gpu_layers === 0 ? ["--cpu"] : [])],
      ...["--host", HOST, "--port", String(port), "--max-seqs", String(parallel)],
      ...["--max-seq-len", String(context_tokens)],
      ...(prompt_cache ? [] : ["--prefix-cache-n", "0"]),
      ...(file.format === "gguf"
        ? ["--format", "gguf", "-m", dirname(file.path), "-f", basename(file.path)]
        : ["--format", "plain", "-m", file.path]),
    ],
    env: { RAYON_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads) },
  }),
  client: (url) => {
    const server = openAiBackend("candle", url, undefined);
    return {
      ...server,
      generate: (model, asked) => server.generate(itsName(model), asked),
      embed: (model, texts, signal) => server.embed(itsName(model), texts, signal),
    };
  },
};

/** It knows a model by the path or the hub's name it was opened by, and the one it serves as `default`; 500 for any other name. */
const itsName = (model: string) => (model.includes("/") ? model : "default");
