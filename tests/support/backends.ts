import { existsSync } from "node:fs";
import { join } from "node:path";
import { programsOf } from "../../src/backends/serving/programs.ts";
import type { ServedBy } from "../../src/kernel/backends.ts";
import { root } from "./server.ts";

/** The model that set-up brings with a backend. */
export const SMALL = "smollm2-135m-instruct";
export const smallModel = join(root, ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf");

const programs = programsOf(root, process.env["PATH"]);

const adds = (name: string) =>
  process.stderr.write(`skipped: ${name} is not here; \`npm run setup -- --with ${name}\` adds it.\n`);

/** Whether set-up brought a program that is no backend; where not, says once what to run. */
export function isInstalled(name: "garak"): boolean {
  const here = existsSync(join(root, ".cache/backends", name));
  if (!here) adds(name);
  return here;
}

/** Whether a backend and the small model are here; where not, says once what to run. */
export function isHere(backend: ServedBy): boolean {
  const found = programs.find((one) => one.backend === backend);
  const here = Boolean(found?.path) && existsSync(smallModel);
  if (!here) adds(backend);
  return here;
}
