// What ml_training_train adds to the same work done with scikit-learn and skops directly: the op in one warm process,
// in turn with the direct way. The road around it is `npm run bench -- call`. BENCH_REPEATS for fewer than five.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const repeats = Number(process.env["BENCH_REPEATS"] ?? 5);
const data = join(root, ".cache/data");
const output = execFileSync(
  join(root, "python/.venv/bin/python"),
  [
    join(import.meta.dirname, "training-overhead.py"),
    join(data, "german.csv"),
    join(data, "adult/adult.csv"),
    String(repeats),
  ],
  {
    env: { ...process.env, PYTHONPATH: join(root, "python"), OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: "2" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  },
);
const cases: unknown = JSON.parse(output.trim().split("\n").at(-1) ?? "");
process.stdout.write(`${JSON.stringify({ bench: "training-overhead", repeats, cases }, null, 2)}\n`);
