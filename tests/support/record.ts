import type { Metric } from "../../src/kernel/ports.ts";
import type { EventBody } from "../../src/kernel/record.ts";

/** A body that could have been recorded, the `n`th of a series. */
export function body(n: number, part: Partial<EventBody> = {}): EventBody {
  return {
    call_id: `call-${n}`,
    tool: "ml_data_ingest",
    outcome: "ok",
    run_id: n % 3 === 0 ? `run-${n}` : null,
    trace_id: n.toString(16).padStart(32, "0"),
    span_id: n.toString(16).padStart(16, "0"),
    duration_ms: n + 0.5,
    params: { source: `file-${n}.csv`, seed: n },
    result: { rows: n * 10, note: "größer ≥ 1 \u2028" },
    error: null,
    inputs: [],
    outputs: [],
    details: { type: "DataPipeline", action: "ingest", dataset: `set-${n}`, contains_pii: null },
    ...part,
  };
}

/** Points of one metric, a step each. */
export const points = (key: string, values: readonly number[]): Metric[] =>
  values.map((value, step) => ({ key, value, step, time: 1_700_000_000_000 + step }));
