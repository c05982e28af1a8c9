import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import type { Tool } from "../kernel/tool.ts";
import { redact } from "../policy/redact.ts";
import { nearest } from "../routing/nearest.ts";
import { endTree, isAlive, startedAt } from "../runtime/processes.ts";
import type { Job } from "../store/jobs.ts";
import { adopt, lastProgress } from "./adopt.ts";
import type { Call } from "./call.ts";
import { endJob } from "./end-job.ts";
import type { JobHandle } from "./json-schema.ts";
import type { JobRequest } from "./parse.ts";
import type { Caller, Parts } from "./parts.ts";
import { describeRun } from "./run-info.ts";
import { recordStart } from "./settle.ts";

const POLL_MS = 150;

/** Where a job is: its result, or a handle to come back with. */
export type JobView =
  | { readonly ended: true; readonly result: unknown }
  | { readonly ended: false; readonly handle: JobHandle };

/** Jobs this process started; others belong to servers that live or have left. */
const own = new Map<string, { readonly call: Call; readonly stop: AbortController; readonly end: Promise<void> }>();

/** Starts a long call as a job and waits for it as long as it was asked to. */
export async function startJob(
  call: Call,
  params: Readonly<Record<string, unknown>>,
  caller: Caller,
  parts: Parts,
): Promise<JobView> {
  const { tool, state } = call;
  const store = parts.store();
  if (tool.opensRun) state.run_id = call.id;
  store.transaction(() => {
    if (state.run_id !== null) store.runs.start(describeRun(state, parts.config.root));
    store.jobs.create({
      id: call.id,
      tool: tool.name,
      call: JSON.stringify(redact(state)),
      run_id: state.run_id,
      owner_pid: process.pid,
      owner_started: startedAt(process.pid),
    });
    recordStart(tool, state, store);
  });
  call.settled = true;
  const stop = new AbortController();
  call.onStarted = (pid) => store.jobs.started(call.id, pid, startedAt(pid));
  const end = tool
    .run(params, call.ports(stop.signal))
    .then(
      (raw) => endJob(parts, tool, state, { raw }),
      (error: unknown) => endJob(parts, tool, state, { error }),
    )
    .finally(() => {
      own.delete(call.id);
    });
  own.set(call.id, { call, stop, end });
  return await follow(call.id, z.number().parse(params["wait_seconds"]), caller, parts);
}

/** Waits on for a job, whoever started it, or stops it. */
export async function followJob(tool: Tool, request: JobRequest, caller: Caller, parts: Parts): Promise<JobView> {
  const job = find(request.job_id, parts);
  if (job.tool !== tool.name)
    throw new ToolError(
      "invalid_input",
      `job_id: ${job.id} is a job of ${job.tool}, not of ${tool.name}.`,
      `Call ${job.tool} with it.`,
    );
  if (request.cancel && job.state === "running") await stopJob(job, parts);
  return await follow(request.job_id, request.wait_seconds, caller, parts);
}

/** A job as it is now; one whose server has left is looked after first. */
export function viewJob(id: string, parts: Parts): { job: Job; progress: ReturnType<typeof lastProgress> } {
  const job = settled(find(id, parts), parts);
  return { job, progress: own.get(id)?.call.progress ?? lastProgress(parts.config.workspace, id) };
}

async function follow(id: string, waitSeconds: number, caller: Caller, parts: Parts): Promise<JobView> {
  const until = Date.now() + waitSeconds * 1000;
  for (;;) {
    const { job, progress } = viewJob(id, parts);
    if (caller.signal.aborted && job.state === "running") await stopJob(job, parts);
    else if (job.state !== "running") return ended(job);
    else if (Date.now() >= until) {
      const share = progress.total > 0 ? Math.min(Math.max(progress.done / progress.total, 0), 1) : 0;
      return {
        ended: false,
        handle: { job_id: id, status: "running", progress: share, note: progress.note, run_id: job.run_id },
      };
    } else {
      if (!own.has(id)) caller.progress?.(progress.done, progress.total, progress.note);
      await pause(id, until - Date.now(), caller.signal);
    }
  }
}

/** Until the job may have ended: exactly for an own job, by looking again for another's. */
async function pause(id: string, ms: number, signal: AbortSignal): Promise<void> {
  const wake = new AbortController();
  const either = AbortSignal.any([signal, wake.signal]);
  const mine = own.get(id);
  const nap = sleep(mine ? ms : Math.min(ms, POLL_MS), undefined, { signal: either }).catch(() => {});
  await Promise.race([nap, ...(mine ? [mine.end] : [])]);
  wake.abort();
}

function ended(job: Job): JobView {
  if (job.state === "done") return { ended: true, result: job.result };
  const { kind, message, hint } = job.error ?? {
    kind: "failed" as const,
    message: "The job ended without a word.",
    hint: null,
  };
  throw new ToolError(kind, message, hint ?? undefined);
}

async function stopJob(job: Job, parts: Parts): Promise<void> {
  const mine = own.get(job.id);
  if (mine) {
    mine.stop.abort();
    await mine.end;
    return;
  }
  if (job.pid !== null && isAlive(job.pid, job.pid_started)) endTree(job.pid);
  adopt(job, parts, new ToolError("cancelled", "The job was cancelled.", "Nothing was kept of it."));
}

function settled(job: Job, parts: Parts): Job {
  if (
    job.state !== "running" ||
    own.has(job.id) ||
    (job.owner_pid !== process.pid && isAlive(job.owner_pid, job.owner_started))
  )
    return job;
  adopt(job, parts);
  return find(job.id, parts);
}

/**
 * Looks after every job whose server left: those that ended are recorded, those that run on are left to. One that cannot
 * be looked after does not keep the workspace shut; it is tried again when it is asked for.
 */
export function adoptOrphans(parts: Parts): void {
  for (const job of parts.store().jobs.running()) {
    try {
      settled(job, parts);
    } catch (error) {
      parts.log.error("orphaned", { job: job.id, tool: job.tool, error: String(error) });
    }
  }
}

function find(id: string, parts: Parts): Job {
  const job = parts.store().jobs.get(id);
  if (job) return job;
  const recent = parts
    .store()
    .jobs.list(20)
    .map((each) => each.id);
  const guess = nearest(id, recent);
  throw new ToolError(
    "not_found",
    `job_id: there is no job \`${id.slice(0, 64)}\`${guess ? `; did you mean \`${guess}\`?` : "."}`,
    recent.length > 0 ? `The newest is ${recent[0]}.` : "None was started yet.",
  );
}
