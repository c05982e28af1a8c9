import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import type { Tool } from "../kernel/tool.ts";
import { clean } from "../policy/text.ts";
import { nearest } from "../routing/nearest.ts";
import { MORE } from "./json-schema.ts";

const JobRequest = z.strictObject({
  job_id: z.string().min(1).max(64),
  wait_seconds: z.number().min(0).max(45).default(20),
  cancel: z.boolean().default(false),
});
export type JobRequest = z.infer<typeof JobRequest>;

/** A tool's arguments with every default filled in; a ToolError that names each wrong field, its value and the way out. */
export function parse<S extends z.ZodObject>(schema: S, args: unknown): z.output<S> {
  const given = spread(args ?? {});
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => describe(issue, given, schema).replace("?.", "?"));
  throw new ToolError("invalid_input", problems.join(" "), `Fields: ${Object.keys(schema.shape).join(", ")}.`);
}

/** The part of the arguments that follows a job, where they name one: the rest of them no longer matters. */
export function parseJobRequest(tool: Tool, args: unknown): JobRequest | undefined {
  const given = spread(args ?? {});
  if (
    !("job_id" in tool.input.shape) ||
    typeof given !== "object" ||
    given === null ||
    !("job_id" in given) ||
    given.job_id === undefined
  )
    return undefined;
  const { job_id, wait_seconds, cancel } = { wait_seconds: undefined, cancel: undefined, ...given };
  return parse(JobRequest, {
    job_id,
    ...(wait_seconds !== undefined && { wait_seconds }),
    ...(cancel !== undefined && { cancel }),
  });
}

/** Rare fields may come together in `more`; what is said twice is said wrongly. */
function spread(args: unknown): unknown {
  if (typeof args !== "object" || args === null || !(MORE in args)) return args;
  const { [MORE]: more, ...rest } = args;
  if (typeof more !== "object" || more === null || Array.isArray(more))
    throw new ToolError("invalid_input", `\`${MORE}\`: expected an object, got ${show(more)}.`);
  const twice = Object.keys(more).find((key) => key in rest);
  if (twice !== undefined)
    throw new ToolError(
      "invalid_input",
      `\`${clean(twice, 100)}\` is given twice, once in \`${MORE}\`.`,
      "Give it once.",
    );
  return { ...rest, ...more };
}

function describe(issue: z.core.$ZodIssue, given: unknown, schema: z.ZodObject): string {
  const field =
    issue.path.length > 0
      ? issue.path
          .map((part, at) => (typeof part === "number" ? `[${part}]` : `${at > 0 ? "." : ""}${String(part)}`))
          .join("")
      : "";
  const value = at(given, issue.path);
  const got = value === undefined ? "it is missing" : `got ${show(value)}`;
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = fieldsAt(schema, issue.path);
      const listed = field === "" || known.length === 0 ? "" : ` There are: ${known.join(", ")}.`;
      return (
        issue.keys
          .map(
            (key) =>
              `There is no field \`${clean(field === "" ? key : `${field}.${key}`, 100)}\`${suggest(key, known)}.`,
          )
          .join(" ") + listed
      );
    }
    case "invalid_value": {
      const values = issue.values.map(String);
      return `\`${field}\`: expected ${values.length > 1 ? `one of ${values.join(", ")}` : values.join("")}, ${got}${typeof value === "string" ? suggest(value, values) : ""}.`;
    }
    case "invalid_type":
      return `\`${field}\`: expected ${issue.expected}, ${got}.`;
    case "too_small":
      return `\`${field}\`: expected at least ${String(issue.minimum)}${unit(issue.origin)}, ${got}.`;
    case "too_big":
      return `\`${field}\`: expected at most ${String(issue.maximum)}${unit(issue.origin)}, ${got}.`;
    default:
      return `\`${field}\`: ${issue.message}, ${got}.`;
  }
}

const unit = (origin: string) => (origin === "string" ? " characters" : origin === "array" ? " items" : "");

function suggest(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return guess === undefined ? "" : `; did you mean \`${guess}\`?`;
}

/** The fields that a nested object may have, by following a path through the schema. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return fieldsAt(schema.unwrap(), path);
  const [step, ...rest] = path;
  if (schema instanceof z.ZodArray && step !== undefined) return fieldsAt(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const inner = schema.shape[String(step)];
  return inner ? fieldsAt(inner, rest) : [];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

const show = (value: unknown) => clean(JSON.stringify(value) ?? "undefined", 80);
