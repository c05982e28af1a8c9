#!/usr/bin/env node
// Starts the built server on a Node that is new enough; sets the clone up first where that has not been done.
// Runs on Node >= 18. Writes nothing to stdout: that belongs to the protocol.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const server = join(root, "dist/ml-engine.mjs");
const compiled = join(root, ".cache/compile");
const args = process.argv.slice(2);

/** @param {string} program @param {readonly string[]} argv @param {import("node:child_process").StdioOptions} stdio @param {NodeJS.ProcessEnv} [env] @returns {Promise<number>} */
function run(program, argv, stdio, env = process.env) {
  const child = spawn(program, argv, { stdio, env });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** Where set-up found or put a Node that is new enough; undefined before it has run to its end. The doctor needs no Python. */
function nodePath() {
  try {
    const { node, stamps } = JSON.parse(readFileSync(join(root, ".cache/setup.json"), "utf8"));
    const whole = stamps.build && (stamps.python || args[0] === "doctor");
    return whole && existsSync(node.path) && existsSync(server) ? node.path : undefined;
  } catch {
    return undefined;
  }
}

/** @param {readonly string[]} choices */
const setup = (choices) => run(process.execPath, [join(root, "scripts/setup.mjs"), ...choices], ["ignore", 2, 2]);

/** @param {string} node */
async function serve(node) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (node !== process.execPath && (major < 22 || (major === 22 && minor < 18))) {
    process.exitCode = await run(node, [server, ...args], "inherit", { ...process.env, NODE_COMPILE_CACHE: compiled });
    return;
  }
  module.enableCompileCache?.(compiled);
  await import(new URL("../dist/ml-engine.mjs", import.meta.url).href);
}

if (args[0] === "setup") process.exitCode = await setup(args.slice(1));
else {
  const failed = nodePath() === undefined ? await setup([]) : 0;
  const node = nodePath();
  if (failed === 0 && node !== undefined) await serve(node);
  else process.exitCode = failed || 1;
}
