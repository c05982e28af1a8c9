// Forty rules on 1M x 20, read from Parquet: ours against Great Expectations and pandera (lazy), each in its own
// environment, in turn. `npm run bench -- validate`; `ROWS=100000` for another size.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { measured, ownPython, peerPython } from "./peer-python.ts";
import { median } from "./statistics.ts";

const GX = "great_expectations==1.24.1";
const PANDERA = "pandera[pandas]==0.35.0";
const RUNS = 5;
const ROWS = Number(process.env["ROWS"] ?? 1_000_000);
const Run = z.object({ seconds: z.number(), peak_bytes: z.number(), failed: z.int(), rules: z.int() });

const pythons = {
  ours: ownPython,
  gx: await peerPython("great-expectations", [GX, "pyarrow"]),
  pandera: await peerPython("pandera", [PANDERA, "pyarrow"]),
};
const folder = mkdtempSync(join(tmpdir(), "bench-validate-"));
const path = join(folder, "data.parquet");
measured(ownPython, "data-made.py", [String(ROWS), path]);
const runs: Record<keyof typeof pythons, z.infer<typeof Run>[]> = { ours: [], gx: [], pandera: [] };
for (let run = 0; run < RUNS; run += 1)
  for (const who of ["ours", "gx", "pandera"] as const)
    runs[who].push(Run.parse(measured(pythons[who], "validate-run.py", [who, path])));
rmSync(folder, { recursive: true, force: true });

const summary = (who: keyof typeof pythons) => ({
  seconds: median(runs[who].map(({ seconds }) => seconds)),
  peak_bytes: median(runs[who].map(({ peak_bytes }) => peak_bytes)),
  failed: median(runs[who].map(({ failed }) => failed)),
});
const [ours, gx, pandera] = [summary("ours"), summary("gx"), summary("pandera")];
const result = {
  bench: "validate",
  rows: ROWS,
  rules: runs.ours[0]?.rules,
  runs: RUNS,
  ours,
  [GX]: gx,
  [PANDERA]: pandera,
  times_faster: { gx: gx.seconds / ours.seconds, pandera: pandera.seconds / ours.seconds },
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
