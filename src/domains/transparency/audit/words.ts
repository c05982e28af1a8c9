import type { AuditResult } from "./result.ts";

/** The whole result as a person reads it. */
export function words(result: AuditResult): string {
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
