import { z } from "zod";
import type { EventRow } from "../../../kernel/record.ts";

/** What one tool did on one day. */
export const Bucket = z.strictObject({
  day: z.string(),
  tool: z.string(),
  ok: z.int(),
  failed: z.int(),
  decisions: z.int(),
});

/** Events counted by day and tool. */
export function timeline(events: Iterable<EventRow>): z.infer<typeof Bucket>[] {
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
