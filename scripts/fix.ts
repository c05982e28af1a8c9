// Mends what a machine can: writes what is generated, formats, and applies the linters' safe fixes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const python = join(root, "python/.venv/bin/python");

const steps: readonly (readonly [program: string, args: readonly string[], cwd: string])[] = [
  [process.execPath, ["scripts/generate.ts"], root],
  [join(root, "node_modules/.bin/biome"), ["check", "--write"], root],
  [python, ["-m", "ruff", "check", "--fix"], join(root, "python")],
  [python, ["-m", "ruff", "format"], join(root, "python")],
];

for (const [program, args, cwd] of steps) {
  const { status } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
