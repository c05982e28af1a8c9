import { join } from "node:path";
import { ToolError } from "../kernel/errors.ts";
import type { Tool } from "../kernel/tool.ts";
import type { JobOutcome } from "../store/jobs.ts";
import { artifactsFolder, type CallState, callFolder, publish, tidyJob } from "./call.ts";
import type { Parts } from "./parts.ts";
import { settleFailed, settleOk } from "./settle.ts";

/** How a job's work ended. */
export type JobEnd = { readonly raw: unknown } | { readonly error: unknown };

/** Settles a job once, whichever process gets there first: its files, what it made, its run, its record and its row. */
export function endJob(parts: Parts, tool: Tool, state: CallState, end: JobEnd): void {
  const store = parts.store();
  const { workspace } = parts.config;
  const settle = (write: () => JobOutcome) => store.transaction(() => store.jobs.settle(state.id, write));
  const fail = (error: unknown) =>
    settle(() => {
      settleFailed(tool, state, error, parts);
      const { kind, message, hint } =
        error instanceof ToolError ? error : new ToolError("failed", "The tool broke while it worked.");
      return { state: kind === "cancelled" ? "cancelled" : "error", error: { kind, message, hint: hint ?? null } };
    });
  const succeed = (raw: unknown) =>
    settle(() => {
      publish(join(callFolder(workspace, state.id, true), "artifacts"), artifactsFolder(workspace, state.id));
      return { state: "done", result: settleOk(tool, state, raw, store) };
    });
  try {
    if ("error" in end) fail(end.error);
    else succeed(end.raw);
  } catch (error) {
    parts.log.error("unsettled", { job: state.id, tool: tool.name, error: String(error) });
    fail(error);
  }
  tidyJob(workspace, state.id);
}
