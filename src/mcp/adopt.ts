import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ToolError } from "../kernel/errors.ts";
import { isAllPython } from "../kernel/tool.ts";
import { isAlive } from "../runtime/processes.ts";
import { End, Said } from "../runtime/protocol.ts";
import { opError } from "../runtime/python.ts";
import type { Job } from "../store/jobs.ts";
import { CallState, callFolder } from "./call.ts";
import { endJob } from "./end-job.ts";
import type { Parts } from "./parts.ts";

/**
 * Ends a job whose server has left, from what its worker wrote to its folder. A worker still at work is left alone,
 * unless `instead` says how its job ends.
 */
export function adopt(job: Job, parts: Parts, instead?: ToolError): void {
  const tool = parts.tools.find(({ name }) => name === job.tool);
  if (!tool) return;
  const state = CallState.parse(JSON.parse(job.call));
  const folder = callFolder(parts.config.workspace, job.id, true);
  const end = instead || !isAllPython(tool) ? undefined : readEnd(folder);
  if (!instead && !end && job.pid !== null && isAlive(job.pid, job.pid_started)) return;
  replay(readSaid(folder), state, parts);
  if (end?.type === "result") {
    endJob(parts, tool, state, { raw: end.result });
    return;
  }
  endJob(parts, tool, state, { error: instead ?? (end ? opError(end) : vanished()) });
}

/** What the worker said while no server listened. Points already kept are kept once. */
function replay(messages: readonly Said[], state: CallState, parts: Parts): void {
  const { runs } = parts.store();
  for (const said of messages) {
    if (said.type === "decision") state.decisions.push(said.decision);
    else if (state.run_id !== null && said.type === "metrics") runs.metrics(state.run_id, said.metrics);
    else if (state.run_id !== null && said.type === "params") runs.params(state.run_id, said.params);
  }
}

const vanished = () =>
  new ToolError(
    "failed",
    "The job's process ended without an answer: it was killed, or the machine was restarted.",
    "Start it again: what was finished is kept.",
  );

/** How far a job of another server said it was. */
export function lastProgress(workspace: string, id: string): { done: number; total: number; note: string } {
  return (
    readSaid(callFolder(workspace, id, true)).findLast((said) => said.type === "progress") ?? {
      done: 0,
      total: 1,
      note: "started",
    }
  );
}

function readEnd(folder: string): End | undefined {
  const path = join(folder, "result.json");
  return existsSync(path) ? End.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** Whole lines only: a killed worker may have left half of its last one. */
function readSaid(folder: string): Said[] {
  const path = join(folder, "messages.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.flatMap((line) => {
    const said = Said.safeParse(JSON.parse(line));
    return said.success ? [said.data] : [];
  });
}
