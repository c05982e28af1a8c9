// What the road adds to a call: a native tool, and a Python op in an isolated worker against the same op in a cold Python.
// The work itself is timed by the same op run in one warm process. `npm run bench -- call`
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
writeFileSync(csv, `a,b,c\n${Array.from({ length: 50 }, (_, at) => `${at},${at % 7},${at % 2 ? "x" : "y"}`).join("\n")}\n`);

const client = new Client({ name: "bench", version: "1" });
await client.connect(new StdioClientTransport({ command: process.execPath, args: [join(root, "bin/ml-engine.mjs"), "--workspace", workspace, "--log-level", "error"], stderr: "inherit" }));
const validate = { dataset: csv, action: "check", detail: "concise", suite: [{ type: "expect_table_row_count_to_be_between", kwargs: { min_value: 1 } }] };
const native = await timed(RUNS, () => client.callTool({ name: "ml_transparency_audit", arguments: { action: "query", limit: 1 } }));
await client.callTool({ name: "ml_data_validate", arguments: validate });
const isolated = await timed(RUNS, () => client.callTool({ name: "ml_data_validate", arguments: validate }));
await client.close();

const params = JSON.stringify(validate);
const cold = await timed(COLD_RUNS, async () => execFileSync(python, ["-m", "ml_engine", "data.validate", params], { env: { ...process.env, PYTHONPATH: join(root, "python") } }));
const work = Number(
  execFileSync(
    python,
    ["-c", "import json,sys,time,tempfile,pathlib\nfrom ml_engine.job import quiet\nfrom ml_engine.ops.data.validate import validate\np=json.loads(sys.argv[1])\nj=quiet(pathlib.Path(tempfile.mkdtemp()))\nvalidate(p,j)\nt=[]\nfor _ in range(20):\n s=time.perf_counter();validate(p,j);t.append(time.perf_counter()-s)\nprint(sorted(t)[10]*1000)", params],
    { env: { ...process.env, PYTHONPATH: join(root, "python") }, encoding: "utf8" },
  ),
);
rmSync(workspace, { recursive: true, force: true });
const result = {
  bench: "call",
  runs: RUNS,
  native_ms: { p50: median(native), p95: quantile(native, 0.95) },
  isolated_ms: { p50: median(isolated), p95: quantile(isolated, 0.95), work_itself: work, overhead_p50: median(isolated) - work },
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
