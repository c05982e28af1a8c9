// What the road adds to a call: a native tool, and a Python op in an isolated worker against the same op in a cold Python.
// The work itself is timed as the op's first run in a fork of a warm process. `npm run bench -- call`
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { median, quantile } from "./statistics.ts";

const RUNS = 100;
const COLD_RUNS = 5;
const root = join(import.meta.dirname, "..");
const workspace = mkdtempSync(join(tmpdir(), "bench-call-"));
const python = join(root, "python/.venv/bin/python");
const csv = join(workspace, "small.csv");
writeFileSync(
  csv,
  `a,b,c\n${Array.from({ length: 50 }, (_, at) => `${at},${at % 7},${at % 2 ? "x" : "y"}`).join("\n")}\n`,
);

const client = new Client({ name: "bench", version: "1" });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [join(root, "bin/ml-engine.mjs"), "--workspace", workspace, "--log-level", "error"],
    stderr: "inherit",
  }),
);
const suite = [{ type: "expect_table_row_count_to_be_between", kwargs: { min_value: 1 } }];
const validate = { dataset: "small", action: "check", detail: "concise", suite };
await client.callTool({ name: "ml_data_ingest", arguments: { source: csv, name: "small" } });
const native = await timed(RUNS, () =>
  client.callTool({ name: "ml_transparency_audit", arguments: { action: "query", limit: 1 } }),
);
await client.callTool({ name: "ml_data_validate", arguments: validate });
const isolated = await timed(RUNS, () => client.callTool({ name: "ml_data_validate", arguments: validate }));
await client.close();

const params = JSON.stringify({ ...validate, dataset: join(workspace, "datasets/small/1") });
const env = { ...process.env, PYTHONPATH: join(root, "python") };
const cold = await timed(COLD_RUNS, async () =>
  execFileSync(python, ["-m", "ml_engine", "data.validate", params], { env }),
);
// What a worker does once it is there: the op's first run in a process forked from one with the libraries imported.
const FORKED = `
import json, os, pathlib, sys, tempfile, time
from ml_engine import zygote
zygote.preload()
from ml_engine.job import quiet
from ml_engine.ops.data.validate import validate
for _ in range(20):
    child = os.fork()
    if child == 0:
        at = time.perf_counter()
        validate(json.loads(sys.argv[1]), quiet(pathlib.Path(tempfile.mkdtemp())))
        print((time.perf_counter() - at) * 1000, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
`;
const forked = execFileSync(python, ["-c", FORKED, params], {
  env: { ...env, OMP_WAIT_POLICY: "PASSIVE", POLARS_MAX_THREADS: "2" },
  encoding: "utf8",
  stdio: ["ignore", "pipe", "ignore"],
});
const work = median(forked.trim().split("\n").map(Number));
rmSync(workspace, { recursive: true, force: true });
const result = {
  bench: "call",
  runs: RUNS,
  native_ms: { p50: median(native), p95: quantile(native, 0.95) },
  isolated_ms: {
    p50: median(isolated),
    p95: quantile(isolated, 0.95),
    work_itself: work,
    overhead_p50: median(isolated) - work,
  },
  cold_python_ms: { p50: median(cold) },
  times_faster_than_cold: median(cold) / median(isolated),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);

async function timed(runs: number, act: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const at = performance.now();
    await act();
    times.push(performance.now() - at);
  }
  return times;
}
