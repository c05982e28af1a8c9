import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { domains } from "../../src/domains/all.ts";
import { strongest } from "../../src/kernel/effect.ts";
import type { Tool } from "../../src/kernel/tool.ts";
import { isLong, jsonSchema } from "../../src/mcp/json-schema.ts";
import { effectsOf } from "../../src/policy/effects.ts";
import { prompts } from "../../src/routing/prompts.ts";
import { resultsPage } from "./results.ts";

/** Generated documents: path and content. */
export function documents(root: string): ReadonlyMap<string, string> {
  const readme = join(root, "README.md");
  return new Map([
    ["docs/tools.md", toolsPage()],
    ["bench/RESULTS.md", resultsPage(root)],
    ...(existsSync(readme)
      ? [
          [
            "README.md",
            filled(readFileSync(readme, "utf8"), {
              example: example(root),
              tools: toolsTable(),
              prompts: promptsTable(),
            }),
          ] as const,
        ]
      : []),
  ]);
}

/** Replaces what stands between `<!-- generated: name -->` and `<!-- end -->`. */
function filled(text: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce(
    (page, [name, content]) =>
      page.replace(
        new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`),
        (_, start: string, end: string) => `${start}${content}${end}`,
      ),
    text,
  );
}

/** Two steps out of the demo's transcript, where there is one. */
function example(root: string): string {
  const demo = join(root, "docs/demo.md");
  if (!existsSync(demo)) return "";
  const steps = readFileSync(demo, "utf8").split(/(?=^── )/m);
  const shown = steps
    .filter((step) => /→ ml_(transparency_explain|rag_query) /.test(step))
    .map((step) => step.replace(/\n```\n?$/, "").trim());
  return `\`\`\`text\n${shown.join("\n\n")}\n\`\`\`\n`;
}

function toolsTable(): string {
  const rows = domains.flatMap(({ title, tools }) =>
    tools.map((tool) => `| ${title} | \`${tool.name}\` | ${firstSentence(tool.description)} |`),
  );
  return `| Domain | Tool | What it is for |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function promptsTable(): string {
  const rows = prompts.map(
    ({ name, arguments: args, description }) =>
      `| \`${name}\` | ${args.map((arg) => (arg.required ? arg.name : `${arg.name}?`)).join(", ")} | ${cell(description)} |`,
  );
  return `| Prompt | Arguments | What it does |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function toolsPage(): string {
  const sections = domains.map(
    ({ title, description, tools }) => `## ${title}\n\n${description}\n\n${tools.map(toolSection).join("\n")}`,
  );
  return `# The tools\n\nGenerated from the definitions in \`src/domains\` by \`npm run gen\`.\n\n${sections.join("\n")}`;
}

function toolSection(tool: Tool): string {
  const effect = strongest(effectsOf(tool));
  const asked = tool.examples.map((example) => `- “${example}”`).join("\n");
  return `### \`${tool.name}\`: ${tool.title}\n\n${tool.description}\n\nEffect: ${effect}. Recorded as ${tool.action}.${isLong(tool) ? " Goes on as a job after `wait_seconds`." : ""}\n\nAsked for, for example:\n\n${asked}\n\n| Field | Type | Default | Meaning |\n|---|---|---|---|\n${fieldRows(tool.input)}\n\nResult: ${Object.keys(
    tool.output.shape,
  )
    .map((field) => `\`${field}\``)
    .join(", ")}.\n`;
}

const Property = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  items: z.looseObject({ type: z.string().optional() }).optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
});

function fieldRows(schema: z.ZodObject): string {
  const json = jsonSchema(schema, "input");
  const required = z.array(z.string()).catch([]).parse(json["required"]);
  const properties = z.record(z.string(), Property).parse(json["properties"] ?? {});
  return Object.entries(properties)
    .map(([field, property]) => {
      const type = property.enum
        ? property.enum.map((value) => `\`${String(value)}\``).join(" ")
        : property.type === "array"
          ? `list of ${property.items?.type ?? "values"}`
          : (property.type ?? "any");
      const fallback =
        property.default === undefined
          ? required.includes(field)
            ? "required"
            : ""
          : `\`${JSON.stringify(property.default)}\``;
      return `| \`${field}\` | ${type} | ${fallback} | ${cell(property.description ?? "")} |`;
    })
    .join("\n");
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const firstSentence = (text: string) => cell(/^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text);
