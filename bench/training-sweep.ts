// What a sweep adds to each trial over Optuna's own loop with the same folds, family and sampler, in turn.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const env = { ...process.env, PYTHONPATH: join(root, "python"), OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: "2" };
const script = [join(root, "bench/training-sweep.py"), join(root, ".cache/data/adult/adult.csv")];
process.stdout.write(
  execFileSync(join(root, "python/.venv/bin/python"), script, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }),
);
