import { openAiBackend } from "./openai.ts";
import { HOST, type Recipe } from "./recipe.ts";

/** vLLM's server, in an environment of its own. Its `serve` command asks for a package of another name, so the module it is. */
export const vllm: Recipe = {
  program: "venv/bin/python",
  onPath: undefined,
  formats: ["safetensors"],
  adapters: "safetensors",
  ready_seconds: 600,
  command: (_, { file, adapter, name }, settings, port) => {
    const { context_tokens, threads, parallel, batch_tokens, gpu_layers, prompt_cache } = settings;
    const cpu = gpu_layers === 0;
    return {
      args: [
        ...["-m", "vllm.entrypoints.openai.api_server", "--model", file.path],
        // There the model's name means the base, and an adapter has a name of its own: ours means both.
        ...["--served-model-name", adapter ? `${name}-base` : name],
        ...(adapter ? ["--enable-lora", "--lora-modules", `${name}=${adapter.path}`] : []),
        ...(adapter?.rank === undefined ? [] : ["--max-lora-rank", String(roomFor(adapter.rank))]),
        ...["--host", HOST, "--port", String(port), "--max-model-len", String(context_tokens)],
        ...[
          "--max-num-seqs",
          String(parallel),
          "--max-num-batched-tokens",
          String(Math.max(batch_tokens, context_tokens)),
        ],
        ...(cpu ? ["--enforce-eager", "--dtype", "bfloat16"] : []),
        prompt_cache ? "--enable-prefix-caching" : "--no-enable-prefix-caching",
      ],
      env: {
        HF_HUB_OFFLINE: "1",
        VLLM_NO_USAGE_STATS: "1",
        ...(cpu && {
          VLLM_TARGET_DEVICE: "cpu",
          VLLM_CPU_KVCACHE_SPACE: "1",
          VLLM_CPU_OMP_THREADS_BIND: "nobind",
          OMP_NUM_THREADS: String(threads),
        }),
      },
    };
  },
  client: (url) => openAiBackend("vllm", url, undefined),
};

/** The ranks it has room for are these. */
const roomFor = (rank: number) => [8, 16, 32, 64, 128, 256, 320].find((most) => most >= rank) ?? 512;
