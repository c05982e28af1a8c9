import { z } from "zod";
import { needed } from "../../kernel/errors.ts";
import { Artifact, confirm, cursor, detail, limit, rare } from "../../kernel/fields.ts";
import { toOtlp } from "../../kernel/otlp.ts";
import type { EventQuery, Events } from "../../kernel/ports.ts";
import { type EventRow, Outcome } from "../../kernel/record.ts";
import { nativeTool } from "../../kernel/tool.ts";

const Entry = z
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

/** A day or a moment, ISO 8601. */
const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "expected a date or time, ISO 8601");

const Proof = z.strictObject({
  seq: z.int(),
  leaf: z.string(),
  size: z.int(),
  root: z.string(),
  path: z.array(z.string()),
});

const Bucket = z.strictObject({ day: z.string(), tool: z.string(), ok: z.int(), failed: z.int(), decisions: z.int() });

const AuditResult = z.strictObject({
  action: z.string(),
  events: z.array(Entry).optional(),
  total: z.int().optional().describe("Matching events."),
  next_cursor: z.string().optional(),
  ok: z.boolean().optional(),
  checked: z.int().optional(),
  first_bad: z.int().nullable().optional().describe("`seq` of the first event that is not as written."),
  problem: z.string().nullable().optional(),
  problem_kind: z.string().nullable().optional(),
  size: z.int().optional(),
  root: z.string().optional().describe("Merkle root (RFC 6962), hex."),
  signature: z.string().optional().describe("Of the newest head, Ed25519, base64."),
  public_key: z.string().optional(),
  checkpoints: z.int().optional().describe("Signed heads kept on the way."),
  timeline: z.array(Bucket).optional(),
  proof: Proof.optional(),
  file: Artifact.optional(),
  archive: z.string().nullable().optional().describe("File the old events were moved to."),
});
type AuditResult = z.infer<typeof AuditResult>;

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
  summarize: (result) => words(result),
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

function timeline(events: Iterable<EventRow>): z.infer<typeof Bucket>[] {
  const buckets = new Map<string, z.infer<typeof Bucket>>();
  for (const { time, tool, kind, outcome } of events) {
    const day = time.slice(0, 10);
    const bucket = buckets.get(`${day} ${tool}`) ?? { day, tool, ok: 0, failed: 0, decisions: 0 };
    if (kind === "decision") bucket.decisions += 1;
    else if (outcome === "ok") bucket.ok += 1;
    else if (outcome !== "started") bucket.failed += 1;
    buckets.set(`${day} ${tool}`, bucket);
  }
  return [...buckets.values()];
}

function rendered(
  format: "jsonl" | "csv" | "otlp" | "bundle",
  events: readonly EventRow[],
  log: Events,
): { name: string; text: string } {
  switch (format) {
    case "jsonl":
      return { name: "events.jsonl", text: events.map((event) => `${JSON.stringify(event)}\n`).join("") };
    case "csv":
      return {
        name: "events.csv",
        text: [
          COLUMNS.join(","),
          ...events.map((event) => COLUMNS.map((column) => csvCell(event[column])).join(",")),
          "",
        ].join("\n"),
      };
    case "otlp":
      return { name: "traces.json", text: JSON.stringify(toOtlp(events)) };
    case "bundle":
      return { name: "bundle.json", text: JSON.stringify({ head: log.head(), events }) };
  }
}

const COLUMNS = [
  "seq",
  "time",
  "kind",
  "type",
  "tool",
  "outcome",
  "call_id",
  "run_id",
  "body",
  "prev_hash",
  "hash",
] as const;

/** Quoted, and with a quote before what a spreadsheet would take for a formula. */
function csvCell(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
}

function entry(event: EventRow, whole: boolean): z.infer<typeof Entry> {
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

function words(result: AuditResult): string {
  if (result.ok !== undefined) {
    const head = `Merkle root ${result.root?.slice(0, 16)}… over ${result.size} events.`;
    return result.ok
      ? `The record is whole: ${result.checked} events checked, every hash, link and signature holds. ${head}`
      : `The record is NOT whole (${result.problem_kind}). First bad event: ${result.first_bad}. ${result.problem} ${result.checked} events checked. ${head}`;
  }
  if (result.proof)
    return `Event ${result.proof.seq} is leaf ${result.proof.leaf} of the tree over ${result.proof.size} events with root ${result.proof.root}. Audit path: ${result.proof.path.join(", ") || "none"}.`;
  if (result.timeline)
    return [
      `${result.total} events.`,
      ...result.timeline.map(
        ({ day, tool, ok, failed, decisions }) => `${day} ${tool}: ${ok} ok, ${failed} not, ${decisions} decisions`,
      ),
    ].join("\n");
  if (result.events) {
    const lines = result.events.map(
      ({ seq, time, tool, type, outcome, call_id, summary }) =>
        `${seq} ${time} ${tool} ${type} ${outcome} (${call_id}) ${summary}`,
    );
    return [
      `${result.total} events${result.next_cursor ? `; the rest with cursor "${result.next_cursor}"` : ""}.`,
      ...lines,
    ].join("\n");
  }
  if (result.action === "retain" && result.archive === null) return "No event is that old; nothing was moved.";
  return result.action === "retain"
    ? `${result.total} events moved to ${result.archive}; the chain goes on from its signed head.`
    : `${result.total} events exported.`;
}
