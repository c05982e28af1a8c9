import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../support/server.ts";

/** Writes a handbook in files of many kinds; one is broken and one is empty. */
export function handbook(folder: string): string {
  execFileSync(join(root, "python/.venv/bin/python"), ["-m", "tests.documents.folder", folder], {
    cwd: join(root, "python"),
  });
  return folder;
}
