// Runs the programs that set-up needs: quiet while they work, clear when they fail. Writes to stderr only.
import { spawn } from "node:child_process";

const TICK_SECONDS = 10;
const PATIENCE_MS = 2000;
const KEPT_CHARACTERS = 6000;
const NETWORK =
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET|network|dns error|error sending request|Failed to fetch|Could not fetch|Connection|certificate|CERT_|timed out|50[234] /i;
const DISK = /ENOSPC|No space left/i;

/** A set-up step that could not be done, in words for the person at the terminal. */
export class SetupError extends Error {}

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
/** Set-up is being ended: what its programs say from here on is about that, and of no interest. */
let stopping = false;

/** @param {string} line */
export function say(line) {
  process.stderr.write(`ml-engine setup: ${line}\n`);
}

/**
 * Says what begins, that it still goes on, and how long it took.
 * @template T @param {string} name @param {() => Promise<T>} work
 */
export async function step(name, work) {
  const began = Date.now();
  const seconds = () => ((Date.now() - began) / 1000).toFixed(1);
  say(`${name} …`);
  const ticker = setInterval(() => say(`${name} … ${Math.round((Date.now() - began) / 1000)} s`), TICK_SECONDS * 1000);
  try {
    const result = await work();
    say(`${name}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(ticker);
  }
}

/**
 * Its stdout. Throws SetupError with the last lines and what to do about them.
 * @param {string} program @param {readonly string[]} args @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export async function run(program, args, options = {}) {
  const { code, stdout, output } = await start(program, args, options);
  if (code === 0) return stdout;
  throw new SetupError(`\`${[program, ...args].join(" ")}\` failed (${code}).\n${output.trim()}\n\n${advice(output)}`);
}

/** Its stdout, or undefined where it does not exist or fails. @param {string} program @param {readonly string[]} args */
export async function probe(program, args) {
  const { code, stdout } = await start(program, args, {});
  return code === 0 ? stdout : undefined;
}

/** Ends what still runs with all it started, and waits until it is gone: what outlives a set-up would disturb the next one. */
export async function endRunning() {
  stopping = true;
  const gone = [...running].map((child) => new Promise((resolve) => child.once("close", resolve)));
  signalRunning("SIGTERM");
  const insist = setTimeout(() => signalRunning("SIGKILL"), PATIENCE_MS);
  await Promise.all(gone);
  clearTimeout(insist);
}

/** @param {NodeJS.Signals} signal */
function signalRunning(signal) {
  for (const { pid } of running) {
    try {
      if (pid) process.kill(-pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

/**
 * @param {string} program @param {readonly string[]} args @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ code: number | string, stdout: string, output: string }>}
 */
function start(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
    running.add(child);
    let stdout = "";
    let output = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      output = (output + chunk).slice(-KEPT_CHARACTERS);
    });
    child.stderr.on("data", (chunk) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS);
    });
    child.once("error", (error) => {
      running.delete(child);
      resolve({ code: "not found", stdout, output: error.message });
    });
    child.once("close", (code, signal) => {
      running.delete(child);
      if (!stopping) resolve({ code: code ?? signal ?? "ended", stdout, output });
    });
  });
}

/** @param {string} output */
function advice(output) {
  const again = "Then run `npm run setup` again; what is done already is kept.";
  if (DISK.test(output)) return `The disk is full: set-up needs about 3 GB here and 2 GB for the caches. ${again}`;
  if (!NETWORK.test(output))
    return `If the lines above do not say why, \`node bin/ml-engine.mjs doctor\` may. ${again}`;
  return [
    "A download failed. What helps:",
    "  no connection      connect; everything downloaded so far is kept",
    "  behind a proxy     set HTTPS_PROXY (and NO_PROXY)",
    "  a company mirror   npm config set registry <address>; set UV_DEFAULT_INDEX or PIP_INDEX_URL to the Python index",
    "  own certificates   set NODE_EXTRA_CA_CERTS and SSL_CERT_FILE to the file with them",
    again,
  ].join("\n");
}
