import { z } from "zod";
import { isRare } from "../kernel/fields.ts";
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

/** Bounds that a model seldom needs to know beforehand; the parser holds to them and says so when they are passed. */
const UNTOLD: ReadonlySet<string> = new Set(["additionalProperties", "minLength", "maxLength", "pattern", "format", "minItems", "maxItems", "propertyNames"]);
const LARGE = 100_000;

/** A schema as it is advertised: what a model needs to fill it in, and no more, since every word of it is read each time. */
export function slim(schema: JsonObject): JsonObject {
  return z.record(z.string(), z.json()).parse(slimmed(schema, false));
}

function slimmed(value: unknown, named: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => slimmed(item, false));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([key, inner]) => named || !((UNTOLD.has(key) && typeof inner !== "object") || (["minimum", "maximum"].includes(key) && Math.abs(Number(inner)) >= LARGE)));
  return Object.fromEntries(kept.map(([key, inner]) => [key, key === "default" || key === "enum" ? inner : slimmed(inner, !named && (key === "properties" || key === "$defs"))]));
}

const Shown = z.looseObject({ default: z.unknown().optional(), enum: z.array(z.unknown()).optional() });

/** What `tools/list` says a tool takes: the fields most calls need one by one, the rest by name in `more`. */
export function advertisedInput(tool: Tool): JsonObject {
  const { properties, ...rest } = slim(jsonSchema(tool.input, "input"));
  const every = Object.entries(z.record(z.string(), z.json()).parse(properties ?? {}));
  const isHidden = (field: string) => tool.input.shape[field] !== undefined && isRare(tool.input.shape[field]);
  const hidden = every.filter(([field]) => isHidden(field)).map(([field, schema]) => brief(field, schema));
  const more = hidden.length > 0 ? { [MORE]: { type: "object", description: `Also: ${hidden.join(", ")}.` } } : {};
  return { ...rest, properties: { ...Object.fromEntries(every.filter(([field]) => !isHidden(field))), ...more } };
}

/** The property that rare fields may come in. */
export const MORE = "more";

function brief(field: string, schema: z.core.util.JSONType): string {
  const { default: fallback, enum: values } = Shown.parse(schema);
  if (values) return `${field} ${values.join("|")}`;
  return fallback === undefined || fallback === false || typeof fallback === "object" ? field : `${field} (${String(fallback)})`;
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
