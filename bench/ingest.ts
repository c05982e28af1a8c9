// A large CSV brought in: ours (typed, checked, hashed, roles found) against DuckDB's own COPY to Parquet, in turn, each in a
// process of its own. `npm run bench -- ingest` takes 1 GB and 5 GB; GB for one size alone, RUNS for how often.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { median } from "./statistics.ts";

const SIZES = process.env["GB"] ? [Number(process.env["GB"])] : [1, 5];
const RUNS = Number(process.env["RUNS"] ?? 3);
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "bench-ingest-"));
const Measured = z.strictObject({ rows: z.int(), seconds: z.number(), peak_mb: z.number() });

function run(...args: string[]): string {
  return execFileSync(join(root, "python/.venv/bin/python"), [join(import.meta.dirname, "ingest.py"), ...args], {
    env: { ...process.env, PYTHONPATH: join(root, "python") },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const sizes = SIZES.map((gigabytes) => {
  const csv = join(folder, `${gigabytes}.csv`);
  run("make", csv, String(gigabytes * 1e9));
  const pairs = Array.from({ length: RUNS }, () => ({
    ours: Measured.parse(JSON.parse(run("ours", csv))),
    duckdb: Measured.parse(JSON.parse(run("duckdb", csv))),
  }));
  rmSync(csv);
  const of = (who: "ours" | "duckdb") => ({
    seconds: median(pairs.map((pair) => pair[who].seconds)),
    peak_mb: median(pairs.map((pair) => pair[who].peak_mb)),
  });
  return {
    gigabytes,
    rows: pairs[0]?.ours.rows ?? 0,
    ours: of("ours"),
    duckdb: of("duckdb"),
    speed_against_duckdb: median(pairs.map(({ ours, duckdb }) => duckdb.seconds / ours.seconds)),
  };
});
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ bench: "ingest", runs: RUNS, sizes }, null, 2)}
`);
