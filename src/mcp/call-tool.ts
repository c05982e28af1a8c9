import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Tool } from "../kernel/tool.ts";
import { guardEffect } from "../policy/effects.ts";
import { Call } from "./call.ts";
import { followJob, startJob } from "./jobs.ts";
import { parse, parseJobRequest } from "./parse.ts";
import type { Caller, Parts } from "./parts.ts";
import { explain, present, presentJob, UNOPENED } from "./present.ts";
import { Unanswered } from "./sampling.ts";
import { settleFailed, settleOk } from "./settle.ts";

/** parse → guard → run → check → record → present. Every tool call takes this road; there is no other. */
export async function callTool(tool: Tool, args: unknown, caller: Caller, parts: Parts): Promise<CallToolResult> {
  try {
    await parts.ready();
  } catch (error) {
    parts.log.error("unopened", { tool: tool.name, error: String(error) });
    return explain(error, UNOPENED);
  }
  const call = new Call(tool, args, caller, parts);
  try {
    const follow = parseJobRequest(tool, args);
    if (follow) {
      const job = await followJob(tool, follow, caller, parts);
      return job.ended ? present(tool, tool.output.parse(job.result)) : presentJob(tool, job.handle);
    }
    const params = parse(tool.input, args);
    guardEffect(tool, params, parts.config.read_only);
    const resolved = await call.resolve(params, caller.signal);
    if (call.isJob) {
      const job = await startJob(call, resolved, caller, parts);
      return job.ended ? present(tool, tool.output.parse(job.result)) : presentJob(tool, job.handle);
    }
    const raw = await tool.run(resolved, call.ports(caller.signal));
    call.publishArtifacts();
    return present(tool, settleOk(tool, call.state, raw, parts.store()));
  } catch (error) {
    // The client's model is asked first; the call is made anew with what it answers, and that one is recorded.
    if (error instanceof Unanswered) throw error;
    return explain(recordFailure(call, error, parts));
  } finally {
    if (!call.isJob) call.tidy();
  }
}

/** Records why the call failed, unless its job has done so; a failure that cannot be recorded is the worse one. */
function recordFailure(call: Call, error: unknown, parts: Parts): unknown {
  if (call.settled) return error;
  try {
    settleFailed(call.tool, call.state, error, parts);
    return error;
  } catch (unrecorded) {
    parts.log.error("unrecorded", {
      call: call.id,
      tool: call.tool.name,
      error: String(error),
      because: String(unrecorded),
    });
    return unrecorded;
  }
}
