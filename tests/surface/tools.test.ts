import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { domains, tools } from "../../src/domains/all.ts";
import { describeTool } from "../../src/mcp/describe-tool.ts";
import { isLong } from "../../src/mcp/json-schema.ts";

const root = join(import.meta.dirname, "../..");
/** Tools whose work ends with its server: the next call goes on where it was. */
const RESUMED: ReadonlySet<string> = new Set([
  "ml_rag_ingest",
  "ml_rag_evaluate",
  "ml_inference_serve",
  "ml_inference_profile",
  "ml_inference_compare",
  "ml_inference_optimize",
]);
const kebab = (name: string) => name.replaceAll("_", "-");

describe.each(tools.map((tool) => [tool.name, tool] as const))("%s", (name, tool) => {
  const [, domain = "", verb = ""] = /^ml_([a-z]+)_([a-z_]+)$/.exec(name) ?? [];

  test("is what its golden file says", async () => {
    await expect(`${JSON.stringify(describeTool(tool), null, 2)}\n`).toMatchFileSnapshot(
      join(import.meta.dirname, "tools", `${name}.json`),
    );
  });

  test("lies where its name says", () => {
    expect(domains.find(({ id }) => id === domain)?.tools).toContain(tool);
    const places = [`src/domains/${domain}/${kebab(verb)}.ts`, `tests/domains/${domain}/${kebab(verb)}.test.ts`];
    if (tool.op) places.push(`python/ml_engine/ops/${domain}/${verb}.py`);
    expect(places.filter((place) => !existsSync(join(root, place)))).toEqual([]);
    if (!tool.op) return;
    expect(tool.op.name).toBe(`${domain}.${verb}`);
    const op = readFileSync(join(root, `python/ml_engine/ops/${domain}/${verb}.py`), "utf8");
    expect(op).toMatch(new RegExp(`^def ${verb}\\(params: \\w+Params, job: Job\\) -> \\w+:`, "m"));
  });

  test("has a test that shows its text", () => {
    expect(readFileSync(join(root, `tests/domains/${domain}/${kebab(verb)}.test.ts`), "utf8")).toContain(
      "toMatchInlineSnapshot(",
    );
  });

  test("says what each field means, and is flat", () => {
    const { inputSchema, outputSchema, description = "" } = describeTool(tool);
    const properties = z
      .record(z.string(), z.looseObject({ description: z.string().optional() }))
      .parse(inputSchema.properties ?? {});
    expect(Object.entries(properties).flatMap(([field, { description: text }]) => (text ? [] : [field]))).toEqual([]);
    for (const schema of [inputSchema, outputSchema])
      expect(Object.keys(schema ?? {}).filter((key) => ["anyOf", "oneOf", "allOf"].includes(key))).toEqual([]);
    expect(description.length).toBeLessThanOrEqual(1024);
  });

  test("has four to eight example requests", () => {
    expect(tool.examples.length).toBeGreaterThanOrEqual(4);
    expect(tool.examples.length).toBeLessThanOrEqual(8);
  });

  test("works in Python alone where it may become a job, or takes up its work when it is called again", () => {
    expect(isLong(tool) && tool.op?.result !== tool.output && !RESUMED.has(name)).toBe(false);
  });
});

test("every file of a domain is a listed tool, a folder of its parts, its index or its fields", () => {
  const strays = domains.flatMap(({ id, tools: listed }) =>
    readdirSync(join(root, "src/domains", id))
      .filter((file) => !["index.ts", "fields.ts"].includes(file))
      .filter((file) => !listed.some(({ name }) => kebab(name.replace(`ml_${id}_`, "")) === file.replace(/\.ts$/, "")))
      .map((file) => `${id}/${file}`),
  );
  expect(strays).toEqual([]);
  expect(
    readdirSync(join(root, "src/domains"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort(),
  ).toEqual(domains.map(({ id }) => id).sort());
});

test("what a model reads of the tools stays small", () => {
  const sizes = tools.map((tool) => {
    const { name, description, inputSchema } = describeTool(tool);
    return JSON.stringify({ name, description, input_schema: inputSchema }).length;
  });
  expect(
    sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    JSON.stringify(Object.fromEntries(tools.map(({ name }, at) => [name, sizes[at]]))),
  ).toBeLessThanOrEqual(800);
});
