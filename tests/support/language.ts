import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { root } from "./server.ts";

/** The clone's own Python. */
export const python = join(root, "python/.venv/bin/python");

/** Whether set-up brought an extra of Python's; where not, says once what to run. */
export function hasExtra(extra: "llm" | "quant"): boolean {
  const state = join(root, ".cache/setup.json");
  const { extras } = z
    .looseObject({ extras: z.array(z.string()).default([]) })
    .parse(existsSync(state) ? JSON.parse(readFileSync(state, "utf8")) : {});
  const here = extras.includes(extra) || (extra === "llm" && extras.includes("quant"));
  if (!here)
    process.stderr.write(`skipped: the extra ${extra} is not here; \`npm run setup -- --with ${extra}\` adds it.\n`);
  return here;
}

/** Writes a tiny Llama with random weights and a byte-level BPE of its own, the same each time. */
export function tinyModel(folder: string): string {
  execFileSync(python, [join(root, "tests/support/tiny_llama.py"), folder], {
    env: { ...process.env, PYTHONPATH: join(root, "python"), OMP_NUM_THREADS: "1", OMP_WAIT_POLICY: "PASSIVE" },
    stdio: ["ignore", "ignore", "ignore"],
  });
  return folder;
}
