import { z } from "zod";
import type { Tool } from "../kernel/tool.ts";

export type JsonObject = { [key: string]: z.core.util.JSONType };

const SAFE_INTEGER_BOUNDS: ReadonlySet<unknown> = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);

/**
 * A schema as JSON Schema 2020-12 without what only repeats itself: `$schema`, and the bounds every integer has.
 * `input` leaves fields with defaults optional; `output` is the view after parsing, where defaults are filled in.
 */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => {
    if (SAFE_INTEGER_BOUNDS.has(jsonSchema.maximum)) delete jsonSchema.maximum;
    if (SAFE_INTEGER_BOUNDS.has(jsonSchema.minimum)) delete jsonSchema.minimum;
    delete jsonSchema.id;
  } });
  return z.record(z.string(), z.json()).parse(rest);
}

const JobHandle = z
  .strictObject({
    job_id: z.string(),
    status: z.enum(["running", "cancelled"]),
    progress: z.number().min(0).max(1).describe("Share done."),
    note: z.string(),
    run_id: z.string().nullable(),
  })
  .describe("Present instead of the rest while the job runs on.");
export type JobHandle = z.infer<typeof JobHandle>;

/** True where a tool's calls may go on as jobs. */
export const isLong = (tool: Tool) => "wait_seconds" in tool.input.shape;

/** What `tools/list` says a result looks like: for a long tool either the result or a handle of the job. */
export function advertisedOutput(tool: Tool): JsonObject {
  const schema = jsonSchema(tool.output, "output");
  if (!isLong(tool)) return schema;
  const { required: _, ...rest } = schema;
  const properties = z.record(z.string(), z.json()).parse(schema["properties"]);
  return { ...rest, properties: { ...properties, job: jsonSchema(JobHandle, "output") } };
}
