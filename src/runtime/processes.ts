import { readFileSync } from "node:fs";

/**
 * When a process started, in clock ticks since boot, so that a number reused by another process is not mistaken for it.
 * Null where the system does not say (outside Linux) or there is no such process.
 */
export function startedAt(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

/** Whether the process `pid` still runs, and is the one that started at `started` where that is known. */
export function isAlive(pid: number, started: number | null): boolean {
  if (process.platform === "linux") {
    const now = startedAt(pid);
    return now !== null && (started === null || now === started);
  }
  return signalled(pid, 0);
}

/** Ends a worker and everything it started: asks, and after `patienceMs` insists. */
export function endTree(pid: number, patienceMs = 1000): void {
  if (!signalled(-pid, "SIGTERM")) return;
  setTimeout(() => signalled(-pid, "SIGKILL"), patienceMs).unref();
}

/** Ends a worker and everything it started, at once. */
export function killTree(pid: number): void {
  signalled(-pid, "SIGKILL");
}

function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
