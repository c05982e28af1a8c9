import { z } from "zod";
import { needed } from "../../kernel/errors.ts";
import { confirm, cursor, detail, limit, rare } from "../../kernel/fields.ts";
import type { EventQuery, Events } from "../../kernel/ports.ts";
import { type EventRow, Outcome } from "../../kernel/record.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { entry } from "./audit/entries.ts";
import { rendered } from "./audit/files.ts";
import { AuditResult } from "./audit/result.ts";
import { timeline } from "./audit/timeline.ts";
import { words } from "./audit/words.ts";

/** A day or a moment, ISO 8601. */
const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "expected a date or time, ISO 8601");

export default nativeTool({
  name: "ml_transparency_audit",
  title: "Audit the record",
  description:
    "What was done here, and is the record whole? `verify` finds and places any change; `query`, `timeline` search; `prove` inclusion; `export`; `retain` archives old events.",
  effect: { query: "reads", verify: "reads", timeline: "reads", prove: "reads", export: "reads", retain: "overwrites" },
  action: "EvaluationRun",
  examples: [
    "has anyone tampered with the record?",
    "verify the audit log",
    "show me what happened yesterday in the log",
    "which calls failed this week?",
    "what decisions were made and why?",
    "export the audit trail as OpenTelemetry",
    "prove that event 12 is in the log",
    "archive audit events older than a year",
  ],
  input: z.strictObject({
    action: z.enum(["query", "verify", "timeline", "prove", "export", "retain"]).describe("See above."),
    tool: rare(z.string().max(64).optional().describe("Of this tool.")),
    kind: rare(z.enum(["action", "decision"]).optional().describe("Only these.")),
    type: rare(z.string().max(64).optional().describe("As `ModelTraining` or `ModelSelection`.")),
    outcome: rare(Outcome.optional().describe("Ended so.")),
    run_id: rare(z.string().max(64).optional().describe("Of this run.")),
    call_id: rare(z.string().max(64).optional().describe("Of this call.")),
    text: z.string().max(200).optional().describe("To contain."),
    since: rare(instant.optional().describe("From this time, ISO 8601.")),
    until: rare(instant.optional().describe("To this time; retain: older go.")),
    seq: z.int().min(1).optional().describe("Event to prove."),
    format: rare(z.enum(["jsonl", "csv", "otlp", "bundle"]).default("jsonl").describe("export: `bundle` is signed.")),
    confirm: rare(confirm),
    detail,
    limit,
    cursor,
  }),
  output: AuditResult,
  details: ({ action }, result) => ({
    evaluator: "audit",
    scope: action,
    count: result?.checked ?? result?.total ?? 0,
  }),
  summarize: words,
  run: async (params, ports) => {
    const { action } = params;
    if (action === "verify") return { action, ...headOf(ports.events), ...ports.events.verify() };
    if (action === "prove") {
      const { path, ...proof } = ports.events.inclusionProof(needed(params.seq, "seq", "prove"));
      return { action, proof: { ...proof, path: [...path] }, ...headOf(ports.events) };
    }
    const query = queryOf(params);
    if (action === "timeline")
      return {
        action,
        timeline: timeline(everything(ports.events, query)),
        total: ports.events.query({ ...query, limit: 1 }).total,
      };
    if (action === "export") {
      const found = [...everything(ports.events, { ...query, order: "oldest" })];
      const { name, text } = rendered(params.format, found, ports.events);
      return {
        action,
        total: found.length,
        file: ports.artifacts.write(name, "Exported record", text),
        ...headOf(ports.events),
      };
    }
    if (action === "retain") {
      const { count, path } = ports.events.archive(new Date(needed(params.until, "until", "retain")).toISOString());
      return { action, total: count, archive: path };
    }
    const page = ports.events.query({ ...query, limit: params.limit, cursor: params.cursor });
    return {
      action,
      events: page.items.map((event) => entry(event, params.detail === "full")),
      total: page.total,
      ...(page.next_cursor !== undefined && { next_cursor: page.next_cursor }),
    };
  },
});

function queryOf(params: {
  tool?: string | undefined;
  kind?: "action" | "decision" | undefined;
  type?: string | undefined;
  outcome?: Outcome | undefined;
  run_id?: string | undefined;
  call_id?: string | undefined;
  text?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}): EventQuery {
  const { tool, kind, type, outcome, run_id, call_id, text, since, until } = params;
  const moment = (time: string | undefined) => (time === undefined ? undefined : new Date(time).toISOString());
  return { tool, kind, type, outcome, run_id, call_id, text, since: moment(since), until: moment(until) };
}

function* everything(events: Events, query: EventQuery): Generator<EventRow> {
  let cursor: string | undefined;
  do {
    const page = events.query({ ...query, limit: 1000, cursor });
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}

const headOf = (events: Events) => {
  const { signature, public_key, root, size } = events.head();
  return { signature, public_key, root, size };
};
