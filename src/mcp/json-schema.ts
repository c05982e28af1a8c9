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
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      if (SAFE_INTEGER_BOUNDS.has(jsonSchema.maximum)) delete jsonSchema.maximum;
      if (SAFE_INTEGER_BOUNDS.has(jsonSchema.minimum)) delete jsonSchema.minimum;
      delete jsonSchema.id;
    },
  });
  return z.record(z.string(), z.json()).parse(rest);
}

/** What only the parser needs to know of a result: it has been checked before a client sees it. */
const UNTOLD: ReadonlySet<string> = new Set([
  "additionalProperties",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
]);

/** An output schema as it is advertised: its shape and words, without bounds that were held to already. */
export const slim = (schema: JsonObject): JsonObject => z.record(z.string(), z.json()).parse(slimmed(schema, false));

function slimmed(value: unknown, names: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => slimmed(item, false));
  if (value === null || typeof value !== "object") return value;
  if (!names && "type" in value && Array.isArray(value.type)) return slimmed(branched(value, value.type), false);
  const kept = Object.entries(value).filter(
    ([key, inner]) => names || !UNTOLD.has(key) || (inner !== null && typeof inner === "object"),
  );
  return Object.fromEntries(
    kept.map(([key, inner]) => [
      key,
      key === "enum"
        ? inner
        : key === "additionalProperties" && Object.keys(Object(inner)).length === 0
          ? true
          : slimmed(inner, !names && (key === "properties" || key === "$defs")),
    ]),
  );
}

/** Several types as one branch each: clients that map schemas onto a dialect with single types refuse a list of them. */
function branched(value: object, types: readonly unknown[]): object {
  const { type: _, description, ...rest } = { type: undefined, description: undefined, ...value };
  const branches = types.map((type) => (type === "null" ? { type } : { type, ...rest }));
  return { anyOf: branches, ...(description !== undefined && { description }) };
}

const Field = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  enum: z.array(z.json()).optional(),
  default: z.json().optional(),
  items: z.looseObject({ type: z.string().optional() }).optional(),
});
type Field = z.infer<typeof Field>;

/** The property that rare fields may come in. */
export const MORE = "more";

/**
 * What `tools/list` says a tool takes: what a model needs to fill it in, since every word of it is read each time. Fields
 * that most calls need stand one by one, the rest by name in `more`; bounds and the inside of objects are the
 * description's to tell and the parser's to hold.
 */
export function advertisedInput(tool: Tool): JsonObject {
  const schema = jsonSchema(tool.input, "input");
  const every = Object.entries(z.record(z.string(), Field).parse(schema["properties"] ?? {}));
  const isHidden = (field: string) => tool.input.shape[field] !== undefined && isRare(tool.input.shape[field]);
  const shown = every.filter(([field]) => !isHidden(field)).map(([field, property]) => [field, told(property)]);
  const hidden = every.filter(([field]) => isHidden(field)).map(([field, property]) => brief(field, property));
  const more = hidden.length > 0 ? { [MORE]: { type: "object", description: `Also ${hidden.join(", ")}.` } } : {};
  return {
    type: "object",
    properties: { ...Object.fromEntries(shown), ...more },
    ...(schema["required"] !== undefined && { required: schema["required"] }),
  };
}

function told({ type, description, enum: values, default: fallback, items }: Field): JsonObject {
  return {
    type: type ?? "string",
    ...(values && { enum: values }),
    ...(items && { items: { type: items.type ?? "object" } }),
    ...(fallback !== undefined && fallback !== false && typeof fallback !== "object" && { default: fallback }),
    ...(description !== undefined && { description }),
  };
}

function brief(field: string, { default: fallback, enum: values }: Field): string {
  if (values && values.length <= 3) return `${field} ${values.join("|")}`;
  return fallback === undefined || fallback === false || typeof fallback === "object"
    ? field
    : `${field} (${String(fallback)})`;
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
