import { openAiBackend } from "./openai.ts";
import { HOST, type Recipe } from "./recipe.ts";

/** llama.cpp's llama-server. */
export const llamacpp: Recipe = {
  program: "bin/llama-server",
  onPath: "llama-server",
  formats: ["gguf"],
  adapters: "gguf",
  ready_seconds: 120,
  command: (_, { file, adapter, name }, settings, port) => {
    const { context_tokens, threads, parallel, batch_tokens, kv_type, gpu_layers, prompt_cache } = settings;
    const options = {
      "--model": file.path,
      "--alias": name,
      "--host": HOST,
      "--port": port,
      "--threads": threads,
      "--threads-batch": threads,
      "--threads-http": 2,
      "--ctx-size": context_tokens * parallel,
      "--parallel": parallel,
      "--ubatch-size": batch_tokens,
      "--batch-size": Math.max(batch_tokens, 2048),
      "--cache-type-k": kv_type,
      "--cache-type-v": kv_type,
      // It keeps whole prompts of earlier requests in memory besides; as much as another model if it is let.
      "--cache-ram": prompt_cache ? 256 : 0,
      "--gpu-layers": gpu_layers,
      "--fit": "off",
    };
    return {
      args: [
        ...Object.entries(options).flatMap(([option, value]) => [option, String(value)]),
        ...["--metrics", "--offline", "--no-webui", prompt_cache ? "--cache-prompt" : "--no-cache-prompt"],
        ...(adapter ? ["--lora", adapter.path] : []),
        ...(file.architecture.includes("bert") ? ["--embeddings"] : []),
      ],
      env: {},
    };
  },
  client: (url) => openAiBackend("llamacpp", url, undefined),
};
