import { toOtlp } from "../../../kernel/otlp.ts";
import type { Events } from "../../../kernel/ports.ts";
import type { EventRow } from "../../../kernel/record.ts";

/** Events as the file that `format` asks for. */
export function rendered(
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
