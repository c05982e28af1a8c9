import { z } from "zod";
import { type EventRow, Outcome } from "../../../kernel/record.ts";

/** An event as a reader of the record sees it. */
export const Entry = z
  .strictObject({
    seq: z.int(),
    time: z.string(),
    kind: z.enum(["action", "decision"]),
    type: z.string(),
    tool: z.string(),
    outcome: Outcome,
    call_id: z.string(),
    run_id: z.string().nullable(),
    summary: z.string(),
    body: z.record(z.string(), z.unknown()).nullable().describe("With `detail: full`."),
  })
  .meta({ id: "AuditEntry" });

/** The event in a line, or with its whole body. */
export function entry(event: EventRow, whole: boolean): z.infer<typeof Entry> {
  const { seq, time, kind, type, tool, outcome, call_id, run_id, body } = event;
  const facts = Object.entries(body.details).filter(([key, value]) => key !== "type" && typeof value !== "object");
  const summary = [
    facts.map(([key, value]) => `${key} ${String(value)}`).join(", "),
    body.error ? `${body.error.kind}: ${body.error.message.split("\n")[0] ?? ""}` : "",
  ]
    .filter(Boolean)
    .join("; ");
  return {
    seq,
    time,
    kind,
    type,
    tool,
    outcome,
    call_id,
    run_id,
    summary: summary.slice(0, 300),
    body: whole ? { ...body } : null,
  };
}
