import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { basename, join } from "node:path";
import type { Runs } from "../kernel/ports.ts";
import type { AssetRef } from "../kernel/record.ts";
import type { CallState } from "./call.ts";

/** What a rerun needs to know beside parameters and data: the locked environment and the machine. */
function runInfo(root: string, inputs: readonly AssetRef[]): Record<string, unknown> {
  const lock = join(root, "python/uv.lock");
  return {
    inputs,
    environment_lock_sha256: existsSync(lock) ? createHash("sha256").update(readFileSync(lock)).digest("hex") : null,
    hardware: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      memory_bytes: totalmem(),
      platform: `${platform()} ${release()} ${arch()}`,
    },
    node: process.version,
  };
}

/** The run that a call opens: named for its tool and data, its parameters those that were asked for. */
export function describeRun(state: CallState, root: string): Parameters<Runs["start"]>[0] {
  const { experiment, run_name } = state.params;
  const scalars = Object.entries(state.params).filter((entry): entry is [string, string | number | boolean] =>
    ["string", "number", "boolean"].includes(typeof entry[1]),
  );
  return {
    id: state.id,
    experiment: typeof experiment === "string" ? experiment : "default",
    name:
      typeof run_name === "string"
        ? run_name
        : `${state.tool.replace(/^ml_[a-z]+_/, "")} ${basename(String(state.params["dataset"] ?? ""))}`.trim(),
    tool: state.tool,
    info: runInfo(root, state.inputs),
    params: Object.fromEntries(
      scalars.filter(([key]) => !["wait_seconds", "job_id", "cancel", "detail"].includes(key)),
    ),
    owner_pid: process.pid,
  };
}
