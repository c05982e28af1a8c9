// A large collection through a client over stdio: the standard library's own sources, cut into at least 100,000 chunks and
// embedded by the default model's 8-bit form. Memory of the server, recall of the index against exact search, and the time of
// a query without the embedding of its question, beside FAISS's exact search of as many vectors, which is what LangChain does.
// `npm run bench -- rag-scale`; takes some fifteen minutes.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { ownPeakBytes, peakBytes } from "./memory.ts";
import { measured, ownPython, ragPeers, root } from "./peer-python.ts";
import { median, quantile } from "./statistics.ts";

const QUERIES = 300;
const Answered = z.looseObject({ milliseconds: z.looseObject({ embedding: z.number(), search: z.number() }) });
const Ingested = z.looseObject({ total: z.looseObject({ documents: z.number(), chunks: z.number() }) });
const Managed = z.looseObject({
  recall: z.number(),
  indices: z.array(z.looseObject({ column: z.string(), type: z.string() })),
});
const Running = z.looseObject({ job: z.looseObject({ job_id: z.string() }) });

const folder = mkdtempSync(join(tmpdir(), "bench-rag-scale-"));
const documents = join(folder, "library");
mkdirSync(documents);
const library = execFileSync(ownPython, ["-c", "import sysconfig; print(sysconfig.get_paths()['stdlib'])"])
  .toString()
  .trim();
const sources = readdirSync(library, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".py") && !/(^|\/)(site-packages|test|tests)\//.test(name),
);
for (const name of sources) copyFileSync(join(library, name), join(documents, name.replaceAll("/", "-")));

const client = new Client({ name: "bench", version: "1" });
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [
    join(root, "bin/ml-engine.mjs"),
    ...["--workspace", join(folder, "workspace"), "--allow-dir", folder, "--log-level", "error"],
  ],
  stderr: "inherit",
});
await client.connect(transport);

const began = performance.now();
const collection = "library";
const embedding = "all-MiniLM-L6-v2-int8";
const chunking = { size_tokens: 32 };
const { total } = Ingested.parse(await call("ml_rag_ingest", { collection, source: documents, embedding, chunking }));
const seconds = (performance.now() - began) / 1000;
const ingestPeak = { server: ownPeakBytes(transport.pid ?? 0), with_readers: peakBytes(transport.pid ?? 0) };
const indexing = performance.now();
const { recall, indices } = Managed.parse(await call("ml_rag_manage", { action: "index", collection }));
const indexed = (performance.now() - indexing) / 1000;

// Lines of the sources themselves that say something, spread evenly, as what somebody looks for.
const lines = sources.flatMap((name) =>
  readFileSync(join(library, name), "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[A-Z#][\w ,'-]{30,}\.?$/.test(line)),
);
const queries = Array.from({ length: QUERIES }, (_, at) => lines[Math.floor((at * lines.length) / QUERIES)] ?? "");
const searched: number[] = [];
const whole: number[] = [];
for (const query of queries) {
  const at = performance.now();
  const { milliseconds } = Answered.parse(await call("ml_rag_query", { collection, query }));
  whole.push(performance.now() - at);
  searched.push(milliseconds.search);
}
const peak = ownPeakBytes(transport.pid ?? 0);
await client.close();
const Times = z.object({ p50: z.number(), p95: z.number() });
const faiss = Times.parse(measured(await ragPeers(), "faiss_flat.py", [String(total.chunks), "384", String(QUERIES)]));
rmSync(folder, { recursive: true, force: true });
const times = (all: readonly number[]) => ({ p50: median(all), p95: quantile(all, 0.95) });
process.stdout.write(
  `${JSON.stringify(
    {
      bench: "rag-scale",
      documents: total.documents,
      chunks: total.chunks,
      dimensions: 384,
      ingest_seconds: seconds,
      chunks_per_second: total.chunks / seconds,
      peak_bytes: { ...ingestPeak, after_queries: peak },
      index: indices.find(({ column }) => column === "vector")?.type ?? "none",
      index_seconds: indexed,
      "recall@10": recall,
      query_ms: { without_embedding: times(searched), whole_call: times(whole), faiss_exact: faiss },
      against_faiss_p50: median(searched) / faiss.p50,
    },
    null,
    2,
  )}\n`,
);

/** The result of a call, however long it takes. */
async function call(name: string, args: Record<string, unknown>): Promise<unknown> {
  let answer = await client.callTool({ name, arguments: args }, { timeout: 900_000 });
  for (;;) {
    const running = Running.safeParse(answer.structuredContent);
    if (!running.success) return answer.structuredContent;
    const { job_id } = running.data.job;
    answer = await client.callTool({ name, arguments: { job_id, wait_seconds: 45 } });
  }
}
