import { existsSync, readFileSync, statSync } from "node:fs";
import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/server";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import { type Artifact, artifactsIn } from "../kernel/fields.ts";
import type { Tool } from "../kernel/tool.ts";
import { clean, cleanAll } from "../policy/text.ts";
import { fit } from "./fit.ts";
import type { JobHandle } from "./json-schema.ts";
import type { Result } from "./settle.ts";

/** About 10,000 model tokens, the size at which hosts begin to warn. */
const RESULT_CHARACTERS = 36_000;
const TEXT_CHARACTERS = 24_000;
const PICTURE_BYTES = 400_000;

const Structured = z.record(z.string(), z.unknown());

/** A finished call: text and structure each carry every fact, since hosts show one or the other. */
export function present(tool: Tool, whole: Result): CallToolResult {
  const { value, cuts } = fit(cleanAll(whole, tool.characters), tool.characters ?? RESULT_CHARACTERS);
  const files = artifactsIn(whole);
  const words = tool.summarize(whole);
  const lines = [
    words,
    ...files.filter(({ path }) => !words.includes(path)).map(({ title, path }) => `${title}: ${path}`),
    ...(cuts.length > 0
      ? [`Cut to fit: ${cuts.join(", ")}. Ask for fewer columns or rows, or page on, to see the rest.`]
      : []),
  ];
  return {
    content: [{ type: "text", text: clean(lines.join("\n"), tool.characters ?? TEXT_CHARACTERS) }, ...pictures(files)],
    structuredContent: Structured.parse(value),
  };
}

/** A job that goes on: how far it is and how to come back to it. */
export function presentJob(tool: Tool, job: JobHandle): CallToolResult {
  const text =
    job.status === "cancelled"
      ? `Job ${job.job_id} was cancelled.`
      : `Still running as job ${job.job_id}: ${Math.round(job.progress * 100)} % (${clean(job.note, 200)}). Call ${tool.name} with job_id "${job.job_id}" to wait on, or add cancel: true to stop it.`;
  return { content: [{ type: "text", text }], structuredContent: { job } };
}

/** What is said where nobody foresaw the error, which is recorded. */
const BROKEN = {
  message: "The tool broke.",
  hint: "The event log has the details: ml_transparency_audit with action `query` and outcome `error`.",
};

/** What is said where the workspace does not open, so that nothing can be recorded. */
export const UNOPENED = {
  message: "The workspace cannot be opened.",
  hint: "The server has written on its standard error why. Mend that, or name another folder with --workspace.",
};

/** What went wrong, in our own words alone. */
export function explain(error: unknown, unforeseen = BROKEN): CallToolResult {
  const { kind, message, hint } = error instanceof ToolError ? error : ours(error, unforeseen);
  return {
    isError: true,
    content: [{ type: "text", text: clean([`${kind}: ${message}`, hint].filter(Boolean).join("\n")) }],
  };
}

/** What the system says that a person can mend; anything else is our fault and stays in the record. */
function ours(error: unknown, unforeseen: typeof BROKEN): ToolError {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "SQLITE_FULL":
      return new ToolError(
        "failed",
        "The disk of the workspace is full; nothing was kept of the call.",
        "Make room, then call again.",
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "SQLITE_READONLY":
      return new ToolError(
        "failed",
        "The workspace cannot be written to.",
        "Give the server's user the right to write there, or name another folder with --workspace.",
      );
    case "SQLITE_BUSY":
      return new ToolError("conflict", "The workspace is busy: another process holds it.", "Call again in a moment.");
    default:
      return new ToolError("failed", unforeseen.message, unforeseen.hint);
  }
}

function pictures(files: readonly Artifact[]): ContentBlock[] {
  const first = files.find(
    ({ path }) => path.endsWith(".png") && existsSync(path) && statSync(path).size <= PICTURE_BYTES,
  );
  return first ? [{ type: "image", mimeType: "image/png", data: readFileSync(first.path).toString("base64") }] : [];
}
