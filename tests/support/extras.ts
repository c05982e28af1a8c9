import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./server.ts";

const libraries = join(root, "python/.venv/lib");

/** Whether a library of an optional part is installed; `npm run setup -- --with llm` brings those of language models. */
export const installed = (library: string): boolean =>
  existsSync(libraries) &&
  readdirSync(libraries).some((version) => existsSync(join(libraries, version, "site-packages", library)));
