// Retrieval over two sets of documents, in one run: ours through a client over stdio, against LlamaIndex with Chroma and
// LangChain with FAISS in their own environment, with the same embedding model, in turn. Each peer twice: with its defaults,
// whose pieces are longer than the model reads, so that it embeds only their beginnings; and with pieces of our size, which is
// the same work. Ours twice too: with the model as it is, and with its weights in 8 bits. `npm run bench -- rag`; RUNS for how
// often, SETS for which.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { earlierFigures } from "./earlier.ts";
import { peakBytes } from "./memory.ts";
import { measured, ownPython, ragPeers, root } from "./peer-python.ts";
import { median, quantile } from "./statistics.ts";

const RUNS = Number(process.env["RUNS"] ?? 3);
const SETS = process.env["SETS"]?.split(",") ?? ["faq", "docstrings"];
const K = 10;
const fixtures = join(root, "tests/fixtures/python-faq");
const PEERS = [
  ["llamaindex", "defaults"],
  ["langchain", "defaults"],
  ["llamaindex", "same_size"],
  ["langchain", "same_size"],
] as const;
const OURS = { ours: "all-MiniLM-L6-v2", ours_int8: "all-MiniLM-L6-v2-int8" };
const named = ([who, cutting]: (typeof PEERS)[number]) => `${who}_${cutting}`;
const Earlier = z.looseObject({
  processors: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});
const Figures = z.record(z.string(), z.number());
const Query = z.object({ id: z.string(), text: z.string(), relevant: z.record(z.string(), z.number()) });
const Found = z.looseObject({
  structuredContent: z.looseObject({ results: z.array(z.looseObject({ document: z.string() })) }),
});
const Ingest = z.looseObject({
  structuredContent: z.looseObject({
    job: z.looseObject({ job_id: z.string() }).optional(),
    tokens: z.number().optional(),
    chunks: z.number().optional(),
  }),
});
const Exported = z.looseObject({
  structuredContent: z.looseObject({ files: z.array(z.looseObject({ path: z.string() })).min(1) }),
});

const peer = await ragPeers();
const folder = mkdtempSync(join(tmpdir(), "bench-rag-"));
// What is not measured now keeps its figures: other sets, and all of another processor, whose ratios are others.
const { processors } = Earlier.parse(earlierFigures("rag"));
const processor = cpus()[0]?.model ?? "unknown";
const sets: Record<string, unknown> = { ...processors[processor] };
for (const set of SETS) {
  const place = join(folder, set);
  execFileSync(ownPython, [join(root, "tests/support/retrieval_sets.py"), set, place]);
  const runs = new Map<string, z.infer<typeof Figures>[]>();
  const add = (who: string, figures: z.infer<typeof Figures>) => runs.set(who, [...(runs.get(who) ?? []), figures]);
  for (let run = 0; run < RUNS; run += 1) {
    // The last is what bm25s scores the chunks of: they are the same, since both variants read by one tokenizer.
    for (const [who, embedding] of Object.entries(OURS)) add(who, await ours(place, embedding));
    for (const one of PEERS) add(named(one), Figures.parse(measured(peer, "rag.py", [one[0], place, one[1]])));
  }
  const of = (who: string) => medians(runs.get(who) ?? []);
  const bm25s = Figures.parse(measured(peer, "rag.py", ["bm25s", place, "ours"]));
  sets[set] = {
    date: new Date().toISOString().slice(0, 10),
    runs: RUNS,
    words: { ours: of("ours")["words_mrr@10"], bm25s: bm25s["mrr@10"] },
    ...Object.fromEntries([...Object.keys(OURS), ...PEERS.map(named)].map((who) => [who, of(who)])),
    ratios: ratios(of("ours"), of),
    int8_ratios: ratios(of("ours_int8"), of),
  };
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(
  `${JSON.stringify({ bench: "rag", processors: { ...processors, [processor]: sets } }, null, 2)}\n`,
);

async function ours(place: string, embedding: string): Promise<z.infer<typeof Figures>> {
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
  await finished({ collection: "warm", source: join(fixtures, "gui.rst"), embedding });
  await call("ml_rag_query", { collection: "warm", query: "warm" });
  const at = performance.now();
  const { tokens = 0, chunks = 0 } = await finished({ collection: "bench", source: join(place, "docs"), embedding });
  const seconds = (performance.now() - at) / 1000;
  const queries = z.array(Query).parse(JSON.parse(readFileSync(join(place, "queries.json"), "utf8")));
  const asked = async (strategy: "auto" | "fulltext") => {
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
    return { times, mrr: reciprocal / queries.length, ndcg: gained / queries.length };
  };
  // One question each before what is measured, as theirs have had.
  await call("ml_rag_query", { collection: "bench", query: queries[0]?.text ?? "" });
  const { times, mrr, ndcg } = await asked("auto");
  const words = await asked("fulltext");
  const peak = peakBytes(transport.pid ?? 0);
  const [file] = Exported.parse(await call("ml_rag_manage", { action: "export", collection: "bench" }))
    .structuredContent.files;
  if (file) copyFileSync(file.path, join(place, "chunks"));
  await client.close();
  return {
    documents_per_second: readdirSync(join(place, "docs")).length / seconds,
    tokens_per_second: tokens / seconds,
    tokens_embedded: tokens,
    tokens_dropped: 0,
    pieces: chunks,
    query_p50_ms: median(times),
    query_p95_ms: quantile(times, 0.95),
    "mrr@10": mrr,
    "ndcg@10": ndcg,
    "words_mrr@10": words.mrr,
    peak_bytes: peak,
  };

  async function finished(args: Record<string, unknown>) {
    let answer = Ingest.parse(await call("ml_rag_ingest", { ...args, wait_seconds: 45 })).structuredContent;
    while (answer.job !== undefined) {
      const { job_id } = answer.job;
      answer = Ingest.parse(await call("ml_rag_ingest", { job_id, wait_seconds: 45 })).structuredContent;
    }
    return answer;
  }
}

/** Ours over each peer's, figure by figure. */
function ratios(we: z.infer<typeof Figures>, of: (who: string) => z.infer<typeof Figures>) {
  return Object.fromEntries(
    PEERS.map((one) => {
      const they = of(named(one));
      const shared = Object.entries(we).filter(([key]) => key in they);
      return [named(one), Object.fromEntries(shared.map(([key, value]) => [key, value / (they[key] ?? Number.NaN)]))];
    }),
  );
}

function medians(runs: readonly z.infer<typeof Figures>[]): Record<string, number> {
  const keys = Object.keys(runs[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key] ?? Number.NaN))]));
}
