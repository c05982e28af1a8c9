import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";

/** What of the server's environment a worker may see: how to run, never who one is. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
  "LD_LIBRARY_PATH",
  "CUDA_VISIBLE_DEVICES",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** The environment of every Python process. */
export function workerEnvironment(
  { root, threads, offline }: Pick<Config, "root" | "threads" | "offline">,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const passed = PASSED_ON.flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const count = String(Math.min(threads, 8));
  return {
    ...Object.fromEntries(passed),
    PYTHONPATH: join(root, "python"),
    PYTHONUNBUFFERED: "1",
    PYTHONHASHSEED: "0",
    PYTHONUTF8: "1",
    OMP_NUM_THREADS: count,
    OPENBLAS_NUM_THREADS: count,
    POLARS_MAX_THREADS: count,
    LOKY_MAX_CPU_COUNT: count,
    // Without it idle OpenMP threads spin, and a second busy process makes the first several times slower.
    OMP_WAIT_POLICY: "PASSIVE",
    MPLBACKEND: "Agg",
    MPLCONFIGDIR: join(tmpdir(), "ml-engine-matplotlib"),
    NUMBA_CACHE_DIR: join(tmpdir(), "ml-engine-numba"),
    ...(offline && { HF_HUB_OFFLINE: "1", TRANSFORMERS_OFFLINE: "1", HF_DATASETS_OFFLINE: "1" }),
  };
}
