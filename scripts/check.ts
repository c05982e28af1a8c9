// The one gate before a commit: everything generated is current, types, style, import rules, dead code, then all tests.
// `npm run check -- --no-tests` stops before the tests.
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const python = join(root, "python");
// `typescript` itself is version 6, whose programming interface dependency-cruiser needs.
const bin = (name: string) => join(root, "node_modules/.bin", name);
const module = (name: string, ...args: string[]) => [join(python, ".venv/bin/python"), "-m", name, ...args];

const steps: readonly { readonly name: string; readonly command: readonly string[]; readonly cwd?: string }[] = [
  { name: "generated", command: [process.execPath, "scripts/generate.ts", "--check"] },
  { name: "types", command: [process.execPath, "node_modules/typescript-7/lib/tsc.js", "--noEmit"] },
  { name: "style", command: [bin("biome"), "ci", "--error-on-warnings"] },
  { name: "imports", command: [bin("depcruise"), "src", "--config", ".dependency-cruiser.cjs"] },
  { name: "dead code", command: [bin("knip")] },
  { name: "Python style", command: module("ruff", "check", "--quiet"), cwd: python },
  { name: "Python format", command: module("ruff", "format", "--check", "--quiet"), cwd: python },
  { name: "Python types", command: module("pyright"), cwd: python },
];

/** One line a step; what a failed one printed follows it. */
async function passes({ name, command, cwd = root }: (typeof steps)[number]): Promise<boolean> {
  const began = performance.now();
  const { code, output } = await start(command, cwd);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? "ok    " : "FAILED"}  ${name.padEnd(14)} ${seconds.padStart(5)} s\n`);
  if (code !== 0) process.stdout.write(`${output.trim()}\n\n`);
  return code === 0;
}

function start([program = "", ...args]: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", (error) => resolve({ code: 1, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") }));
  });
}

const failed: string[] = [];
for (const step of steps) {
  if (!(await passes(step))) failed.push(step.name);
}
if (!process.argv.includes("--no-tests")) {
  const tests = spawn(process.execPath, ["scripts/test.ts"], { cwd: root, stdio: "inherit" });
  const code = await new Promise<number>((resolve) => tests.once("close", (status) => resolve(status ?? 1)));
  if (code !== 0) failed.push("tests");
}
process.stdout.write(
  failed.length === 0
    ? "All is well.\n"
    : `To mend: ${failed.join(", ")} (\`npm run fix\` mends style and generated files).\n`,
);
if (failed.length > 0) process.exitCode = 1;
