// `node keep.mjs <folder> <id> <program> [args]`: runs a server for as long as whoever started it lives. Its stdin is theirs
// and closes when they end, however they end; then the server ends too, and all it started. Runs on Node >= 18.
import { spawn } from "node:child_process";
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const PATIENCE_MS = 3000;
const [folder = "", id = "", program = "", ...args] = process.argv.slice(2);
const log = openSync(join(folder, `${id}.log`), "w");

/** @param {NodeJS.Signals} signal */
const signalAll = (signal) => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It is gone.
  }
};
const stop = () => {
  signalAll("SIGTERM");
  setTimeout(() => signalAll("SIGKILL"), PATIENCE_MS);
};

// Before there is anything to end: a signal between the two would leave the server to nobody.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.once(signal, stop);
const child = spawn(program, args, { stdio: ["ignore", log, log], detached: true });

// Whoever comes after a keeper that was killed ends what it kept, by this number.
if (child.pid !== undefined) {
  writeFileSync(join(folder, `${id}.pid.part`), String(child.pid));
  renameSync(join(folder, `${id}.pid.part`), join(folder, `${id}.pid`));
}
process.stdin.resume().once("end", stop).once("close", stop).once("error", stop);
child.once("error", (error) => {
  writeSync(log, `${error.message}\n`);
  process.exit(1);
});
child.once("exit", (code, signal) => {
  // What it started may have stayed.
  signalAll("SIGKILL");
  writeSync(log, `ended ${signal === null ? `with ${code}` : `by ${signal}`}\n`);
  closeSync(log);
  process.exit(0);
});
