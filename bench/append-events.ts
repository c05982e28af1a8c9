// The part of `store.ts` that runs in a process of its own: waits for a line, appends so many events, so many in
// a transaction, and says when it is done.
import { once } from "node:events";
import { z } from "zod";
import type { EventBody } from "../src/kernel/record.ts";
import { openStore } from "../src/store/store.ts";

const [workspace, count, batch] = z
  .tuple([z.string(), z.coerce.number(), z.coerce.number()])
  .parse(process.argv.slice(2));
const store = await openStore(workspace);
process.stdout.write("ready\n");
await once(process.stdin, "data");
for (let n = 0; n < count; n += batch) {
  store.events.append(...Array.from({ length: batch }, (_, at) => event(n + at)));
}
process.stdout.write("done\n");
store.close();
process.exit(0);

/** An event as an ingest records it. */
function event(n: number): EventBody {
  return {
    call_id: `${process.pid}-${n}`,
    tool: "ml_data_ingest",
    outcome: "ok",
    run_id: null,
    trace_id: n.toString(16).padStart(32, "0"),
    span_id: n.toString(16).padStart(16, "0"),
    duration_ms: 12.5,
    params: { source: "loans.csv", name: "loans", seed: n },
    result: { dataset: "loans@1", rows: 48_842, columns: 15, warnings: [], note: "x".repeat(500) },
    error: null,
    inputs: [{ kind: "file", name: "loans.csv", version: null, hash: "ab".repeat(32) }],
    outputs: [{ kind: "dataset", name: "loans", version: 1, hash: "cd".repeat(32) }],
    details: { type: "DataPipeline", action: "ingest", dataset: "loans@1", contains_pii: false },
  };
}
