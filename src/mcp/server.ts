import { join } from "node:path";
import { ProtocolError, ProtocolErrorCode, SdkError, Server, type ServerContext } from "@modelcontextprotocol/server";
import type { PromptSpec } from "../kernel/prompt.ts";
import { nearest } from "../routing/nearest.ts";
import { callTool } from "./call-tool.ts";
import { complete } from "./complete.ts";
import { listTools } from "./describe-tool.ts";
import type { Caller, Parts } from "./parts.ts";
import { getPrompt, listPrompt } from "./prompts.ts";
import { listResources, readResource, resourceTemplates } from "./resources.ts";
import { samplingOf, Unanswered } from "./sampling.ts";

/** Lists never differ between connections, so hosts may keep them. */
const LIST_TTL_MS = 3_600_000;
/** Lies beside the built server; from the sources there is none. */
const BUILT_LISTING = join(import.meta.dirname, "listing.json");
const PROGRESS_EVERY_MS = 500;
const STILL_HERE_EVERY_MS = 10_000;

/** One server over the parts, for either era of the protocol. */
export function createServer(
  parts: Parts,
  prompts: readonly PromptSpec[],
  instructions: string,
  version: string,
): Server {
  const server = new Server(
    { name: "ml-engine", title: "ML Engine", version },
    {
      instructions,
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
      cacheHints: {
        "tools/list": { ttlMs: LIST_TTL_MS, cacheScope: "public" },
        "prompts/list": { ttlMs: LIST_TTL_MS, cacheScope: "public" },
      },
    },
  );
  server.setRequestHandler("tools/list", () => ({ tools: listTools(parts.tools, BUILT_LISTING) }));
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = named(parts.tools, params.name, "tool");
    const { caller, done } = callerOf(context, samplingOf(context, server.getClientCapabilities()));
    try {
      return await callTool(tool, params.arguments, caller, parts);
    } catch (error) {
      if (error instanceof Unanswered) return error.result;
      throw error;
    } finally {
      done();
    }
  });
  server.setRequestHandler("prompts/list", () => ({ prompts: prompts.map(listPrompt) }));
  server.setRequestHandler("prompts/get", ({ params }) =>
    getPrompt(named(prompts, params.name, "prompt"), params.arguments ?? {}),
  );
  server.setRequestHandler("resources/list", () => listResources(parts));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates }));
  server.setRequestHandler("resources/read", async ({ params }) => {
    await parts.ready();
    return readResource(params.uri, parts);
  });
  server.setRequestHandler("completion/complete", async ({ params }) => {
    await parts.ready();
    return await complete(params, parts, prompts);
  });
  return server;
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string, kind: string): T {
  const found = all.find((each) => each.name === name);
  if (found) return found;
  const guess = nearest(
    name,
    all.map((each) => each.name),
  );
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Unknown ${kind}: ${name.slice(0, 100)}.${guess ? ` Did you mean ${guess}?` : ""}`,
  );
}

/** A request's cancel signal, deaf to a client that merely leaves: its jobs go on. Progress at most twice a second. */
function callerOf(context: ServerContext, sample: Caller["sample"]): { caller: Caller; done: () => void } {
  const { signal, _meta, notify } = context.mcpReq;
  const cancelled = new AbortController();
  signal.addEventListener("abort", () => signal.reason instanceof SdkError || cancelled.abort(), { once: true });
  const token = _meta?.progressToken;
  let sent = 0;
  let last = { progress: 0, total: 1, message: "working" };
  const send = (extra = 0) => {
    if (token === undefined || signal.aborted) return;
    sent = Date.now();
    last = { ...last, progress: last.progress + extra };
    notify({ method: "notifications/progress", params: { progressToken: token, ...last } }).catch(() => {});
  };
  const stillHere = setInterval(() => Date.now() - sent >= STILL_HERE_EVERY_MS && send(1e-6), STILL_HERE_EVERY_MS / 4);
  const traceparent = _meta?.["traceparent"];
  return {
    caller: {
      signal: cancelled.signal,
      sample,
      traceparent: typeof traceparent === "string" ? traceparent : undefined,
      progress: (progress, total, message) => {
        if (progress <= last.progress && message === last.message) return;
        last = { progress: Math.max(progress, last.progress + 1e-9), total, message };
        if (Date.now() - sent >= PROGRESS_EVERY_MS) send();
      },
    },
    done: () => clearInterval(stillHere),
  };
}
