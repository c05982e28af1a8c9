import { readdirSync, readFileSync } from "node:fs";

/** The most memory that a process and those it started held, each at its own peak, bytes (Linux). */
export function peakBytes(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return ownPeakBytes(pid) + children.reduce((sum, child) => sum + peakBytes(child), 0);
}

/** Of the process alone. */
export function ownPeakBytes(pid: number): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
