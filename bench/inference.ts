// Inference: what our streaming client adds to a token, what the profile says beside a scripted server's true delays, beside
// llama-bench and beside vLLM's own benchmark on the same server; every installed backend in one interleaved comparison; the
// settings that are found beside the best of an exhaustive grid. `npm run bench -- inference`; PARTS names some of them.
// Everything takes turns, for the machine may be busy; backends that are not installed are left out.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { openAiBackend } from "../src/backends/serving/openai.ts";
import { connect, type TestClient } from "../tests/support/client.ts";
import { counted, DONE, said, streamingServer } from "../tests/support/streaming-server.ts";
import { earlierFigures } from "./earlier.ts";
import { huggingFaceFolder } from "./hugging-face.ts";
import { root } from "./peer-python.ts";
import { median } from "./statistics.ts";

const exec = promisify(execFile);
const RUNS = Number(process.env["RUNS"] ?? 5);
const MODEL = "smollm2-135m-instruct";
const gguf = join(root, ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf");
const has = (backend: string) => existsSync(join(root, ".cache/backends", backend));
const { signal } = new AbortController();
const workspace = mkdtempSync(join(tmpdir(), "bench-inference-"));
const client = await connect("v2", {
  command: process.execPath,
  args: [join(root, "bin/ml-engine.mjs"), "--log-level", "error"],
  env: { ML_ENGINE_WORKSPACE: workspace, ML_ENGINE_ALLOW_DIRS: join(root, ".cache") },
});

async function call<S extends z.ZodType>(
  tool: `ml_inference_${string}`,
  args: Record<string, unknown>,
  schema: S,
  by: TestClient = client,
): Promise<z.output<S>> {
  const { text, isError, structured } = await by.call(tool, args);
  if (isError) throw new Error(text);
  process.stderr.write(`${text}\n\n`);
  return schema.parse(structured);
}

const Served = z.looseObject({
  url: z
    .string()
    .nullable()
    .transform((url) => url ?? ""),
});
const serve = (args: Record<string, unknown>) => call("ml_inference_serve", { model: MODEL, ...args }, Served);

/** Milliseconds a token through our client and through a bare fetch that only counts, of one server in turn. */
async function clientOverhead() {
  const { url } = await serve({ action: "start", backend: "llamacpp", settings: { context_tokens: 1024 } });
  const backend = openAiBackend("llamacpp", url, undefined);
  const [TOKENS, prompt] = [128, "Once upon a time"];
  const body = { model: MODEL, prompt, max_tokens: TOKENS, temperature: 0, seed: 0, stream: true, ignore_eos: true };
  const ours = async () => {
    const began = performance.now();
    const options = { max_tokens: TOKENS, temperature: 0, seed: 0, ignore_eos: true, signal };
    await backend.generate(MODEL, { prompt, messages: undefined, ...options });
    return performance.now() - began;
  };
  const raw = async () => {
    const began = performance.now();
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/completions`, { method: "POST", headers, body: JSON.stringify(body) });
    for await (const _ of response.body ?? []);
    return performance.now() - began;
  };
  const times: { ours: number[]; raw: number[] } = { ours: [], raw: [] };
  await ours();
  for (let run = 0; run < 3 * RUNS; run += 1) {
    times.ours.push((await ours()) / TOKENS);
    times.raw.push((await raw()) / TOKENS);
  }
  await serve({ action: "stop" });
  const pairs = times.ours.map((one, at) => one / (times.raw[at] ?? Number.NaN));
  return {
    tokens: TOKENS,
    ours_ms_a_token: median(times.ours),
    raw_fetch_ms_a_token: median(times.raw),
    ratio: median(pairs),
  };
}

const Spread = z.object({ mean: z.number(), p50: z.number(), p90: z.number(), p99: z.number() });
const Profiled = z.looseObject({ ttft_ms: Spread, itl_ms: Spread, tpot_ms: Spread, tokens_per_second: z.number() });

/** The profile of a server that waits as it is told, against the moments at which it sent. */
async function scripted() {
  const server = await streamingServer();
  const words = Array.from({ length: 8 }, (_, at) => said(` ${at}`));
  server.script = [
    300,
    ...words.flatMap((word, at) => (at === 0 ? [word] : [100, word])),
    said("", "length"),
    counted(9, 8),
    DONE,
  ];
  const args = { url: server.url, prompts: ["Count."], more: { output_tokens: 8, requests: 10 } };
  const found = await call("ml_inference_profile", args, Profiled);
  server.close();
  const sent = server.sent.slice(1).map((moments) => moments.slice(0, 8));
  const first = median(sent.map(([one = 0]) => one));
  const between = median(sent.flatMap((moments) => moments.slice(1).map((one, at) => one - (moments[at] ?? 0))));
  return { ttft_ratio: found.ttft_ms.p50 / first, itl_ratio: found.itl_ms.p50 / between };
}

const Benched = z.array(z.looseObject({ n_prompt: z.number(), n_gen: z.number(), avg_ts: z.number() }));

/** Decoding and reading a prompt by our profile and by llama-bench, in turn: the same file, one thread, the same lengths. */
async function llamaBench() {
  if (!has("llamacpp")) return null;
  const [PROMPT, OUTPUT] = [128, 64];
  const tool = join(root, ".cache/backends/llamacpp/bin/llama-bench");
  const args = [
    "-m",
    gguf,
    "-t",
    "1",
    "-p",
    String(PROMPT),
    "-n",
    String(OUTPUT),
    "-d",
    "0",
    "-ub",
    "512",
    "-r",
    "2",
    "-o",
    "json",
  ];
  const times: Record<"ours" | "theirs" | "our_prompt" | "their_prompt", number[]> = {
    ...{ ours: [], theirs: [], our_prompt: [], their_prompt: [] },
  };
  for (let run = 0; run < RUNS; run += 1) {
    const rows = Benched.parse(
      JSON.parse(execFileSync(tool, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
    );
    times.theirs.push(rows.find(({ n_gen }) => n_gen > 0)?.avg_ts ?? Number.NaN);
    times.their_prompt.push(rows.find(({ n_prompt }) => n_prompt > 0)?.avg_ts ?? Number.NaN);
    await serve({ action: "start", backend: "llamacpp", settings: { context_tokens: 1024 } });
    const lengths = { prompt_tokens: PROMPT, output_tokens: OUTPUT, requests: 4 };
    // llama-bench decodes after an empty context.
    const decoded = await call("ml_inference_profile", { more: { ...lengths, prompt_tokens: 2 } }, Profiled);
    const read = await call("ml_inference_profile", { more: { ...lengths, output_tokens: 2 } }, Profiled);
    times.ours.push(1000 / decoded.tpot_ms.mean);
    times.our_prompt.push((1000 * PROMPT) / read.ttft_ms.mean);
    await serve({ action: "stop" });
  }
  return {
    tokens_per_second: { profile: median(times.ours), llama_bench: median(times.theirs) },
    prompt_tokens_per_second: { profile: median(times.our_prompt), llama_bench: median(times.their_prompt) },
    ratio: median(times.ours.map((one, at) => one / (times.theirs[at] ?? Number.NaN))),
    prompt_ratio: median(times.our_prompt.map((one, at) => one / (times.their_prompt[at] ?? Number.NaN))),
  };
}

const Metrics = z.looseObject({ servers: z.array(z.looseObject({ metrics: z.record(z.string(), z.number()) })) });

/** The profile against llama.cpp's own clock of the same requests: what it counts, before and after. */
async function serverClock() {
  if (!has("llamacpp")) return null;
  const [PROMPT, OUTPUT, COUNT] = [128, 48, 6];
  await serve({ action: "start", backend: "llamacpp", settings: { context_tokens: 1024 } });
  const counts = async () =>
    (await call("ml_inference_serve", { action: "status" }, Metrics)).servers[0]?.metrics ?? {};
  const lengths = { prompt_tokens: PROMPT, output_tokens: OUTPUT, requests: COUNT, warmup: 0, prompts: [] };
  const ratios: Record<"ttft" | "tpot", number[]> = { ttft: [], tpot: [] };
  for (let run = 0; run < RUNS; run += 1) {
    const prompts = Array.from({ length: COUNT }, (_, at) => `${run}${at} ${"words of a prompt ".repeat(PROMPT / 4)}`);
    const before = await counts();
    const found = await call("ml_inference_profile", { more: { ...lengths, prompts } }, Profiled);
    const after = await counts();
    const seconds = (name: string) => (after[`llamacpp:${name}`] ?? 0) - (before[`llamacpp:${name}`] ?? 0);
    ratios.ttft.push(found.ttft_ms.mean / ((1000 * seconds("prompt_seconds_total")) / COUNT));
    ratios.tpot.push(found.tpot_ms.mean / ((1000 * seconds("tokens_predicted_seconds_total")) / COUNT / (OUTPUT - 1)));
  }
  await serve({ action: "stop" });
  return { ttft_ratio: median(ratios.ttft), tpot_ratio: median(ratios.tpot) };
}

const ServeBench = z.looseObject({ median_ttft_ms: z.number(), median_tpot_ms: z.number(), median_itl_ms: z.number() });

/** `vllm bench serve` itself asks for a package of another name than the CPU build has. */
const SERVE_BENCH = `
import argparse
from vllm.benchmarks.serve import add_cli_args, main
parser = argparse.ArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
`;

type Asked = "chat/completions" | "completions";

/** What `vllm bench serve` measures of a server. */
async function serveBench(url: string, asked: Asked, prompts: readonly string[], output: number) {
  const [dataset, out] = [join(workspace, "prompts.json"), join(workspace, "serve-bench.json")];
  // An answer is asked for beside each prompt, and not used.
  const turns = prompts.map((value) => ({ conversations: [{ value }, { value: "words of an answer" }] }));
  writeFileSync(dataset, JSON.stringify(turns));
  const options = {
    ...{ "--backend": asked === "completions" ? "openai" : "openai-chat", "--endpoint": `/v1/${asked}` },
    ...{ "--base-url": url.replace("/v1", "") },
    ...{ "--model": MODEL, "--tokenizer": huggingFaceFolder(gguf), "--temperature": "0" },
    ...{ "--dataset-name": "sharegpt", "--dataset-path": dataset, "--sharegpt-output-len": String(output) },
    ...{ "--num-prompts": String(prompts.length), "--max-concurrency": "1", "--result-filename": out },
  };
  const python = join(root, ".cache/backends/vllm/venv/bin/python");
  const flags = ["--ignore-eos", "--save-result"];
  await exec(python, ["-c", SERVE_BENCH, ...Object.entries(options).flat(), ...flags], {
    env: { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1", VLLM_TARGET_DEVICE: "cpu" },
  });
  const { median_ttft_ms, median_tpot_ms, median_itl_ms } = ServeBench.parse(JSON.parse(readFileSync(out, "utf8")));
  return { ttft: median_ttft_ms, tpot: median_tpot_ms, itl: median_itl_ms };
}

/** The profile and `vllm bench serve` on one server, taking turns at going first, with the same prompts; medians. */
async function besideServeBench(url: string, asked: Asked, target: { url?: string }, output: number) {
  const ratios: Record<"ttft" | "tpot" | "itl", number[]> = { ttft: [], tpot: [], itl: [] };
  for (let round = 0; round < RUNS; round += 1) {
    const prompts = Array.from({ length: 10 }, (_, at) => `${round}${at} ${"words of a prompt ".repeat(32)}`);
    const before = round % 2 === 0 ? await serveBench(url, asked, prompts, output) : undefined;
    const more = { output_tokens: output, requests: prompts.length, prompts };
    const ours = await call("ml_inference_profile", { ...target, more }, Profiled);
    const theirs = before ?? (await serveBench(url, asked, prompts, output));
    ratios.ttft.push(ours.ttft_ms.p50 / theirs.ttft);
    ratios.tpot.push(ours.tpot_ms.p50 / theirs.tpot);
    ratios.itl.push(ours.itl_ms.p50 / theirs.itl);
  }
  return { ttft_ratio: median(ratios.ttft), tpot_ratio: median(ratios.tpot), itl_ratio: median(ratios.itl) };
}

/** On a server that waits as it is told, where nothing but the clients differs; and on llama.cpp, with nothing cached. */
async function vllmBench() {
  if (!has("vllm") || !has("llamacpp")) return null;
  const OUTPUT = 48;
  const server = await streamingServer();
  const words = Array.from({ length: OUTPUT }, (_, at) => said(` ${at}`, at === OUTPUT - 1 ? "length" : null));
  server.script = [150, ...words.flatMap((word, at) => (at === 0 ? [word] : [20, word])), counted(130, OUTPUT), DONE];
  const scripted = await besideServeBench(server.url, "chat/completions", { url: server.url }, OUTPUT);
  server.close();
  const settings = { context_tokens: 1024, prompt_cache: false };
  const { url } = await serve({ action: "start", backend: "llamacpp", settings });
  const llamacpp = await besideServeBench(url, "completions", {}, OUTPUT);
  await serve({ action: "stop" });
  return { scripted, llamacpp };
}

const Estimate = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() });
const Compared = z.looseObject({
  targets: z.array(
    z.looseObject({
      ...{ name: z.string(), quality: Estimate.nullable(), tokens_per_second: Estimate, ttft_ms: Estimate },
      memory_bytes: z.number().nullable(),
    }),
  ),
  ...{ same_answers: z.number(), pick: z.string(), warnings: z.array(z.string()) },
});

/** Raw prompts at temperature 0 on every installed backend, in one interleaved run. */
async function compare() {
  const targets = [
    ...["llamacpp", "ollama", "candle"].filter(has).map((backend) => ({ backend, model: MODEL, name: backend })),
    // It takes no GGUF: the same weights in 16 bits.
    ...(has("vllm") ? [{ backend: "vllm", model: huggingFaceFolder(gguf), name: "vllm (bf16)" }] : []),
  ];
  const prompts = [
    "The capital of France is",
    "One, two, three, four,",
    "Water freezes at",
    "The opposite of hot is",
    "Monday, Tuesday,",
  ];
  const references = ["Paris", "five", ["0", "32"], "cold", "Wednesday"];
  const more = { references, output_tokens: 24, repeats: RUNS, start: true, settings: { context_tokens: 512 } };
  const found = await call("ml_inference_compare", { targets, prompts, more }, Compared);
  const shown = ({ value, low, high }: z.output<typeof Estimate>) =>
    [value, low ?? value, high ?? value].map((one) => Number(one.toPrecision(4))).join(" ");
  return {
    value_low_high: Object.fromEntries(
      found.targets.map(({ name, quality, tokens_per_second, ttft_ms, memory_bytes }) => [
        name,
        {
          tokens_per_second: shown(tokens_per_second),
          ttft_ms: shown(ttft_ms),
          contains_the_right_answer: quality ? shown(quality) : null,
          memory_mb: memory_bytes === null ? null : memory_bytes / 1e6,
        },
      ]),
    ),
    same_answers: found.same_answers,
    pick: found.pick,
  };
}

const Optimized = z.looseObject({
  settings: z.record(z.string(), z.unknown()),
  before: z.looseObject({ value: Estimate }),
  after: z.looseObject({ value: Estimate, quality: z.number() }),
});

/** The settings found under an objective, measured again in turn with every setting of the grid. */
async function optimize() {
  const space = { threads: [1, 2], batch_tokens: [64, 512] };
  const lengths = { prompt_tokens: 64, output_tokens: 12 };
  const settings = { context_tokens: 512 };
  const found = await call(
    "ml_inference_optimize",
    {
      model: MODEL,
      backend: "llamacpp",
      quality_floor: 0.9,
      more: { space, settings, ...lengths, requests: 4, repeats: RUNS },
    },
    Optimized,
  );
  const grid = space.threads.flatMap((threads) =>
    space.batch_tokens.map((batch_tokens) => ({ threads, batch_tokens })),
  );
  const speeds = new Map<string, number[]>(grid.map((one) => [JSON.stringify(one), []]));
  for (let run = 0; run < Math.min(RUNS, 3); run += 1)
    for (const one of grid) {
      await serve({ action: "start", backend: "llamacpp", settings: { ...settings, ...one } });
      const { tokens_per_second } = await call("ml_inference_profile", { more: { ...lengths, requests: 4 } }, Profiled);
      speeds.get(JSON.stringify(one))?.push(tokens_per_second);
      await serve({ action: "stop" });
    }
  const ranked = [...speeds]
    .map(([name, values]) => ({ name, speed: median(values) }))
    .sort((one, other) => other.speed - one.speed);
  const { threads, batch_tokens } = found.settings;
  const mine = JSON.stringify({ threads, batch_tokens });
  return {
    before_tokens_per_second: found.before.value.value,
    after_tokens_per_second: found.after.value.value,
    quality: found.after.quality,
    found: mine,
    best_of_grid: ranked[0]?.name,
    found_against_best_of_grid:
      (ranked.find(({ name }) => name === mine)?.speed ?? Number.NaN) / (ranked[0]?.speed ?? Number.NaN),
    grid: grid.length,
  };
}

const PARTS = {
  client: clientOverhead,
  scripted,
  server_clock: serverClock,
  llama_bench: llamaBench,
  vllm_bench: vllmBench,
  compare,
  optimize,
};
const chosen = process.env["PARTS"]?.split(",") ?? Object.keys(PARTS);
const figures: Record<string, unknown> = {
  bench: "inference",
  ...earlierFigures("inference"),
  model: `${MODEL} Q4_1, 1 thread`,
};
for (const [name, measure] of Object.entries(PARTS)) {
  if (!chosen.includes(name)) continue;
  try {
    figures[name] = await measure();
  } catch (error) {
    // The other parts' figures are kept.
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}
`);
    process.exitCode = 1;
    await serve({ action: "stop" }).catch(() => undefined);
  }
}
await client.close();
rmSync(workspace, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
