import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";

/** What of the server's environment a worker may see to know how to run. */
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

/**
 * Where databases and object stores are, and what opens them: given to the server so that no call has to carry it. A name
 * that ends in `_` stands for all that begin so.
 */
const SOURCES = [
  "PGUSER",
  "PGPASSWORD",
  "PGSSLMODE",
  "MYSQL_PWD",
  "AWS_",
  "AZURE_STORAGE_",
  "GOOGLE_APPLICATION_CREDENTIALS",
  "HF_TOKEN",
  "HF_ENDPOINT",
];

/** The environment of every Python process. */
export function workerEnvironment(
  { root, threads, offline }: Pick<Config, "root" | "threads" | "offline">,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const passed = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && (PASSED_ON.includes(name) || SOURCES.some((known) => isOneOf(known, name)))
      ? [[name, value]]
      : [],
  );
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

const isOneOf = (known: string, name: string) => (known.endsWith("_") ? name.startsWith(known) : name === known);
