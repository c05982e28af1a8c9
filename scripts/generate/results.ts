import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Result = z.strictObject({ machine: z.string(), date: z.string(), figures: z.record(z.string(), z.unknown()) });

const TITLES: Readonly<Record<string, string>> = {
  start:
    "Cold start: from spawn to the answer of `tools/list`, every tool listed, against `@modelcontextprotocol/server-everything`, in turn in one run",
  call: "What the road adds to a call: a native tool; a Python op in an isolated worker; the same op in a cold Python",
  store:
    "The record and the runs: events appended by one and by four processes and verified; metrics of a run against MLflow's store",
  asof: "The as-of join of 100k labels to 1 M feature rows, against pandas' `merge_asof`, values equal",
  "training-auto":
    "`auto` against FLAML and the defaults of LightGBM and a random forest: five sets, equal time, the same splits; mean rank on held-out rows",
  "training-overhead":
    "What ml_training_train adds to the same training done with scikit-learn and skops directly, in turn in one process",
  "training-sweep": "What a sweep adds to a trial over the same objective under Optuna itself, in turn",
  ingest:
    "Ingest of a CSV against DuckDB's own copy of it to Parquet, each in a process of its own, in turn; memory is the most either held",
  "data-aggregate":
    "Aggregation of 10 M rows by a key through ml_data_transform's step, against the same SQL in DuckDB",
  profile:
    "Profiles against fg-data-profiling: `ours` is the whole op with its report, of a dataset brought in before, `file` the same straight from the file, `fields` what its minimal profile has; bytes of memory at most and of JSON",
  validate:
    "Forty rules on one table against Great Expectations and pandera (lazy), each in its own environment, in turn",
  rag: "Retrieval over two sets of documents (168 questions on 168 answers of the Python FAQ; 353 names on 1057 docstrings) against LlamaIndex with Chroma and LangChain with FAISS with the same model, in turn: each with its `defaults`, whose pieces are longer than the model reads (`tokens_dropped` is what it never saw), and with pieces of our size (`same_size`), which is the same work; `words` is BM25 against bm25s on the same chunks and analyzer; `ratios` are ours to theirs, `int8_ratios` ours with the model's weights in 8 bits; memory with all that ran; by processor, since theirs use AVX-512 best",
  "rag-scale": "A collection of over 100,000 chunks: the server's memory, the index's recall, the time of a query",
  inference:
    "Inference on one thread: our client against a bare fetch; the profile against a scripted server, llama-bench and `vllm bench serve`; every backend in one interleaved comparison (mean, low, high); the settings found against an exhaustive grid",
  llm: "A small Llama made from nothing learns to add two numbers of two digits through ml_llm_prepare and ml_llm_finetune alone: sums it has not seen, answered letter for letter",
  "llm-chain":
    "From examples to a served model, on SmolLM2-135M-Instruct: the test of every step (prepare, LoRA, merge, GGUF, Q8_0, Q4_K_M, llama.cpp, Ollama, evaluate, compare)",
  "llm-quantize": "What each GGUF type costs SmolLM2-135M-Instruct, against its 16 bits",
  routing: "The routing hint: time a request",
};

/** bench/RESULTS.md, from what the benchmarks wrote. */
export function resultsPage(root: string): string {
  const folder = join(root, "bench/results");
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(".json"))
        .sort()
    : [];
  const sections = files.map((file) => {
    const name = file.replace(".json", "");
    const { machine, date, figures } = Result.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
    const rows = flat(figures).filter(([key]) => key !== "bench");
    return `## ${TITLES[name] ?? name}\n\n\`npm run bench -- ${name}\` on ${date}: ${machine}.\n\n| figure | value |\n|---|---|\n${rows.map(([key, value]) => `| ${key} | ${value} |`).join("\n")}\n`;
  });
  return `# Benchmarks\n\nWritten by \`npm run bench\` and \`npm run gen\`. Peers are measured in the same run on the same machine: compare ratios, not single times.\n\n${sections.join("\n")}`;
}

function flat(value: unknown, path = ""): [string, string][] {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object"))
    return [[path, value.map(String).join(", ")]];
  if (typeof value === "number") return [[path, String(Number(value.toPrecision(4)))]];
  if (value === null || typeof value !== "object") return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path === "" ? key : `${path}.${key}`));
}
