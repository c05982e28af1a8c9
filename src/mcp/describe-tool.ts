import { existsSync, readFileSync } from "node:fs";
import type { Tool as Listed } from "@modelcontextprotocol/server";
import { z } from "zod";
import { strongest } from "../kernel/effect.ts";
import type { Tool } from "../kernel/tool.ts";
import { viewUri } from "../kernel/view.ts";
import { effectsOf } from "../policy/effects.ts";
import { advertisedInput, advertisedOutput, slim } from "./json-schema.ts";

const Listing = z.record(z.string(), z.custom<Listed>());

/** What `tools/list` says of each tool, read from what the build wrote beside the server where it is built. */
export function listTools(tools: readonly Tool[], built: string): Listed[] {
  const listing = existsSync(built) ? Listing.parse(JSON.parse(readFileSync(built, "utf8"))) : {};
  return tools.map((tool) => listing[tool.name] ?? describeTool(tool));
}

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
    ...(tool.view && { _meta: { ui: { resourceUri: viewUri(tool.view) } } }),
  };
}
