// A group-by over a registered table: ml_data_transform's op against plain DuckDB on the same Parquet file, in turn in one
// process. `npm run bench -- data-aggregate`; ROWS=10000000 for the size of the target.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { median } from "./statistics.ts";

const ROWS = Number(process.env["ROWS"] ?? 1_000_000);
const RUNS = 5;
const root = join(import.meta.dirname, "..");
const workspace = mkdtempSync(join(tmpdir(), "bench-aggregate-"));
// The table has the shape of db-benchmark's G1: two keys, three values, and columns that nobody asks for.
const TURNS = `
import json, pathlib, sys, time
import duckdb, numpy as np, polars as pl
from ml_engine.job import quiet
from ml_engine.ops.data.transform import transform
from ml_engine.tables import stage_dataset
folder, rows, runs = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(0)
frame = pl.DataFrame({"id1": random.integers(0, 100, rows), "id2": random.integers(0, rows // 100, rows),
    "id3": random.integers(0, 100, rows).astype(str), "v1": random.integers(1, 6, rows),
    "v2": random.integers(1, 16, rows), "v3": random.random(rows) * 100})
(folder / "table").mkdir()
data = stage_dataset(quiet(folder / "table"), frame, name="table", source="bench")
del frame
steps = [{"op": "aggregate", "group": ["id2"], "map": {"s": "sum(v1)", "m": "mean(v3)", "n": "count()"}}]
query = f"SELECT id2, sum(v1) s, avg(v3) m, count(*) n FROM '{data}/data.parquet' GROUP BY id2 ORDER BY id2"
ours, theirs = [], []
for run in range(-1, runs):
    own = folder / str(run)
    own.mkdir()
    at = time.perf_counter()
    transform({"dataset": data, "steps": steps, "preview": False, "seed": 0, "wait_seconds": 20, "cancel": False}, quiet(own))
    mid = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{own}/out.parquet' (FORMAT parquet, COMPRESSION zstd)")
    end = time.perf_counter()
    if run >= 0:
        ours.append((mid - at) * 1000)
        theirs.append((end - mid) * 1000)
print(json.dumps({"ours": ours, "theirs": theirs}))
`;
const answer = execFileSync(
  join(root, "python/.venv/bin/python"),
  ["-c", TURNS, workspace, String(ROWS), String(RUNS)],
  {
    env: { ...process.env, PYTHONPATH: join(root, "python"), OMP_WAIT_POLICY: "PASSIVE", POLARS_MAX_THREADS: "2" },
    encoding: "utf8",
  },
);
rmSync(workspace, { recursive: true, force: true });
const { ours, theirs } = z.object({ ours: z.array(z.number()), theirs: z.array(z.number()) }).parse(JSON.parse(answer));
const result = {
  bench: "data-aggregate",
  rows: ROWS,
  runs: RUNS,
  median_ms: { transform: median(ours), duckdb: median(theirs) },
  ratio: median(ours) / median(theirs),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
