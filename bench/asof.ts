// The as-of join behind ml_features_compute against pandas' merge_asof, equal values checked. `npm run bench -- asof`
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const python = join(root, "python/.venv/bin/python");
const env = { ...process.env, PYTHONPATH: join(root, "python") };
process.stdout.write(execFileSync(python, [join(root, "bench/asof.py")], { env, encoding: "utf8" }));
