import type { Tool as Listed } from "@modelcontextprotocol/server";
import { strongest } from "../kernel/effect.ts";
import type { Tool } from "../kernel/tool.ts";
import { effectsOf } from "../policy/effects.ts";
import { advertisedInput, advertisedOutput, slim } from "./json-schema.ts";

/** What `tools/list` says of a tool: everything from its definition, every hint explicit. */
export function describeTool(tool: Tool): Listed {
  const effect = strongest(effectsOf(tool));
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...advertisedInput(tool), type: "object" },
    outputSchema: { ...slim(advertisedOutput(tool)), type: "object" },
    annotations: {
      title: tool.title,
      readOnlyHint: effect === "reads",
      destructiveHint: effect === "overwrites",
      idempotentHint: effect === "reads",
      openWorldHint: effect === "network",
    },
  };
}
