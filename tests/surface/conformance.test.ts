import { describe, expect } from "vitest";
import { z } from "zod";
import { tools } from "../../src/domains/all.ts";
import type { Tool } from "../../src/kernel/tool.ts";
import { jsonSchema, MORE } from "../../src/mcp/json-schema.ts";
import { test } from "../support/server.ts";

const Field = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  items: z.looseObject({ type: z.string().optional(), enum: z.array(z.unknown()).optional() }).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  pattern: z.string().optional(),
});
type Field = z.infer<typeof Field>;

interface Bad {
  readonly what: string;
  readonly field: string;
  readonly args: Record<string, unknown>;
}

/** Arguments that break one promise of a tool's schema each, made from the schema, as scikit-learn does with its estimators. */
function badArguments(tool: Tool): Bad[] {
  const schema = jsonSchema(tool.input, "input");
  const required = z.array(z.string()).catch([]).parse(schema["required"]);
  const fields = Object.entries(z.record(z.string(), Field).parse(schema["properties"]));
  const good = Object.fromEntries(
    fields.filter(([name]) => required.includes(name)).map(([name, field]) => [name, valid(field)]),
  );
  const bad = (what: string, field: string, value: unknown): Bad => ({
    what: `${field}: ${what}`,
    field,
    args: { ...good, [field]: value },
  });
  return [
    bad("unknown", "no_such_field", 1),
    { what: "unknown, in `more`", field: "no_such_field", args: { ...good, [MORE]: { no_such_field: 1 } } },
    ...required.map(
      (name): Bad => ({
        what: `${name}: missing`,
        field: name,
        args: Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)),
      }),
    ),
    ...fields
      .filter(([name]) => name !== "job_id")
      .flatMap(([name, field]) => [
        bad("of the wrong type", name, wrongType(field)),
        bad("null", name, null),
        ...(field.enum ? [bad("not one of its values", name, "no_such_value")] : []),
        ...(field.minimum === undefined ? [] : [bad("too small", name, field.minimum - 1)]),
        ...(field.exclusiveMinimum === undefined ? [] : [bad("too small", name, field.exclusiveMinimum)]),
        ...(field.maximum === undefined || field.maximum > 1e15 ? [] : [bad("too large", name, field.maximum + 1)]),
        ...(field.maxLength === undefined ? [] : [bad("too long", name, "x".repeat(field.maxLength + 1))]),
        ...(field.maxItems === undefined
          ? []
          : [bad("too many", name, Array(field.maxItems + 1).fill(valid(field.items ?? {})))]),
        ...(field.pattern === undefined ? [] : [bad("not of its pattern", name, "../\u0000")]),
      ]),
  ];
}

function valid(field: Field): unknown {
  if (field.enum) return field.enum[0];
  if (field.type === "array") return [valid(field.items ?? {})];
  if (field.type === "integer" || field.type === "number") return field.minimum ?? 1;
  if (field.type === "object") return {};
  return field.type === "boolean" ? true : "x";
}

const wrongType = ({ type }: Field) => (type === "string" || type === undefined ? { not: "text" } : "not this");

describe.each(tools.map((tool) => [tool.name, tool] as const))("%s", (name, tool) => {
  test("refuses what its schema does not allow, naming the field", async ({ client }) => {
    const bads = badArguments(tool);
    expect(bads.length).toBeGreaterThan(5);
    const answers = await Promise.all(bads.map(async (bad) => ({ ...bad, answer: await client.call(name, bad.args) })));
    const accepted = answers.filter(
      ({ answer, field }) =>
        !(answer.isError && answer.text.startsWith("invalid_input: ") && answer.text.includes(`\`${field}`)),
    );
    expect(accepted.map(({ what, answer }) => `${what} → ${answer.text.slice(0, 200)}`)).toEqual([]);
  });
});

test("one slip names the field, the value, what was expected and the nearest name", async ({ client }) => {
  const { text } = await client.call("ml_training_train", { datset: "x", target: 3, task: "clasification" });
  expect(text).toMatchInlineSnapshot(`
    "invalid_input: \`dataset\`: expected string, it is missing. \`target\`: expected string, got 3. \`task\`: expected one of auto, classification, regression, clustering, anomaly_detection, forecasting, ranking, got "clasification"; did you mean \`classification\`? There is no field \`datset\`; did you mean \`dataset\`?
    Fields: dataset, target, task, positive, include, exclude, folds, group, time, balanced, metric, model_name, family, params, horizon, callbacks, memory_budget_mb, onnx, calibration, time_budget_seconds, seed, wait_seconds, job_id, cancel."
  `);
});

test("what is given twice is given wrongly", async ({ client }) => {
  const { text } = await client.call("ml_training_train", { dataset: "x", target: "y", seed: 1, more: { seed: 2 } });
  expect(text).toMatchInlineSnapshot(`
    "invalid_input: \`seed\` is given twice, once in \`more\`.
    Give it once."
  `);
});
