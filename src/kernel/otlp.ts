import type { EventRow } from "./record.ts";

type Value = { stringValue: string } | { intValue: string } | { doubleValue: number };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/**
 * Events as OTLP/JSON traces (OpenTelemetry protocol 1.x): a span a call, its decisions as span events, names from the
 * GenAI semantic conventions where they have one.
 */
export function toOtlp(events: readonly EventRow[]): object {
  const decisions = Map.groupBy(
    events.filter(({ kind }) => kind === "decision"),
    ({ call_id }) => call_id,
  );
  const spans = events
    .filter(({ kind, outcome }) => kind === "action" && outcome !== "started")
    .map((event) => span(event, decisions.get(event.call_id) ?? []));
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ "service.name": "ml-engine" }) },
        scopeSpans: [{ scope: { name: "ml-engine" }, spans }],
      },
    ],
  };
}

function span(event: EventRow, decisions: readonly EventRow[]): object {
  const { body } = event;
  const end = BigInt(Date.parse(event.time)) * 1_000_000n;
  const start = end - BigInt(Math.round((body.duration_ms ?? 0) * 1e6));
  return {
    traceId: body.trace_id,
    spanId: body.span_id,
    name: `execute_tool ${event.tool}`,
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    attributes: attributes({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": event.tool,
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.id": event.call_id,
      "ml_engine.action": event.type,
      "ml_engine.outcome": event.outcome,
      "ml_engine.event.seq": event.seq,
      "ml_engine.event.hash": event.hash,
      "ml_engine.run.id": event.run_id,
      "error.type": body.error?.kind ?? null,
    }),
    events: decisions.map((decision) => ({
      timeUnixNano: String(end),
      name: decision.type,
      attributes: attributes(scalars(decision.body.details)),
    })),
    status: body.error === null ? { code: 1 } : { code: 2, message: body.error.kind },
  };
}

const scalars = (details: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      `ml_engine.decision.${key}`,
      typeof value === "object" ? JSON.stringify(value) : value,
    ]),
  );

function attributes(values: Readonly<Record<string, unknown>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (value === null || value === undefined) return [];
    if (typeof value === "number")
      return [{ key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }];
    return [{ key, value: { stringValue: String(value) } }];
  });
}
