// Profiles of 100k x 20 and 1M x 20 against fg-data-profiling's JSON alone, in its own environment, in turn: ours whole
// (described, HTML report and plots written, JSON) beside its full one, our statistics of columns alone beside its minimal
// one. `npm run bench -- profile`; `ROWS=100000` for that size only.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { measured, ownPython, peerPython } from "./peer-python.ts";
import { median } from "./statistics.ts";

const PEER = "fg-data-profiling==4.20.0";
const RUNS = 5;
const PEER_RUNS = 3;
const SIZES = process.env["ROWS"] ? [Number(process.env["ROWS"])] : [100_000, 1_000_000];
const FULL_ROWS = 100_000;
const OURS = ["ours", "file", "fields"];
const Run = z.object({ seconds: z.number(), peak_bytes: z.number(), json_bytes: z.number() });

const peer = await peerPython("fg-data-profiling", [PEER, "pyarrow", "setuptools<81"]);
const folder = mkdtempSync(join(tmpdir(), "bench-profile-"));
const sizes = SIZES.map((rows) => {
  const path = join(folder, `${rows}.parquet`);
  measured(ownPython, "data-made.py", [String(rows), path]);
  const runs = (who: string, times: number) =>
    summary(
      Array.from({ length: times }, () =>
        Run.parse(measured(OURS.includes(who) ? ownPython : peer, "profile-run.py", [who, path])),
      ),
    );
  const ours = runs("ours", RUNS);
  const file = runs("file", RUNS);
  const fields = runs("fields", RUNS);
  const minimal = runs("minimal", PEER_RUNS);
  const full = rows <= FULL_ROWS ? runs("full", 1) : null;
  return {
    rows,
    ours,
    file,
    fields,
    minimal,
    full,
    times_faster: {
      fields_than_minimal: minimal.seconds / fields.seconds,
      ours_than_minimal: minimal.seconds / ours.seconds,
      file_than_full: full && full.seconds / file.seconds,
      ours_than_full: full && full.seconds / ours.seconds,
    },
    memory_ratio: {
      fields_to_minimal: fields.peak_bytes / minimal.peak_bytes,
      ours_to_minimal: ours.peak_bytes / minimal.peak_bytes,
    },
  };
});
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ bench: "profile", peer: PEER, runs: RUNS, sizes }, null, 2)}\n`);

function summary(runs: readonly z.infer<typeof Run>[]) {
  const of = (key: keyof z.infer<typeof Run>) => median(runs.map((run) => run[key]));
  return { seconds: of("seconds"), peak_bytes: of("peak_bytes"), json_bytes: of("json_bytes") };
}
